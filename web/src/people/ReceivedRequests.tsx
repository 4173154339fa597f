import { PeopleSection } from "./PeopleSection";
import { PersonRow } from "./PersonRow";
import type { Asked } from "./tiesState";
import { useTieActions } from "./useTieActions";

/** Who asks me. */
export function ReceivedRequests({ requests }: { readonly requests: readonly Asked[] }) {
  const { accept, decline } = useTieActions();
  if (requests.length === 0) return null;
  return (
    <PeopleSection title="Requests" count={requests.length}>
      <ul aria-label="Requests">
        {requests.map(({ request_id, user_id, user_name }) => (
          <PersonRow key={request_id} userId={user_id} name={user_name} note="would like to connect">
            <button
              type="button"
              className="button primary small"
              aria-label={`Accept ${user_name}`}
              onClick={() => accept(request_id)}
            >
              Accept
            </button>
            <button
              type="button"
              className="button small"
              aria-label={`Decline ${user_name}`}
              onClick={() => decline(request_id)}
            >
              Decline
            </button>
          </PersonRow>
        ))}
      </ul>
    </PeopleSection>
  );
}
