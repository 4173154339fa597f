import type { EventOf, EventType, ServerEvent } from "../generated.js";

/** What a hook says of its own life, and no event is called: `onOpen` of an event `open` would be two things. */
type Reserved = "open" | "close" | "error" | "message" | "reset";

export type PascalCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Capitalize<Head>}${PascalCase<Tail>}`
  : Capitalize<S>;

/** A callback for each event: `onNewMessage` for `new_message`. */
export type EventCallbacks = {
  readonly [T in Exclude<EventType, Reserved> as `on${PascalCase<T>}`]?:
    | ((event: EventOf<T>) => void)
    | undefined;
};

const RESERVED: ReadonlySet<string> = new Set<Reserved>(["open", "close", "error", "message", "reset"]);

function nameOf(type: string): string {
  const words = type.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `on${words.join("")}`;
}

/** Tell the one of these callbacks that is meant for this event, if there is one. */
export function tellCallback(callbacks: EventCallbacks, event: ServerEvent): void {
  if (RESERVED.has(event.type)) return;
  const named = callbacks as Readonly<Record<string, unknown>>;
  const callback = named[nameOf(event.type)];
  if (typeof callback === "function") callback(event);
}
