import type { Presence as Present } from "kith-client";
import type { UserId } from "../api/rows";

export const STATUSES = ["online", "away", "busy", "invisible"] as const;
export type OwnStatus = (typeof STATUSES)[number];

/** Who of my connections is online, and how. */
export type Presence = ReadonlyMap<UserId, Present>;
