import type { ChatResult } from "kith-client/react";
import { PendingItem } from "./PendingItem";

/** What waits to be sent in a chat that can't be read right now: nothing that was written seems lost. */
export function WaitingLog({ outbox }: { readonly outbox: ChatResult }) {
  if (outbox.pending.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <div className="waiting-log" role="log" aria-label="Messages" tabIndex={0}>
      <ol>
        {outbox.pending.map((one) => (
          <PendingItem key={one.ref} pending={one} outbox={outbox} />
        ))}
      </ol>
    </div>
  );
}
