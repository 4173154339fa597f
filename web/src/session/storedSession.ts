import type { Person } from "../api/rows";
import type { TokenPair } from "./Tokens";

/** A sign-in, kept for this window alone: another window may be somebody else's, and a reload stays signed in. */
export interface StoredSession {
  readonly tokens: TokenPair;
  readonly user: Person;
}

const KEY = "kith.session";

export const storedSession = {
  read(): StoredSession | null {
    try {
      return JSON.parse(sessionStorage.getItem(KEY) ?? "null") as StoredSession | null;
    } catch {
      return null;
    }
  },
  write(session: StoredSession): void {
    sessionStorage.setItem(KEY, JSON.stringify(session));
  },
  clear(): void {
    sessionStorage.removeItem(KEY);
  },
};
