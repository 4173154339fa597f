import { type ReactNode, useId } from "react";
import { Badge } from "../ui/Badge";

interface Props {
  readonly title: string;
  /** How many want to be looked at. */
  readonly count?: number;
  readonly children: ReactNode;
}

export function PeopleSection({ title, count = 0, children }: Props) {
  const id = useId();
  return (
    <section className="card people-section" aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>{title}</h2>
        <Badge count={count} what="waiting for your answer" />
      </div>
      {children}
    </section>
  );
}
