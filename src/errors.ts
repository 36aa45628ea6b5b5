/**
 * The errors that are not the caller's mistake: one family, {@linkcode MillraceError}, each with a literal `code`.
 *
 * A mistake in a call, such as an option out of range, is a built-in `TypeError` or `RangeError`. Whether trying
 * again can help is decided in this file and nowhere else.
 *
 * @module
 */

/** The kinds of failure, each with its class. */
export type MillraceErrorCode =
  | "network"
  | "timeout"
  | "protocol"
  | "not_found"
  | "refused"
  | "server"
  | "payload"
  | "partial"
  | "lease_lost"
  | "cancelled"
  | "store"
  | "webhook";

/** What every member of the family is built from. */
export interface MillraceErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** The kinds that may not happen again when the same call is tried later. */
const retryableCodes: ReadonlySet<MillraceErrorCode> = new Set(["network", "timeout", "server"]);

/** Too slow, too early, too many: the statuses of 4xx that ask for another try. */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

/** The same in all copies of this module, so that {@linkcode isMillraceError} knows the errors of another copy. */
const brand = Symbol.for("millrace.error");

/**
 * The base class of the family. {@linkcode isMillraceError} tells whether an error belongs to it.
 *
 * @example
 * ```ts
 * import { createClient, isMillraceError } from "@millrace/millrace/client";
 *
 * const client = createClient({ fetch: () => Promise.reject(new TypeError("connection refused")) });
 * try {
 *   await client.enqueue({ type: "greet", queue: "default", payload: "Ada" });
 * } catch (error) {
 *   if (isMillraceError(error)) console.log(error.code, error.retryable); // network true
 * }
 * ```
 */
export abstract class MillraceError extends Error {
  /** The class, as a literal. */
  abstract override readonly name: string;
  /** The kind of failure, as a literal. */
  abstract readonly code: MillraceErrorCode;
  /** Whether the same call may succeed later, although nothing in it is changed. */
  get retryable(): boolean {
    return retryableCodes.has(this.code);
  }
}

// Not in the class body, where the type of every error would have to name the symbol.
Object.defineProperty(MillraceError.prototype, brand, { value: true });

/** The request did not reach the server, or its answer did not arrive. Retryable. */
export class NetworkError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "NetworkError";
  /** The literal kind of this error. */
  override readonly code = "network";
}

/** No answer came within the call's `timeoutMs`. Retryable, but the request may have been served. */
export class TimeoutError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "TimeoutError";
  /** The literal kind of this error. */
  override readonly code = "timeout";
}

/** The other side sent what the protocol does not allow: a frame that is cut off, a malformed body. */
export class ProtocolError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "ProtocolError";
  /** The literal kind of this error. */
  override readonly code = "protocol";
}

/** What a {@linkcode ResponseError} is built from. */
export interface ResponseErrorOptions extends MillraceErrorOptions {
  /**
   * Whether the answer has the form of a broker's errors. That of a proxy before the broker has another.
   *
   * @default {true}
   */
  readonly fromBroker?: boolean | undefined;
  /** How long the server asks to wait before the call is repeated, in ms; undefined if it does not say. */
  readonly retryAfterMs?: number | undefined;
  /** Why the server refused, in a word, if it says so. */
  readonly reason?: string | undefined;
}

/** The server answered with an error status. */
export abstract class ResponseError extends MillraceError {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Whether the answer has the form of a broker's errors. That of a proxy before the broker has another. */
  readonly fromBroker: boolean;
  /** How long the server asks to wait before the call is repeated, in ms; undefined if it does not say. */
  readonly retryAfterMs: number | undefined;
  /**
   * Why a Millrace broker refused a call on a leased job: `not_running`, `other_worker` or `not_leased`. Undefined of all
   * other errors.
   */
  readonly reason: string | undefined;

  /**
   * Creates the error.
   *
   * @param message The server's message, or `HTTP <status>` where it gave none.
   * @param status The HTTP status.
   * @param options What led to it.
   */
  constructor(message: string, status: number, options: ResponseErrorOptions = {}) {
    super(message, options);
    this.status = status;
    this.fromBroker = options.fromBroker ?? true;
    this.retryAfterMs = options.retryAfterMs;
    this.reason = options.reason;
  }
}

/** 404: the job, or whatever was asked for, does not exist. */
export class NotFoundError extends ResponseError {
  /** The literal name of this class. */
  override readonly name = "NotFoundError";
  /** The literal kind of this error. */
  override readonly code = "not_found";
}

/** Any other 4xx: the server refused the call. Retryable with 408, 425 and 429; else asking again changes nothing. */
export class RefusedError extends ResponseError {
  /** The literal name of this class. */
  override readonly name = "RefusedError";
  /** The literal kind of this error. */
  override readonly code = "refused";
  /** Whether the refusal was for the moment only. */
  override get retryable(): boolean {
    return passing.has(this.status);
  }
}

/** 5xx: the server failed. Retryable. */
export class ServerError extends ResponseError {
  /** The literal name of this class. */
  override readonly name = "ServerError";
  /** The literal kind of this error. */
  override readonly code = "server";
}

/** A payload does not fit the schema of its job, or cannot be read: it was deleted, changed, or encrypted with another key. */
export class PayloadError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "PayloadError";
  /** The literal kind of this error. */
  override readonly code = "payload";
}

/** The database cannot be used: locked by another broker, corrupt, newer than this version. */
export class StoreError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "StoreError";
  /** The literal kind of this error. */
  override readonly code = "store";
}

/**
 * A job is not this worker's any more: its lease ended, or somebody took it away. The work on it is to be abandoned: another
 * worker may be at it already. What is reported of it is refused.
 */
export class LeaseLostError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "LeaseLostError";
  /** The literal kind of this error. */
  override readonly code = "lease_lost";
}

/**
 * Somebody wants a job that runs to be cancelled; the message says why. The job is still this worker's: the handler has its
 * chance to clean up. If it throws then, whatever it throws, the job is dead; if it returns, the job is done.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { handle, JobCancelledError } from "@millrace/millrace/worker";
 *
 * const convert = defineJob<{ pages: number }>({ type: "convert", queue: "default" });
 *
 * handle(convert, ({ pages }, { signal }) => {
 *   for (let page = 0; page < pages; page++) {
 *     if (signal.reason instanceof JobCancelledError) console.log(signal.reason.message);
 *     signal.throwIfAborted();
 *   }
 * });
 * ```
 */
export class JobCancelledError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "JobCancelledError";
  /** The literal kind of this error. */
  override readonly code = "cancelled";
}

/** What the family knows of a `PartialEnqueueError`, whose class is the client's. */
export interface PartialFailure extends MillraceError {
  /** The literal name of its class. */
  readonly name: "PartialEnqueueError";
  /** The literal kind of this error. */
  readonly code: "partial";
  /** The jobs that are stored. */
  readonly enqueued: readonly { readonly id: string }[];
}

/** What the family knows of a `WebhookError`, whose class is that of `./offload`. */
export interface WebhookFailure extends MillraceError {
  /** The literal name of its class. */
  readonly name: "WebhookError";
  /** The literal kind of this error. */
  readonly code: "webhook";
  /** Why, in a word. */
  readonly reason: string;
}

/** Each member of the family. Its `code` tells which it is, to the compiler too. */
export type AnyMillraceError =
  | NetworkError
  | TimeoutError
  | ProtocolError
  | NotFoundError
  | RefusedError
  | ServerError
  | PayloadError
  | PartialFailure
  | LeaseLostError
  | JobCancelledError
  | StoreError
  | WebhookFailure;

/**
 * Tells whether something belongs to the family, even if another copy of this module made it.
 *
 * @param value Anything, such as what was caught.
 * @param code The kind of failure that it is to be; any, when left out.
 *
 * @example
 * ```ts
 * import { isMillraceError, NotFoundError } from "@millrace/millrace/client";
 *
 * const caught: unknown = new NotFoundError("job not found", 404);
 * if (isMillraceError(caught, "not_found")) console.log(caught.status); // 404
 * if (isMillraceError(caught)) {
 *   switch (caught.code) {
 *     case "refused":
 *     case "not_found":
 *       console.log(caught.fromBroker); // true
 *   }
 * }
 * ```
 */
export function isMillraceError<Code extends MillraceErrorCode>(
  value: unknown,
  code?: Code,
): value is Extract<AnyMillraceError, { readonly code: Code }> {
  return hasBrand(value, brand) && (code === undefined || (value as MillraceError).code === code);
}

/**
 * Tells whether a failure is no broker's last word: the network, a server that fails, or a proxy that refuses for the
 * moment. A broker of the protocol knows neither tokens nor users, so 401, 403 and 407 are not its own, whatever they
 * look like. What is refused for what it is, such as its size, stays so, whoever refuses it.
 */
export function mayPass(error: MillraceError): boolean {
  if (error.retryable) return true;
  if (error.code === "protocol") return true;
  const { status, fromBroker } = error as Partial<ResponseError>;
  if (status === 404) return fromBroker === false;
  return status === 401 || status === 403 || status === 407;
}

/** How long a server asks to wait after an error, in ms; 0 if it does not, or if the error is none of its answers. */
export function askedDelayMs(error: unknown): number {
  return (error as Partial<ResponseError> | undefined)?.retryAfterMs ?? 0;
}

/** Whether a value has a brand; false for what cannot be looked at, such as a revoked proxy. */
export function hasBrand(value: unknown, brand: symbol): boolean {
  try {
    return typeof value === "object" && value !== null && brand in value;
  } catch {
    return false;
  }
}
