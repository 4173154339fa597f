import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";
import { Popover } from "./Popover";
import { walkMenu } from "./walkMenu";

export interface MenuEntry {
  readonly icon?: IconName;
  readonly text: string;
  readonly danger?: boolean;
  /** Of several of which one holds: whether it is this one. */
  readonly checked?: boolean;
  readonly before?: ReactNode;
  readonly onSelect: () => void;
}

interface Props {
  readonly label: string;
  readonly className?: string;
  readonly button: ReactNode;
  readonly entries: readonly MenuEntry[];
  /** Items of another kind, before the others. */
  readonly first?: (close: () => void) => ReactNode;
}

/** A button with a list of things to do; arrow keys walk through it. */
export function Menu({ label, className = "icon-button", button, entries, first }: Props) {
  return (
    <Popover
      label={label}
      className={className}
      button={button}
      kind="menu"
      panelLabel={label}
      onKeyDown={walkMenu}
    >
      {(close) => (
        <>
          {first?.(close)}
          {entries.map((entry) => (
            // biome-ignore lint/a11y/useAriaPropsSupportedByRole: it is checked only where its role can be
            <button
              key={entry.text}
              type="button"
              role={entry.checked === undefined ? "menuitem" : "menuitemradio"}
              aria-checked={entry.checked}
              tabIndex={-1}
              className={entry.danger ? "menu-item danger" : "menu-item"}
              onClick={() => {
                close();
                entry.onSelect();
              }}
            >
              {entry.icon !== undefined && <Icon name={entry.icon} size={18} />}
              {entry.before}
              <span>{entry.text}</span>
              {entry.checked && <Icon name="check" size={16} />}
            </button>
          ))}
        </>
      )}
    </Popover>
  );
}
