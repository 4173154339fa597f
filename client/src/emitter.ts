import type { Unsubscribe } from "./types.js";

/**
 * A set of listeners. One that throws does not keep the others from hearing: its error is thrown again on its own,
 * where the page reports it.
 */
export class Emitter<A extends readonly unknown[] = []> {
  private readonly listeners = new Set<{ fn: (...args: A) => void }>();

  add(fn: (...args: A) => void): Unsubscribe {
    const listener = { fn }; // the same function may listen twice
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(...args: A): void {
    for (const listener of [...this.listeners]) {
      if (!this.listeners.has(listener)) continue; // removed by an earlier one
      try {
        listener.fn(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.listeners.clear();
  }

  get size(): number {
    return this.listeners.size;
  }
}

/** Listeners by name. */
export class Emitters<A extends readonly unknown[]> {
  private readonly byName = new Map<string, Emitter<A>>();

  add(name: string, fn: (...args: A) => void): Unsubscribe {
    const emitter = this.byName.get(name) ?? new Emitter<A>();
    this.byName.set(name, emitter);
    const remove = emitter.add(fn);
    return () => {
      remove();
      if (emitter.size === 0 && this.byName.get(name) === emitter) this.byName.delete(name);
    };
  }

  tell(name: string, ...args: A): void {
    this.byName.get(name)?.tell(...args);
  }

  clear(): void {
    this.byName.clear();
  }
}
