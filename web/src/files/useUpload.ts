import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ApiError, messageOf } from "../api/ApiError";
import { useSession } from "../session/SessionContext";

export type Upload = { readonly file: File } & (
  | { readonly state: "sending"; readonly progress: number }
  | { readonly state: "done"; readonly path: string }
  | { readonly state: "failed"; readonly message: string }
);

export interface Uploader {
  /** What is attached; null: nothing. */
  readonly upload: Upload | null;
  /** Attach this file, in place of another one. */
  start(file: File): void;
  retry(): void;
  /** Attach nothing. What is under way is stopped. */
  clear(): void;
}

/** The file that goes with what somebody is writing: stored while they go on writing. */
export function useUpload(): Uploader {
  const { api, files } = useSession();
  const [upload, setUpload] = useState<Upload | null>(null);
  const stop = useRef<AbortController | null>(null);

  const clear = useCallback(() => {
    stop.current?.abort();
    stop.current = null;
    setUpload(null);
  }, []);

  const start = useCallback(
    async (file: File) => {
      stop.current?.abort();
      const mine = new AbortController();
      stop.current = mine;
      const show = (upload: Upload) => {
        if (stop.current === mine) setUpload(upload);
      };
      show({ file, state: "sending", progress: 0 });
      try {
        const onProgress = (progress: number) => show({ file, state: "sending", progress });
        const { attachment } = await api.upload(file, onProgress, mine.signal);
        files.put(attachment, file);
        show({ file, state: "done", path: attachment });
      } catch (error) {
        if (!(error instanceof ApiError && error.code === "aborted")) {
          show({ file, state: "failed", message: messageOf(error) });
        }
      }
    },
    [api, files],
  );

  useEffect(() => () => stop.current?.abort(), []);

  return useMemo(
    () => ({
      upload,
      start: (file) => void start(file),
      retry: () => {
        if (upload !== null) void start(upload.file);
      },
      clear,
    }),
    [upload, start, clear],
  );
}
