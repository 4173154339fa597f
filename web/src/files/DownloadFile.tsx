import { useState } from "react";
import { useSession } from "../session/SessionContext";
import { Icon } from "../ui/Icon";
import { useAttempt } from "../ui/toast";
import { fileTitle } from "./fileKind";

/** A file that is saved rather than shown. */
export function DownloadFile({ path }: { readonly path: string }) {
  const { files } = useSession();
  const attempt = useAttempt();
  const [busy, setBusy] = useState(false);

  const save = async () => {
    const link = document.createElement("a");
    link.href = await files.hold(path);
    link.download = path.slice(path.lastIndexOf("/") + 1);
    link.click();
    files.release(path);
  };

  return (
    <button
      type="button"
      className="attachment file"
      disabled={busy}
      onClick={async () => {
        setBusy(true);
        await attempt("The file could not be loaded", save());
        setBusy(false);
      }}
    >
      <Icon name="download" />
      Download {fileTitle(path)}
    </button>
  );
}
