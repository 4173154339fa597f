import type { Credentials } from "./credentials.js";
import type { OpenTransport, Target, Transport } from "./transports/transport.js";
import type { ClientError, TransportName } from "./types.js";
import type { ClientFrame, Frame, Verdict } from "./wire.js";
import { closed, errorOf, network, textOf, verdictOn } from "./wire.js";

/** The server itself gives a socket 10 s to sign in (`KITH_AUTH_TIMEOUT_S`). */
const SIGN_IN_MS = 15_000;
/** A stream of which nothing has come by then is held back by something in between. */
const FIRST_FRAME_MS = 5_000;

/** Why an attempt is over. */
export interface Failure {
  readonly error: ClientError;
  readonly verdict: Verdict;
  /** When to come back, where the server said so. */
  readonly afterMs: number | null;
  /** It never was `connected`, and no server said why: something in between may not let it through. */
  readonly blocked: boolean;
}

export interface AttemptHandlers {
  /** Signed in. */
  up(user: string | null): void;
  /** Everything that comes, from `connected` on. */
  frame(frame: Frame): void;
  /** Once, and nothing after it. Not told after `close`. */
  down(failure: Failure): void;
}

/** One transport's life, from the token to the end: signs in, keeps signed in, and says why it is over. */
export class Attempt {
  isUp = false;
  private transport: Transport | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private over = false;
  private refusal: ClientError | null = null;
  private afterMs: number | null = null;

  constructor(
    readonly name: TransportName,
    private readonly open: OpenTransport,
    private readonly credentials: Credentials,
    private readonly handlers: AttemptHandlers,
  ) {}

  get pings(): boolean {
    return this.transport?.pings ?? false;
  }

  start(target: Omit<Target, "token">): void {
    this.credentials.token().then(
      (token) => this.begin(token, target),
      () => this.fail(network("The token callback failed."), "retry"),
    );
  }

  send(frame: ClientFrame): boolean {
    return this.isUp && (this.transport?.send(frame) ?? false);
  }

  /** Let go of everything; nothing is told. */
  close(): void {
    this.over = true;
    this.isUp = false;
    clearTimeout(this.timer);
    this.transport?.close();
    this.transport = undefined;
  }

  /** The link is dead, though nobody has closed it. */
  drop(error: ClientError): void {
    this.fail(error, "retry");
  }

  private begin(token: string | null, target: Omit<Target, "token">): void {
    if (this.over) return;
    if (token === null && !this.credentials.byCookie) {
      this.fail({ code: "signed_out", message: "There is no token." }, "stop");
      return;
    }
    const ms = this.name === "sse" ? FIRST_FRAME_MS : SIGN_IN_MS;
    this.timer = setTimeout(
      () => this.fail({ code: "timeout", message: "No answer in time." }, "retry", true),
      ms,
    );
    this.transport = this.open(
      { ...target, token },
      {
        opened: () => {
          if (token !== null) this.transport?.send({ type: "authenticate", token });
        },
        frame: (frame) => this.take(frame),
        closed: (code) => this.ended(code),
      },
    );
  }

  private take(frame: Frame): void {
    switch (frame.type) {
      case "connected":
        if (this.isUp) break;
        clearTimeout(this.timer);
        this.isUp = true;
        this.handlers.up(textOf(frame.user_id));
        if (this.over) return; // it was let go of on the spot
        break;
      case "auth_error":
        this.refusal = errorOf(frame);
        break;
      case "error":
        if (frame.channel === undefined && frame.ref === undefined) this.refusal = errorOf(frame);
        break;
      case "reconnect":
        this.afterMs = typeof frame.after_ms === "number" ? frame.after_ms : null;
        break;
      case "token_expiring":
        this.refresh();
        break;
    }
    this.handlers.frame(frame);
  }

  private refresh(): void {
    this.credentials.token().then(
      (token) => {
        if (token !== null && !this.over) this.transport?.send({ type: "authenticate", token });
      },
      () => undefined, // the token still holds for a while; when it does not, 4401 asks again
    );
  }

  private ended(code: number): void {
    const retryAfter = this.refusal?.retryAfter;
    if (retryAfter !== undefined) this.afterMs = retryAfter * 1_000;
    const error = this.refusal === null ? closed(code) : { ...this.refusal, closeCode: code };
    if (code === 4408 && !this.isUp && this.credentials.byCookie) {
      this.fail({ ...error, code: "token_missing", message: "Nobody is signed in." }, "stop");
      return;
    }
    this.fail(error, verdictOn(code), !this.isUp && this.refusal === null && code < 1007);
  }

  private fail(error: ClientError, verdict: Verdict, blocked = false): void {
    if (this.over) return;
    const { afterMs } = this;
    this.close();
    this.handlers.down({ error, verdict, afterMs, blocked });
  }
}
