/** One request for a lock, held or waiting. */
interface Request {
  readonly name: string;
  readonly owner: object;
  readonly callback: (lock: Lock | null) => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The Web Locks of one browser: exclusive ones, in the order of the requests, with `signal` and `steal`. */
export class FakeLocks {
  private readonly held = new Map<string, Request>();
  private waiting: Request[] = [];

  /** As a tab sees them. */
  of(owner: object): LockManager {
    const request = (name: string, options: LockOptions, callback: (lock: Lock | null) => unknown) =>
      this.request(owner, name, options, callback);
    const query = () =>
      Promise.resolve({
        held: [...this.held.keys()].map((name) => ({ name, mode: "exclusive", clientId: "" })),
      });
    return { request, query } as unknown as LockManager;
  }

  /** How many a tab holds or waits for. */
  countOf(owner: object): number {
    return [...this.held.values(), ...this.waiting].filter((request) => request.owner === owner).length;
  }

  /** The tab is gone. */
  kill(owner: object): void {
    this.waiting = this.waiting.filter((request) => request.owner !== owner);
    for (const [name, request] of [...this.held]) if (request.owner === owner) this.release(name, request);
  }

  private request(
    owner: object,
    name: string,
    { signal, steal = false }: LockOptions,
    callback: Request["callback"],
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw new DOMException("aborted", "AbortError");
      const request: Request = { name, owner, callback, resolve, reject };
      signal?.addEventListener("abort", () => {
        if (!this.waiting.includes(request)) return;
        this.waiting = this.waiting.filter((each) => each !== request);
        reject(new DOMException("aborted", "AbortError"));
      });
      const before = this.held.get(name);
      if (steal && before !== undefined) {
        before.reject(new DOMException("stolen", "AbortError"));
        this.held.delete(name);
        this.waiting.unshift(request);
      } else {
        this.waiting.push(request);
      }
      this.grant(name);
    });
  }

  private grant(name: string): void {
    queueMicrotask(() => {
      const next = this.waiting.find((request) => request.name === name);
      if (next === undefined || this.held.has(name)) return;
      this.waiting = this.waiting.filter((each) => each !== next);
      this.held.set(name, next);
      const done = Promise.resolve(next.callback({ name, mode: "exclusive" } as Lock));
      done.then(next.resolve, next.reject).finally(() => this.release(name, next));
    });
  }

  private release(name: string, request: Request): void {
    if (this.held.get(name) !== request) return;
    this.held.delete(name);
    this.grant(name);
  }
}
