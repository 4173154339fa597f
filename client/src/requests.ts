import type { Ack, ClientError } from "./types.js";
import type { Frame } from "./wire.js";
import { errorOf } from "./wire.js";

/** The server answers when it has committed; a lock is waited for a few seconds at most. */
const ANSWER_MS = 15_000;

interface Waiting {
  resolve(ack: Ack): void;
  reject(error: ClientError): void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Commands of `request` that wait for their answer, by `ref`. */
export class Requests {
  private readonly waiting = new Map<string, Waiting>();

  /** The answer to the command with this ref. Rejects with a `ClientError`. */
  expect(ref: string): Promise<Ack> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(ref);
        reject({ code: "timeout", message: "No answer in time." } satisfies ClientError);
      }, ANSWER_MS);
      this.waiting.set(ref, { resolve, reject, timer });
    });
  }

  take(frame: Frame): void {
    if (frame.ref === undefined) return;
    if (frame.type === "ack") this.settle(frame.ref)?.resolve(ackOf(frame, frame.ref));
    else if (frame.type === "error") this.settle(frame.ref)?.reject(errorOf(frame));
  }

  fail(ref: string, error: ClientError): void {
    this.settle(ref)?.reject(error);
  }

  /** The link is gone, and the answers with it. */
  failAll(error: ClientError): void {
    for (const ref of [...this.waiting.keys()]) this.fail(ref, error);
  }

  private settle(ref: string): Waiting | undefined {
    const found = this.waiting.get(ref);
    clearTimeout(found?.timer);
    this.waiting.delete(ref);
    return found;
  }
}

export function ackOf(frame: Frame, ref: string): Ack {
  const { type: _type, channel: _channel, ...made } = frame;
  return { ...made, ref };
}
