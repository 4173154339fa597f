/**
 * Ids of events that were told, so that a repeat is known: at least the last 10,000, which is as many as a server
 * replays to one cursor (`KITH_REPLAY_LIMIT`).
 */
const KEPT = 10_000;

export class RecentIds {
  private young = new Set<number>();
  private old = new Set<number>();

  /** Remember this id; false: it was known. */
  add(id: number): boolean {
    if (this.young.has(id) || this.old.has(id)) return false;
    this.young.add(id);
    if (this.young.size >= KEPT) {
      this.old = this.young;
      this.young = new Set();
    }
    return true;
  }
}
