import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { ToastItem } from "./ToastItem";
import { type Toast, ToastContext } from "./toast";

const AT_ONCE = 3; // more than these nobody reads

/** Short words about something that happened elsewhere. They are read out, and leave by themselves. */
export function Toasts({ children }: { readonly children: ReactNode }) {
  const [shown, setShown] = useState<readonly (Toast & { key: number })[]>([]);
  const count = useRef(0);

  const show = useCallback((toast: Toast) => {
    count.current += 1;
    const added = { ...toast, key: count.current };
    setShown((now) => [...now.filter((other) => other.id !== toast.id), added].slice(-AT_ONCE));
  }, []);
  const dismiss = useCallback(
    (key: number) => setShown((now) => now.filter((toast) => toast.key !== key)),
    [],
  );
  const context = useMemo(() => ({ show }), [show]);

  return (
    <ToastContext value={context}>
      {children}
      <section className="toasts" aria-label="Messages from Kith" aria-live="polite">
        {shown.map((toast) => (
          <ToastItem key={toast.key} toast={toast} onDismiss={dismiss} />
        ))}
      </section>
    </ToastContext>
  );
}
