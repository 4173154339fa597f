import { clockTime, fullTime, listTime, sinceThen } from "./time";
import { useNow } from "./useNow";

interface Props {
  readonly at: string;
  /** `clock`: 14:05. `list`: today's clock time, else the day. `since`: 5 min ago. */
  readonly as: "clock" | "list" | "since";
}

/** A moment; the whole of it is in the tooltip. */
export function When({ at, as }: Props) {
  const now = useNow();
  const date = new Date(at);
  const text = as === "clock" ? clockTime(date) : as === "list" ? listTime(date, now) : sinceThen(date, now);
  return (
    <time dateTime={at} title={fullTime(date)}>
      {text}
    </time>
  );
}
