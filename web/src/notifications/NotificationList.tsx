import { useState } from "react";
import { useInbox } from "../live/SharedStates";
import { useSession } from "../session/SessionContext";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { useAttempt } from "../ui/toast";
import { olderNotifications } from "./inboxState";
import { NotificationItem } from "./NotificationItem";

/** What I was told of. `onDone`: a click led elsewhere. */
export function NotificationList({ onDone }: { readonly onDone: () => void }) {
  const { api } = useSession();
  const { state, error, reload, change } = useInbox();
  const attempt = useAttempt();
  const [busy, setBusy] = useState(false);

  const markRead = (what: { ids: readonly number[] } | { all: true }) =>
    attempt("Could not be marked as read", api.post("/api/notifications/read/", what));

  const more = async (next: string) => {
    setBusy(true);
    await attempt("Older notifications could not be loaded", olderNotifications(api, next).then(change));
    setBusy(false);
  };

  return (
    <>
      <div className="panel-head">
        <h2>Notifications</h2>
        {state !== null && state.unread > 0 && (
          <button type="button" className="button quiet small" onClick={() => void markRead({ all: true })}>
            Mark all as read
          </button>
        )}
      </div>
      {state === null && error === null && <Loading what="notifications" />}
      {state === null && error !== null && (
        <Failure what="Notifications could not be loaded" error={error} onRetry={reload} />
      )}
      {state?.rows.length === 0 && (
        <Empty icon="bell" title="All quiet">
          Comments on your posts, requests and mentions will be told here.
        </Empty>
      )}
      {state !== null && state.rows.length > 0 && (
        <ul className="notification-list" aria-label="Notifications">
          {state.rows.map((row) => (
            <NotificationItem
              key={row.id}
              row={row}
              onOpen={() => {
                if (!row.read) void markRead({ ids: [row.id] });
                onDone();
              }}
            />
          ))}
        </ul>
      )}
      {state?.next != null && (
        <button
          type="button"
          className="button quiet wide"
          disabled={busy}
          onClick={() => state.next !== null && void more(state.next)}
        >
          Show older ones
        </button>
      )}
    </>
  );
}
