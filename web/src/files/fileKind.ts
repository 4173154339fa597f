export type FileKind = "image" | "audio" | "video" | "file";

const KINDS: Readonly<Record<string, FileKind>> = {
  ...of("image", "png jpg gif webp"),
  ...of("audio", "mp3 ogg wav m4a aac weba"),
  ...of("video", "mp4 webm mov"),
};

/** What can be done with a stored file, by the ending that the server gave it. */
export function fileKind(path: string): FileKind {
  return KINDS[endingOf(path)] ?? "file";
}

/** What a stored file is called: its own name is not kept. */
export function fileTitle(path: string): string {
  const kind = fileKind(path);
  if (kind !== "file") return kind[0]?.toUpperCase() + kind.slice(1);
  return `${endingOf(path).toUpperCase()} file`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function endingOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1).toLowerCase();
}

function of(kind: FileKind, endings: string): Record<string, FileKind> {
  return Object.fromEntries(endings.split(" ").map((ending) => [ending, kind]));
}
