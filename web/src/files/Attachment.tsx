import { DownloadFile } from "./DownloadFile";
import { fileKind } from "./fileKind";
import { ShownFile } from "./ShownFile";

interface Props {
  readonly path: string;
  /** What was said with it, which tells what it shows. */
  readonly caption: string;
}

/** A file that goes with a message or a post: shown where browsers can, else offered to be saved. */
export function Attachment({ path, caption }: Props) {
  const kind = fileKind(path);
  if (kind === "file") return <DownloadFile path={path} />;
  return <ShownFile path={path} kind={kind} caption={caption} />;
}
