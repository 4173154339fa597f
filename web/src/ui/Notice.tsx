import type { ReactNode } from "react";

interface Props {
  readonly tone?: "plain" | "danger";
  readonly children: ReactNode;
}

/** A sentence that stands out from the rest of its pane. */
export function Notice({ tone = "plain", children }: Props) {
  return <p className={`notice ${tone}`}>{children}</p>;
}
