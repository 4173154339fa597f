import { useId, useState } from "react";
import { messageOf } from "../api/ApiError";
import type { Person } from "../api/rows";
import { Notice } from "../ui/Notice";
import { PeopleSection } from "./PeopleSection";
import { PersonRow } from "./PersonRow";
import { TieButton } from "./TieButton";
import type { Ties } from "./tiesState";
import { usePeopleSearch } from "./usePeopleSearch";

export function FindPeople({ ties }: { readonly ties: Ties }) {
  const [text, setText] = useState("");
  const id = useId();
  return (
    <PeopleSection title="Find people">
      <label htmlFor={id} className="hidden">
        Find people by name
      </label>
      <input
        id={id}
        type="search"
        placeholder="A name"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {text.trim() !== "" && <Found text={text} ties={ties} />}
    </PeopleSection>
  );
}

function Found({ text, ties }: { readonly text: string; readonly ties: Ties }) {
  const { people, error } = usePeopleSearch(text);
  if (error !== null) return <Notice tone="danger">{messageOf(error)}</Notice>;
  return (
    <div aria-live="polite">
      {people?.length === 0 && <p className="soft picker-none">Nobody of that name.</p>}
      <ul aria-label="People found">
        {(people ?? []).map((person: Person) => (
          <PersonRow key={person.id} userId={person.id} name={person.name} note={`@${person.username}`}>
            <TieButton person={person} ties={ties} />
          </PersonRow>
        ))}
      </ul>
    </div>
  );
}
