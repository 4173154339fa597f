import type { Tokens } from "../session/Tokens";
import { ApiError } from "./ApiError";
import { upload } from "./upload";

export interface Uploaded {
  /** What a message or a post names. */
  readonly attachment: string;
}

/** REST, as one signed-in person. Every method rejects with an `ApiError`. */
export class Api {
  private readonly tokens: Tokens;

  constructor(tokens: Tokens) {
    this.tokens = tokens;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.call("GET", path)).json() as Promise<T>;
  }

  async post<T>(path: string, body: object = {}): Promise<T> {
    return this.written<T>("POST", path, body);
  }

  async patch<T>(path: string, body: object): Promise<T> {
    return this.written<T>("PATCH", path, body);
  }

  async put<T>(path: string, body: object): Promise<T> {
    return this.written<T>("PUT", path, body);
  }

  async delete(path: string): Promise<void> {
    await this.call("DELETE", path);
  }

  /** A file that only signed-in people may read. */
  async blob(path: string): Promise<Blob> {
    return (await this.call("GET", path)).blob();
  }

  /** Store a file. `onProgress` is told the part that is done, 0 … 1. */
  async upload(file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<Uploaded> {
    const send = (token: string) => upload(file, token, onProgress, signal);
    const token = await this.token();
    try {
      return await send(token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return send(await this.token(token));
    }
  }

  private async written<T>(method: string, path: string, body: object): Promise<T> {
    const response = await this.call(method, path, JSON.stringify(body));
    return response.json() as Promise<T>;
  }

  private async call(method: string, path: string, body?: string): Promise<Response> {
    const token = await this.token();
    let response = await ask(method, path, token, body);
    if (response.status === 401) response = await ask(method, path, await this.token(token), body);
    if (!response.ok) throw ApiError.of(response.status, await response.text());
    return response;
  }

  private async token(refused?: string): Promise<string> {
    const token = await this.tokens.fresh(refused);
    if (token === null) throw new ApiError("token_revoked", "You are signed out.", 401);
    return token;
  }
}

async function ask(method: string, path: string, token: string, body: string | undefined): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, { method, headers, body: body ?? null });
  } catch {
    throw ApiError.network();
  }
}
