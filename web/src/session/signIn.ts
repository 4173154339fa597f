import { ApiError } from "../api/ApiError";
import type { Person } from "../api/rows";
import type { StoredSession } from "./storedSession";
import type { TokenPair } from "./Tokens";

/** Sign in with a password. Rejects with an ApiError. */
export async function signIn(username: string, password: string): Promise<StoredSession> {
  const tokens = await answer<TokenPair>("/api/token/", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  const user = await answer<Person>("/api/me/", { headers: { Authorization: `Bearer ${tokens.access}` } });
  return { tokens, user };
}

/** End a sign-in on the server, so that its tokens are worth nothing. Tried once: the window forgets them anyway. */
export async function signOut({ tokens }: StoredSession): Promise<void> {
  await fetch("/api/logout/", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refresh: tokens.refresh }),
    keepalive: true,
  }).catch(() => undefined);
}

async function answer<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch(() => {
    throw ApiError.network();
  });
  if (!response.ok) throw ApiError.of(response.status, await response.text());
  return (await response.json()) as T;
}
