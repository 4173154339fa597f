import { ApiError } from "../api/ApiError";

/**
 * So long before its end a token is renewed: more than the minute by which the server warns of it, because clocks
 * differ. Of a short life it is the last third.
 */
const MARGIN_MS = 90_000;

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
    if (this.access !== refused && isGood(this.access, Date.now())) return this.access;
    return this.renewed();
  }

  /** A new access token, however good the old one looks. Otherwise as `fresh`. */
  async renewed(): Promise<string | null> {
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

/** Whether a token is good for a while yet; false for what is none. */
export function isGood(token: string, now: number): boolean {
  const { exp, iat } = claimsOf(token);
  const margin = Math.min(MARGIN_MS, (exp - iat) / 3);
  return exp - now > margin;
}

/** When it was given and when it ends, as `Date.now()` tells time. */
function claimsOf(token: string): { exp: number; iat: number } {
  try {
    const payload = token.split(".")[1] ?? "";
    const json = atob(payload.replace(/-/g, "+").replace(/_/g, "/"));
    const { exp, iat } = JSON.parse(json) as { exp?: unknown; iat?: unknown };
    return { exp: Number(exp) * 1000, iat: Number(iat) * 1000 };
  } catch {
    return { exp: 0, iat: 0 };
  }
}
