interface Props {
  readonly count: number;
  /** What is counted: "unread", "requests". */
  readonly what: string;
}

/** A number that wants to be seen; nothing at zero. */
export function Badge({ count, what }: Props) {
  if (count === 0) return null;
  return (
    <span className="badge">
      {count > 99 ? "99+" : count}
      <span className="hidden"> {what}</span>
    </span>
  );
}
