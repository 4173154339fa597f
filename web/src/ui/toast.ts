import { createContext, useCallback, useContext } from "react";
import { messageOf } from "../api/ApiError";

export interface Toast {
  /** One at a time of each id: a newer one takes the older one's place. */
  readonly id: string;
  readonly text: string;
  readonly tone?: "plain" | "danger";
  /** Where a click leads. */
  readonly href?: string;
}

interface Toaster {
  show(toast: Toast): void;
}

export const ToastContext = createContext<Toaster | null>(null);

export function useToaster(): Toaster {
  const toaster = useContext(ToastContext);
  if (toaster === null) throw new Error("useToaster is for what is inside <Toasts>.");
  return toaster;
}

/** Does something that may fail, and says so if it does. True: it worked. */
export function useAttempt(): (what: string, doing: Promise<unknown>) => Promise<boolean> {
  const toaster = useToaster();
  return useCallback(
    async (what, doing) => {
      try {
        await doing;
        return true;
      } catch (error) {
        toaster.show({ id: what, tone: "danger", text: `${what}: ${messageOf(error)}` });
        return false;
      }
    },
    [toaster],
  );
}
