import type { TokenSource } from "./types.js";

/** Asks the app for its token; calls that overlap share one question. */
export class Credentials {
  private asking: Promise<string | null> | null = null;

  constructor(private readonly source: TokenSource | undefined) {}

  /** Without a callback the session cookie signs in. */
  get byCookie(): boolean {
    return this.source === undefined;
  }

  /**
   * The app's token; null: signed out, or signed in by cookie.
   * Rejects with what the callback throws.
   */
  token(): Promise<string | null> {
    const { source } = this;
    if (source === undefined) return Promise.resolve(null);
    this.asking ??= Promise.resolve()
      .then(source)
      .finally(() => {
        this.asking = null;
      });
    return this.asking;
  }
}

/** The user of an access token, which only the server can judge; null where there is none to read. */
export function userOf(token: string): string | null {
  const payload = token.split(".")[1];
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    if (typeof claims !== "object" || claims === null || !("user_id" in claims)) return null;
    const user = claims.user_id;
    return typeof user === "string" || typeof user === "number" ? String(user) : null;
  } catch {
    return null; // not a JWT
  }
}
