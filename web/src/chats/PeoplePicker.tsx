import { useId, useState } from "react";
import { messageOf } from "../api/ApiError";
import type { Person, UserId } from "../api/rows";
import { usePeopleSearch } from "../people/usePeopleSearch";
import { Avatar } from "../ui/Avatar";
import { Icon } from "../ui/Icon";
import { Notice } from "../ui/Notice";

interface Props {
  readonly picked: readonly Person[];
  readonly onChange: (picked: readonly Person[]) => void;
  /** Who is not to be offered. */
  readonly without?: ReadonlySet<UserId>;
}

/** Finds people by name, and gathers those who were picked. */
export function PeoplePicker({ picked, onChange, without }: Props) {
  const id = useId();
  const [text, setText] = useState("");
  const { people, error } = usePeopleSearch(text);
  const isPicked = (person: Person) => picked.some((other) => other.id === person.id);
  const offered = (people ?? []).filter((person) => !without?.has(person.id));

  const toggle = (person: Person) =>
    onChange(isPicked(person) ? picked.filter((other) => other.id !== person.id) : [...picked, person]);

  return (
    <div className="picker">
      {picked.length > 0 && (
        <ul className="picked" aria-label="Chosen people">
          {picked.map((person) => (
            <li key={person.id}>
              <button
                type="button"
                className="chip"
                onClick={() => toggle(person)}
                aria-label={`Remove ${person.name}`}
              >
                {person.name}
                <Icon name="close" size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <label htmlFor={id}>Find people</label>
      <input
        id={id}
        type="search"
        placeholder="A name"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {error !== null && <Notice tone="danger">{messageOf(error)}</Notice>}
      {people !== null && offered.length === 0 && (
        <p className="soft picker-none">
          {text.trim() === "" ? "Nobody else to add." : "Nobody of that name."}
        </p>
      )}
      <ul className="picker-list" aria-label="People found">
        {offered.map((person) => (
          <li key={person.id}>
            <label className="picker-row">
              <input type="checkbox" checked={isPicked(person)} onChange={() => toggle(person)} />
              <Avatar name={person.name} of={person.id} size="small" />
              <span>{person.name}</span>
              <span className="soft">@{person.username}</span>
            </label>
          </li>
        ))}
      </ul>
    </div>
  );
}
