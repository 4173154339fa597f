import { useId } from "react";
import { usePresence } from "../live/SharedStates";
import { Avatar } from "../ui/Avatar";
import { statusName } from "./statusNames";

/** Who of my connections is there. */
export function OnlineNow() {
  const id = useId();
  const presence = usePresence();
  const present = [...presence.values()].sort((a, b) => a.full_name.localeCompare(b.full_name));
  return (
    <section className="online-now" aria-labelledby={id}>
      <h2 id={id}>Online now</h2>
      {present.length === 0 ? (
        <p className="soft">Nobody else right now.</p>
      ) : (
        <ul>
          {present.map((person) => (
            <li key={person.user_id}>
              <Avatar name={person.full_name} of={person.user_id} size="small" status={person.status} />
              <span className="online-name">{person.full_name}</span>
              <span className="soft online-status">{statusName(person.status)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
