import { Emitter } from "./emitter.js";
import type { Environment } from "./environment.js";
import type { Unsubscribe } from "./types.js";

/** What the browser says of its network and of this tab. Listens from `watch` until what that returns is called. */
export class Page {
  readonly onOnline = new Emitter<[online: boolean]>();
  readonly onVisible = new Emitter<[visible: boolean]>();
  /** The page is left. It may come back whole, from the browser's cache: then `onReturn`. */
  readonly onLeave = new Emitter();
  readonly onReturn = new Emitter();

  constructor(private readonly environment: Environment) {}

  get online(): boolean {
    return this.environment.navigator?.onLine ?? true;
  }

  get visible(): boolean {
    return this.environment.document?.visibilityState !== "hidden";
  }

  watch(): Unsubscribe {
    const { window, document } = this.environment;
    const listeners: [typeof window, string, () => void][] = [
      [window, "online", () => this.onOnline.tell(true)],
      [window, "offline", () => this.onOnline.tell(false)],
      [window, "pagehide", () => this.onLeave.tell()],
      [window, "pageshow", () => this.onReturn.tell()],
      [document, "visibilitychange", () => this.onVisible.tell(this.visible)],
    ];
    for (const [target, type, listener] of listeners) target?.addEventListener(type, listener);
    return () => {
      for (const [target, type, listener] of listeners) target?.removeEventListener(type, listener);
      for (const emitter of [this.onOnline, this.onVisible, this.onLeave, this.onReturn]) emitter.clear();
    };
  }
}
