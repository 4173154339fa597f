import { PeopleSection } from "./PeopleSection";
import { PersonRow } from "./PersonRow";
import type { Tied } from "./tiesState";
import { useTieActions } from "./useTieActions";

export function BlockedPeople({ people }: { readonly people: readonly Tied[] }) {
  const { unblock } = useTieActions();
  if (people.length === 0) return null;
  return (
    <PeopleSection title="Blocked">
      <ul aria-label="Blocked people">
        {people.map((person) => (
          <PersonRow key={person.user_id} userId={person.user_id} name={person.user_name}>
            <button
              type="button"
              className="button small"
              aria-label={`Unblock ${person.user_name}`}
              onClick={() => unblock(person.user_id)}
            >
              Unblock
            </button>
          </PersonRow>
        ))}
      </ul>
    </PeopleSection>
  );
}
