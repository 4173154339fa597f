import { type RefObject, useEffect, useRef, useState } from "react";
import type { Emitters } from "../emitter.js";
import type { ServerEvent } from "../generated.js";
import type { ClientError, KithClientApi } from "../types.js";
import { type EventCallbacks, tellCallback } from "./callbacks.js";
import { type ChannelHold, holdOf } from "./hold.js";

export interface ChannelCallbacks extends EventCallbacks {
  readonly onMessage?: ((event: ServerEvent) => void) | undefined;
  readonly onError?: ((error: ClientError) => void) | undefined;
  readonly onReset?: (() => void) | undefined;
}

/** A channel as a hook has it. */
export interface HookChannel {
  /** Why it was refused or taken away; null while all is well. */
  readonly lost: ClientError | null;
  readonly hold: RefObject<ChannelHold | null>;
}

/** Hold the channel open and tell its events; without a name, those of all channels that others hold. */
export function useChannel(
  client: KithClientApi | null | undefined,
  name: string | null,
  latest: { readonly current: ChannelCallbacks },
  listeners: Emitters<[ServerEvent]>,
): HookChannel {
  const [lost, setLost] = useState<ClientError | null>(null);
  const hold = useRef<ChannelHold>(null);
  useEffect(() => {
    if (!client) return;
    const tell = (event: ServerEvent): void => {
      latest.current.onMessage?.(event);
      tellCallback(latest.current, event);
      listeners.tell(event.type, event);
    };
    if (!name) return client.onAny(tell);
    const slot = holdOf(client, name);
    const { handle } = slot.value;
    const ends = [
      slot.retain(),
      handle.onAny(tell),
      handle.onReset(() => latest.current.onReset?.()),
      handle.onCaughtUp(() => setLost(null)),
      handle.onLost((error) => {
        setLost(error);
        latest.current.onError?.(error);
      }),
    ];
    hold.current = slot.value;
    slot.value.reopen();
    return () => {
      for (const end of ends) end();
      hold.current = null;
      setLost(null);
    };
  }, [client, name, latest, listeners]);
  return { lost, hold };
}
