import { createContext, useContext } from "react";
import type { Api } from "../api/Api";
import type { Person } from "../api/rows";
import type { StoredFiles } from "../files/StoredFiles";
import type { Tokens } from "./Tokens";

/** Who is signed in, and what they can do as such. */
export interface Session {
  readonly user: Person;
  readonly tokens: Tokens;
  readonly api: Api;
  readonly files: StoredFiles;
  signOut(): void;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession is for what is inside SessionContext.");
  return session;
}
