import { ApiError } from "../api/ApiError";

/** So long before its end a token counts as expired: it has to get to the server, and clocks differ. */
const MARGIN_MS = 60_000;

export interface TokenPair {
  readonly access: string;
  readonly refresh: string;
}

/** The two tokens of a sign-in. The access token is renewed when somebody asks for it, once for all who ask. */
export class Tokens {
  private access: string;
  private refreshing: Promise<string | null> | null = null;
  readonly refresh: string;
  private readonly onChange: (access: string) => void;
  private readonly onRefused: () => void;

  /** `onChange`: a new access token came. `onRefused`: none will ever come again. */
  constructor(pair: TokenPair, onChange: (access: string) => void, onRefused: () => void) {
    this.access = pair.access;
    this.refresh = pair.refresh;
    this.onChange = onChange;
    this.onRefused = onRefused;
  }

  /**
   * An access token that is good for a while; null: the sign-in has ended.
   * `refused`: the token that the server has just turned down, whatever its expiry says.
   * Rejects with an ApiError while the server can't be asked.
   */
  async fresh(refused?: string): Promise<string | null> {
    if (this.access !== refused && expiryOf(this.access) - Date.now() > MARGIN_MS) return this.access;
    this.refreshing ??= this.renew().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async renew(): Promise<string | null> {
    const response = await fetch("/api/token/refresh/", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh: this.refresh }),
    }).catch(() => {
      throw ApiError.network();
    });
    if (response.status === 401) {
      this.onRefused();
      return null;
    }
    if (!response.ok) throw ApiError.of(response.status, await response.text());
    const { access } = (await response.json()) as { access: string };
    this.access = access;
    this.onChange(access);
    return access;
  }
}

/** When a token ends, as `Date.now()` tells time; 0 for what is none. */
export function expiryOf(token: string): number {
  try {
    const payload = token.split(".")[1] ?? "";
    const claims: unknown = JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/")));
    const exp = typeof claims === "object" && claims !== null && "exp" in claims ? Number(claims.exp) : 0;
    return Number.isFinite(exp) ? exp * 1000 : 0;
  } catch {
    return 0;
  }
}
