import { PeopleSection } from "./PeopleSection";
import { PersonRow } from "./PersonRow";
import type { Asked } from "./tiesState";
import { useTieActions } from "./useTieActions";

/** Whom I ask. */
export function SentRequests({ requests }: { readonly requests: readonly Asked[] }) {
  const { withdraw } = useTieActions();
  if (requests.length === 0) return null;
  return (
    <PeopleSection title="Sent requests">
      <ul aria-label="Sent requests">
        {requests.map(({ request_id, user_id, user_name }) => (
          <PersonRow key={request_id} userId={user_id} name={user_name} note="has not answered yet">
            <button
              type="button"
              className="button small"
              aria-label={`Withdraw the request to ${user_name}`}
              onClick={() => withdraw(request_id)}
            >
              Withdraw
            </button>
          </PersonRow>
        ))}
      </ul>
    </PeopleSection>
  );
}
