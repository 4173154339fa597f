import type { KeyboardEvent } from "react";

/** Arrow keys, Home and End walk through the items of a menu; Tab leaves it. */
export function walkMenu(event: KeyboardEvent<HTMLElement>): void {
  const items = menuItems(event.currentTarget);
  const at = items.findIndex((item) => item.matches(":focus"));
  const to: Record<string, number> = {
    ArrowDown: (at + 1) % items.length,
    ArrowRight: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    ArrowLeft: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  if (event.key === "Tab") event.currentTarget.hidePopover();
  const next = to[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items[next]?.focus();
}

/** The items that are shown. */
export function menuItems(menu: Element): HTMLElement[] {
  const items = [...menu.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  return items.filter((item) => item.checkVisibility());
}
