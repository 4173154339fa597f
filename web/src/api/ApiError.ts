/** A REST call that failed, in words for the person who made it. */
export class ApiError extends Error {
  /** PROTOCOL §6's code, or `network`. */
  readonly code: string;
  /** Of the HTTP answer; 0 where none came. */
  readonly status: number;
  /** Which input is wrong, where one is. */
  readonly field: string | null;

  constructor(code: string, message: string, status = 0, field: string | null = null) {
    super(message);
    this.code = code;
    this.status = status;
    this.field = field;
  }

  static network(): ApiError {
    return new ApiError("network", "Kith can't be reached right now.");
  }

  /** From an answer that is no 2xx, whose body may be anything. */
  static of(status: number, body: string): ApiError {
    const { code, message, field } = parsed(body);
    const text = typeof message === "string" && message ? message : `The server answered ${status}.`;
    return new ApiError(String(code ?? "internal"), text, status, typeof field === "string" ? field : null);
  }
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** What to tell somebody of anything that was thrown: an ApiError, a ClientError of a socket, or our own mistake. */
export function messageOf(error: unknown): string {
  if (
    typeof error === "object" &&
    error !== null &&
    "message" in error &&
    typeof error.message === "string"
  ) {
    return error.message;
  }
  return "Something went wrong.";
}

/** The thing is not there, or not for me: which of the two is not told. */
export function isForbidden(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return error.code === "forbidden" || error.code === "not_found";
}
