import { messageOf } from "../api/ApiError";
import { type FileKind, fileTitle } from "./fileKind";
import { useStoredFile } from "./useStoredFile";

interface Props {
  readonly path: string;
  readonly kind: Exclude<FileKind, "file">;
  readonly caption: string;
}

export function ShownFile({ path, kind, caption }: Props) {
  const { file, retry } = useStoredFile(path);
  if (file.state === "loading") {
    return (
      <div className={`attachment ${kind} pending`} role="status">
        <span className="hidden">Loading {kind}…</span>
      </div>
    );
  }
  if (file.state === "failed") {
    return (
      <div className="attachment missing">
        <p>
          {fileTitle(path)}: {messageOf(file.error)}
        </p>
        <button type="button" className="button small" onClick={retry}>
          Try again
        </button>
      </div>
    );
  }
  const name = `${fileTitle(path)}: ${caption}`;
  if (kind === "audio") {
    // biome-ignore lint/a11y/useMediaCaption: what people record has none
    return <audio className="attachment audio" src={file.address} controls aria-label={name} />;
  }
  if (kind === "video") {
    // biome-ignore lint/a11y/useMediaCaption: what people record has none
    return <video className="attachment video" src={file.address} controls aria-label={name} />;
  }
  return (
    <a
      className="attachment image"
      href={file.address}
      target="_blank"
      rel="noreferrer"
      aria-label={`Open ${name}`}
    >
      <img src={file.address} alt={name} />
    </a>
  );
}
