import { useCallback, useEffect, useState } from "react";
import { useSession } from "../session/SessionContext";

export type StoredFile =
  | { readonly state: "loading" }
  | { readonly state: "ready"; readonly address: string }
  | { readonly state: "failed"; readonly error: unknown };

/** A file on the server, to be shown for as long as the component is there. */
export function useStoredFile(path: string): { file: StoredFile; retry: () => void } {
  const { files } = useSession();
  const [file, setFile] = useState<StoredFile>({ state: "loading" });
  const [tries, setTries] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each try is one more reading
  useEffect(() => {
    let current = true;
    setFile({ state: "loading" });
    files.hold(path).then(
      (address) => current && setFile({ state: "ready", address }),
      (error: unknown) => current && setFile({ state: "failed", error }),
    );
    return () => {
      current = false;
      files.release(path);
    };
  }, [files, path, tries]);

  const retry = useCallback(() => setTries((now) => now + 1), []);
  return { file, retry };
}
