export type * from "./generated.js";
export type * from "./types.js";
