import type { Api } from "../api/Api";

const KEPT = 40; // files that nobody shows just now, but may again: a row is drawn anew, a chat opened again

interface Entry {
  readonly address: Promise<string>;
  holders: number;
}

/**
 * Files on the server as addresses that `<img>` and others can show: they are for signed-in people only, and an
 * `<img>` can't send a token.
 */
export class StoredFiles {
  /** The ones that were let go of last come last. */
  private readonly entries = new Map<string, Entry>();
  private readonly api: Api;

  constructor(api: Api) {
    this.api = api;
  }

  /** The address of a file, good until `release`. Rejects with an ApiError; the next one to ask tries again. */
  hold(path: string): Promise<string> {
    const entry = this.entries.get(path) ?? this.keep(path, this.api.blob(path));
    entry.holders += 1;
    return entry.address;
  }

  release(path: string): void {
    const entry = this.entries.get(path);
    if (entry === undefined) return;
    entry.holders -= 1;
    this.entries.delete(path);
    this.entries.set(path, entry);
    this.clear(KEPT);
  }

  /** This very file was stored there: it need not be fetched. */
  put(path: string, file: Blob): void {
    if (!this.entries.has(path)) this.keep(path, Promise.resolve(file));
  }

  dispose(): void {
    for (const entry of this.entries.values()) entry.holders = 0;
    this.clear(0);
  }

  private keep(path: string, file: Promise<Blob>): Entry {
    const entry: Entry = { address: file.then((blob) => URL.createObjectURL(blob)), holders: 0 };
    entry.address.catch(() => {
      if (this.entries.get(path) === entry) this.entries.delete(path);
    });
    this.entries.set(path, entry);
    return entry;
  }

  private clear(kept: number): void {
    const idle = [...this.entries].filter(([, entry]) => entry.holders <= 0);
    for (const [path, entry] of idle.slice(0, Math.max(0, idle.length - kept))) {
      this.entries.delete(path);
      entry.address.then(URL.revokeObjectURL, () => undefined);
    }
  }
}
