import type { CSSProperties } from "react";
import type { UserId } from "../api/rows";

interface Props {
  readonly name: string;
  /** What the colour is made from, so that it stays when the name changes. */
  readonly of: UserId;
  readonly size?: "small" | "normal" | "large";
  /** A dot in the corner; said in words elsewhere. */
  readonly status?: string | undefined;
}

/** Initials on a colour of their own; decoration beside the name. */
export function Avatar({ name, of, size = "normal", status }: Props) {
  const style = { "--hue": hueOf(of) } as CSSProperties;
  return (
    <span className={`avatar ${size}`} style={style} data-initials={initialsOf(name)} aria-hidden="true">
      {status !== undefined && <span className={`status-dot ${status}`} />}
    </span>
  );
}

/** Spread by the golden angle: neighbouring ids look different. */
function hueOf(of: UserId): number {
  let sum = 0;
  for (const letter of String(of)) sum = (sum * 31 + letter.charCodeAt(0)) % 4096;
  return Math.round((sum * 137.508) % 360);
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [...(words[0] ?? "")][0] ?? "?";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toUpperCase();
}
