export { KithClient } from "./client.js";
export type { Environment, SocketLike } from "./environment.js";
export type * from "./generated.js";
export type * from "./types.js";
