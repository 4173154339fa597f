import { type KeyboardEvent, type ReactNode, useCallback, useLayoutEffect, useRef, useState } from "react";
import { placeBeside } from "./placeBeside";
import { menuItems } from "./walkMenu";

interface Props {
  /** The button's name; left out where its text says it. */
  readonly label?: string;
  readonly title?: string;
  readonly className: string;
  /** -1: a shortcut for the mouse, to what the keyboard finds elsewhere. */
  readonly tabIndex?: -1;
  readonly button: ReactNode;
  readonly kind: "menu" | "dialog";
  /** The name of what opens. */
  readonly panelLabel: string;
  readonly panelClassName?: string;
  readonly onKeyDown?: (event: KeyboardEvent<HTMLDivElement>) => void;
  /** What is in the panel; it is made when the panel is opened. */
  readonly children: (close: () => void) => ReactNode;
}

/** A button and the panel that it opens above everything else. Escape and a click elsewhere close it. */
export function Popover(props: Props) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const close = useCallback(() => panel.current?.hidePopover(), []);

  useLayoutEffect(() => {
    if (!open || panel.current === null || button.current === null) return;
    panel.current.showPopover();
    placeBeside(panel.current, button.current);
    menuItems(panel.current)[0]?.focus();
  }, [open]);

  return (
    <>
      <button
        ref={button}
        type="button"
        className={props.className}
        aria-label={props.label}
        title={props.title ?? props.label}
        tabIndex={props.tabIndex}
        aria-haspopup={props.kind}
        aria-expanded={open}
        onClick={() => (open ? close() : setOpen(true))}
      >
        {props.button}
      </button>
      {open && (
        // biome-ignore lint/a11y/noStaticElementInteractions: it has a role, which is one of two
        // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both may be named
        <div
          ref={panel}
          popover="auto"
          role={props.kind}
          aria-label={props.panelLabel}
          tabIndex={-1}
          className={`popover ${props.panelClassName ?? ""}`}
          onKeyDown={props.onKeyDown}
          onToggle={(event) => {
            if (event.newState === "closed") setOpen(false);
          }}
        >
          {props.children(close)}
        </div>
      )}
    </>
  );
}
