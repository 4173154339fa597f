import type { Person } from "../api/rows";
import { type Ties, tieWith } from "./tiesState";
import { useTieActions } from "./useTieActions";

interface Props {
  readonly person: Person;
  readonly ties: Ties;
}

/** The next step with somebody, whatever there is between us. */
export function TieButton({ person, ties }: Props) {
  const actions = useTieActions();
  const { tie, requestId } = tieWith(ties, person.id);
  const [text, act] = {
    none: ["Connect", () => actions.request(person.id)] as const,
    connected: ["Message", () => actions.write(person.id)] as const,
    received: ["Accept", () => requestId !== null && actions.accept(requestId)] as const,
    sent: ["Withdraw", () => requestId !== null && actions.withdraw(requestId)] as const,
    blocked: ["Unblock", () => actions.unblock(person.id)] as const,
  }[tie];
  const primary = tie === "none" || tie === "received";
  return (
    <button
      type="button"
      className={primary ? "button primary small" : "button small"}
      aria-label={`${text} ${person.name}`}
      onClick={act}
    >
      {text}
    </button>
  );
}
