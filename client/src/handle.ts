import type { Channels } from "./channels.js";
import type { Commands } from "./commands.js";
import type { CommandName, EventOf, EventType, FieldsOf, ServerEvent } from "./generated.js";
import type { Ack, ChannelHandle, ClientError, Pending, Unsubscribe } from "./types.js";

/** One channel by its name. */
export class Handle implements ChannelHandle {
  constructor(
    readonly name: string,
    private readonly channels: Channels,
    private readonly commands: Commands,
  ) {}

  open(since?: string): Unsubscribe {
    return this.channels.open(this.name, since);
  }

  on<T extends EventType>(type: T, fn: (event: EventOf<T>) => void): Unsubscribe {
    return this.listeners.byType.add(type, (event) => fn(event as EventOf<T>));
  }

  onAny(fn: (event: ServerEvent) => void): Unsubscribe {
    return this.listeners.any.add(fn);
  }

  onReset(fn: () => void): Unsubscribe {
    return this.listeners.reset.add(fn);
  }

  onCaughtUp(fn: () => void): Unsubscribe {
    return this.listeners.caughtUp.add(fn);
  }

  onLost(fn: (error: ClientError) => void): Unsubscribe {
    return this.listeners.lost.add(fn);
  }

  request<C extends CommandName>(type: C, fields: FieldsOf<C>): Promise<Ack> {
    return this.commands.request(this.name, type, fields);
  }

  emit<C extends CommandName>(type: C, fields: FieldsOf<C>): boolean {
    return this.commands.emit(this.name, type, fields);
  }

  send<C extends CommandName>(type: C, fields: FieldsOf<C>): Pending<C> {
    return this.commands.send(this.name, type, fields);
  }

  private get listeners() {
    return this.channels.listeners(this.name);
  }
}
