import { useState } from "react";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Empty } from "../ui/Empty";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";
import { PeopleSection } from "./PeopleSection";
import { PersonRow } from "./PersonRow";
import type { Tied } from "./tiesState";
import { useTieActions } from "./useTieActions";

interface Asking {
  readonly what: "remove" | "block";
  readonly person: Tied;
}

export function Connections({ people }: { readonly people: readonly Tied[] }) {
  const actions = useTieActions();
  const [asking, setAsking] = useState<Asking | null>(null);
  return (
    <PeopleSection title="Connections">
      {people.length === 0 ? (
        <Empty icon="people" title="Nobody yet">
          Find somebody above and ask.
        </Empty>
      ) : (
        <ul aria-label="Connections">
          {people.map((person) => (
            <PersonRow key={person.user_id} userId={person.user_id} name={person.user_name}>
              <button
                type="button"
                className="button small"
                aria-label={`Message ${person.user_name}`}
                onClick={() => actions.write(person.user_id)}
              >
                Message
              </button>
              <Menu
                label={`More about ${person.user_name}`}
                button={<Icon name="more" />}
                entries={[
                  { text: "Remove connection", onSelect: () => setAsking({ what: "remove", person }) },
                  { text: "Block", danger: true, onSelect: () => setAsking({ what: "block", person }) },
                ]}
              />
            </PersonRow>
          ))}
        </ul>
      )}
      {asking !== null && (
        <ConfirmDialog
          title={`${asking.what === "block" ? "Block" : "Remove"} ${asking.person.user_name}?`}
          text={
            asking.what === "block"
              ? "Neither of you will see what the other posts, nor be able to write to the other."
              : "You will not see each other's posts and presence any more."
          }
          confirm={asking.what === "block" ? "Block" : "Remove"}
          onConfirm={() => {
            actions[asking.what](asking.person.user_id);
            setAsking(null);
          }}
          onClose={() => setAsking(null)}
        />
      )}
    </PeopleSection>
  );
}
