import type { Typist } from "./useTypists";

/** Holds its line, so that nothing jumps when somebody begins to type. */
export function TypingLine({ people }: { readonly people: readonly Typist[] }) {
  return (
    <p className="typing" role="status" aria-label="Typing">
      {people.length > 0 && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {sentence(people)}
        </>
      )}
    </p>
  );
}

function sentence(people: readonly Typist[]): string {
  const [first, second] = people.map((one) => one.user_name);
  if (people.length === 1) return `${first} is typing…`;
  if (people.length === 2) return `${first} and ${second} are typing…`;
  return "Several people are typing…";
}
