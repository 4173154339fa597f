import type { OwnStatus } from "./presence";

export const STATUS_NAMES: Readonly<Record<OwnStatus, string>> = {
  online: "Online",
  away: "Away",
  busy: "Busy",
  invisible: "Invisible",
};

/** What to say of somebody who is there. */
export function statusName(status: string): string {
  return status in STATUS_NAMES ? STATUS_NAMES[status as OwnStatus] : "Online";
}
