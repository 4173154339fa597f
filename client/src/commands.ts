import type { Channels } from "./channels.js";
import { uniqueName } from "./environment.js";
import type { CommandName, FieldsOf } from "./generated.js";
import type { Line } from "./line.js";
import type { Outbox } from "./outbox.js";
import type { Requests } from "./requests.js";
import type { Ack, ClientError, Pending } from "./types.js";

const OFFLINE: ClientError = { code: "network", message: "There is no link." };

/** The three ways to say something: and wait for the answer, and forget it, and be sure of it. */
export class Commands {
  /** How this tab reaches the server now. */
  line: Line | null = null;

  constructor(
    private readonly channels: Channels,
    private readonly requests: Requests,
    private readonly outbox: Outbox,
  ) {}

  request<C extends CommandName>(channel: string, type: C, fields: FieldsOf<C>): Promise<Ack> {
    const ref = uniqueName();
    const answer = this.requests.expect(ref);
    const close = this.channels.open(channel);
    this.line?.hold(); // at once: the server must hear of the channel before the command
    if (this.line?.send({ ...fields, type, ref, channel }) !== true) this.requests.fail(ref, OFFLINE);
    return answer.finally(close);
  }

  emit<C extends CommandName>(channel: string, type: C, fields: FieldsOf<C>): boolean {
    return this.channels.isOpen(channel) && (this.line?.send({ ...fields, type, channel }) ?? false);
  }

  send<C extends CommandName>(channel: string, type: C, fields: FieldsOf<C>): Pending<C> {
    return this.outbox.add(channel, type, fields);
  }
}
