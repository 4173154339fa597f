import type { Pending } from "./types.js";

/** Where commands wait that are not acknowledged yet. What fails here costs durability, never the page. */
export interface Storage {
  /** All that is kept, oldest first. */
  load(): Promise<Pending[]>;
  put(pending: Pending): void;
  remove(ref: string): void;
  close(): void;
}

/** For browsers without IndexedDB: what waits is lost with the page. */
export class MemoryStorage implements Storage {
  load(): Promise<Pending[]> {
    return Promise.resolve([]);
  }
  put(): void {}
  remove(): void {}
  close(): void {}
}

const STORE = "outbox";

/** One database for each server and user, so that nobody's words are sent as somebody else's. */
export class IndexedDBStorage implements Storage {
  private database: IDBDatabase | null = null;
  private closed = false;
  private readonly opened: Promise<IDBDatabase | null>;

  constructor(factory: IDBFactory, name: string) {
    this.opened = open(factory, name).then((database) => {
      if (this.closed) database?.close();
      else this.database = database;
      return this.database;
    });
  }

  async load(): Promise<Pending[]> {
    const database = await this.opened;
    if (database === null) return [];
    return new Promise((resolve) => {
      const request = database.transaction(STORE).objectStore(STORE).getAll();
      request.onsuccess = () => resolve(inOrder(request.result));
      request.onerror = () => resolve([]);
    });
  }

  put(pending: Pending): void {
    this.write((store) => store.put(pending));
  }

  remove(ref: string): void {
    this.write((store) => store.delete(ref));
  }

  close(): void {
    this.closed = true;
    this.database?.close();
    this.database = null;
  }

  private write(change: (store: IDBObjectStore) => void): void {
    if (this.database !== null) this.begin(this.database, change);
    else void this.opened.then((database) => database !== null && this.begin(database, change));
  }

  /** Changes are done in the order of the calls: IndexedDB begins transactions of one store in that order. */
  private begin(database: IDBDatabase, change: (store: IDBObjectStore) => void): void {
    try {
      change(database.transaction(STORE, "readwrite").objectStore(STORE));
    } catch {
      // Closed meanwhile, or the browser is out of space: it is still in memory.
    }
  }
}

function open(factory: IDBFactory, name: string): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    try {
      const request = factory.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "ref" });
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close(); // somebody deletes the database
        resolve(request.result);
      };
      request.onerror = request.onblocked = () => resolve(null);
    } catch {
      resolve(null); // forbidden, as in some private windows
    }
  });
}

function inOrder(found: unknown): Pending[] {
  if (!Array.isArray(found)) return [];
  return (found as Pending[]).sort((a, b) => a.createdAt - b.createdAt);
}
