interface Props {
  readonly what: string;
  /** How many grey rows hold the place. */
  readonly rows?: number;
}

/** Holds the place of what is on its way. */
export function Loading({ what, rows = 4 }: Props) {
  return (
    <div className="loading" role="status">
      <span className="hidden">Loading {what}…</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows that are all the same
        <div key={row} className="loading-row" aria-hidden="true">
          <span className="loading-round" />
          <span className="loading-lines" />
        </div>
      ))}
    </div>
  );
}
