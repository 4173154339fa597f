import { useEffect, useState } from "react";
import { Icon } from "./Icon";
import type { Toast } from "./toast";

const STAYS_MS = 7_000;

interface Props {
  readonly toast: Toast & { readonly key: number };
  readonly onDismiss: (key: number) => void;
}

/** Stays for as long as somebody points at it or has the focus in it. */
export function ToastItem({ toast, onDismiss }: Props) {
  const [held, setHeld] = useState(false);
  const { key } = toast;

  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => onDismiss(key), STAYS_MS);
    return () => clearTimeout(timer);
  }, [held, key, onDismiss]);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div
      role="group"
      className={`toast ${toast.tone ?? "plain"}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <Icon name={toast.tone === "danger" ? "alert" : "bell"} />
      {toast.href === undefined ? (
        <p>{toast.text}</p>
      ) : (
        <a href={toast.href} onClick={() => onDismiss(key)}>
          {toast.text}
        </a>
      )}
      <button type="button" className="icon-button small" aria-label="Dismiss" onClick={() => onDismiss(key)}>
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
