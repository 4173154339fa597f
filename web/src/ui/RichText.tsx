import type { ReactNode } from "react";

const PARTS =
  /(https?:\/\/[^\s<>"']+[^\s<>"'.,:;!?)\]}]|(?<![\p{L}\p{N}_@])@[\p{L}\p{N}_.+-]*[\p{L}\p{N}_])/gu;

/** What somebody wrote: text, whatever is in it. Web addresses become links, @names stand out. */
export function RichText({ text }: { readonly text: string }) {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(PARTS)) {
    parts.push(text.slice(end, match.index), partOf(match[0], match.index));
    end = match.index + match[0].length;
  }
  return (
    <>
      {parts}
      {text.slice(end)}
    </>
  );
}

function partOf(part: string, key: number): ReactNode {
  if (part.startsWith("@")) {
    return (
      <span key={key} className="mention">
        {part}
      </span>
    );
  }
  return (
    <a key={key} href={part} target="_blank" rel="noopener noreferrer">
      {part}
    </a>
  );
}
