import type { Uploaded } from "./Api";
import { ApiError } from "./ApiError";

/**
 * Store a file: XMLHttpRequest, because `fetch` does not tell how much has been sent.
 * Rejects with an ApiError; with the code `aborted` once the signal says so.
 */
export function upload(
  file: File,
  token: string,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const settle = (done: () => void) => () => {
      signal.removeEventListener("abort", abort);
      done();
    };
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = settle(() => {
      const { status, responseText } = request;
      if (status >= 200 && status < 300) resolve(JSON.parse(responseText) as Uploaded);
      else reject(ApiError.of(status, responseText));
    });
    request.onerror = settle(() => reject(ApiError.network()));
    request.onabort = settle(() => reject(new ApiError("aborted", "Stopped.")));
    signal.addEventListener("abort", abort);
    const form = new FormData();
    form.append("file", file);
    request.open("POST", "/api/uploads/");
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.send(form);
    if (signal.aborted) abort();
  });
}
