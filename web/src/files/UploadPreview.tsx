import { useEffect, useState } from "react";
import { Icon } from "../ui/Icon";
import { sizeText } from "./fileKind";
import type { Uploader } from "./useUpload";

/** The attached file: a picture of it, how far it has got, and how to be rid of it. */
export function UploadPreview({ uploader }: { readonly uploader: Uploader }) {
  const { upload, retry, clear } = uploader;
  const picture = useLocalPicture(upload?.file ?? null);
  if (upload === null) return null;
  const { file } = upload;
  return (
    <div className="upload">
      {picture === null ? (
        <span className="upload-icon">
          <Icon name="file" />
        </span>
      ) : (
        <img src={picture} alt="" className="upload-picture" />
      )}
      <div className="upload-text">
        <p className="upload-name">{file.name}</p>
        {upload.state === "sending" && (
          <progress value={upload.progress} aria-label={`Uploading ${file.name}`}>
            {Math.round(upload.progress * 100)} %
          </progress>
        )}
        {upload.state === "done" && <p className="soft">{sizeText(file.size)}, ready to send</p>}
        {upload.state === "failed" && (
          <p className="danger-text" role="alert">
            {upload.message}
          </p>
        )}
      </div>
      {upload.state === "failed" && (
        <button type="button" className="button small" onClick={retry}>
          Retry upload
        </button>
      )}
      <button type="button" className="icon-button small" aria-label="Remove attachment" onClick={clear}>
        <Icon name="close" size={18} />
      </button>
    </div>
  );
}

/** An address of the picture that a file is; null for other files. */
function useLocalPicture(file: File | null): string | null {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    if (file === null || !file.type.startsWith("image/")) return;
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => {
      setAddress(null);
      URL.revokeObjectURL(made);
    };
  }, [file]);
  return address;
}
