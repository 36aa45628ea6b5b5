/**
 * Turns an HTTP response into a value or into one of the family of errors. Only this file decides which.
 *
 * @module
 */

import {
  isMillraceError,
  NetworkError,
  NotFoundError,
  ProtocolError,
  RefusedError,
  ServerError,
} from "../errors.ts";
import type { Codec } from "../protocol/codec.ts";
import type { Asked, Bytes, PortAnswer } from "./port-types.ts";

/** An answer that is no error. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  /** The decoded body; undefined when there was none. */
  readonly value: unknown;
}

/**
 * Reads a response.
 *
 * @param codecs What the client can read.
 * @param acceptStatus A status of 400 or more that is an answer to this call and no error.
 * @throws {MillraceError} If the status is another one of 400 or more, or the body cannot be read.
 */
export async function readAnswer(
  response: PortAnswer,
  codecs: readonly Codec[],
  acceptStatus?: number,
): Promise<Answer> {
  const { status } = response;
  if (!isOk(status) && status !== acceptStatus) throw await toError(response, codecs);
  const bytes = await readBytes(response);
  if (bytes.length === 0) return { status, value: undefined };
  const codec = codecOf(response, codecs);
  if (codec === undefined) {
    const type = response.header("content-type") ?? "no content type";
    throw new ProtocolError(
      `Cannot read an answer of type '${type}': expected ${
        codecs.map(({ mediaType }) => mediaType).join(" or ")
      }`,
    );
  }
  return { status, value: decodeOrThrow(() => codec.decode(bytes)) };
}

/** Whether a status says that the call was served. */
export function isOk(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Runs a decoder or a reader of the protocol; what it throws becomes a {@linkcode ProtocolError}. */
export function decodeOrThrow<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw new ProtocolError(`Cannot understand the answer: ${messageOf(error)}`, { cause: error });
  }
}

/** The error that a response with an error status is. */
export async function toError(response: PortAnswer, codecs: readonly Codec[]): Promise<Error> {
  const { status, asked } = response;
  if (!(status >= 400)) return new ProtocolError(`Cannot use an answer with status ${status}`);
  const bytes = await readBytes(response);
  const isPlain = response.header("content-type")?.startsWith("text/plain");
  let body: { readonly error?: unknown; readonly reason?: unknown } | null | undefined;
  try {
    body = codecOf(response, codecs)?.decode(bytes) as typeof body;
  } catch {
    // The status says enough.
  }
  const told = textOf(body?.error);
  const text = isPlain ? new TextDecoder().decode(bytes.subarray(0, longestText)).trim() : told;
  // The answers of several calls look alike in a log.
  const named = asked?.id === undefined ? text : text?.replace("job not", `job '${asked.id}' not`);
  const ErrorOfStatus = status === 404 ? NotFoundError : status < 500 ? RefusedError : ServerError;
  return new ErrorOfStatus(
    named || `HTTP ${status}${asked ? ` for ${nameOf(asked)}` : ""}`,
    status,
    {
      fromBroker: told !== undefined,
      retryAfterMs: readRetryAfter(response),
      reason: textOf(body?.reason),
    },
  );
}

/** A plain-text message is shown up to this length; a page of HTML, as a proxy sends it, not at all. */
const longestText = 500;

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A server that asks for more is asked again after this, in ms. */
const longestWaitMs = 300_000;

/**
 * `Retry-After` in ms: seconds, or an instant by the server's own clock (RFC 9110, section 10.2.3).
 */
function readRetryAfter(response: PortAnswer): number | undefined {
  const text = response.header("retry-after") ?? "";
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - Date.parse(response.header("date") ?? "");
  return ms >= 0 ? Math.min(ms, longestWaitMs) : undefined;
}

async function readBytes(response: PortAnswer): Promise<Bytes> {
  try {
    return await response.bytes();
  } catch (error) {
    throw new NetworkError(`Answer was cut off: ${messageOf(error)}`, { cause: error });
  }
}

/** The codec of a response, by its content type and not by what was asked for; undefined when this client has none. */
function codecOf(response: PortAnswer, codecs: readonly Codec[]): Codec | undefined {
  const type = response.header("content-type")?.replace(/;.*/, "").trim().toLowerCase();
  return codecs.find(({ mediaType }) => mediaType === type);
}

/** Names a call by its method and address, without what is asked for in the query. */
export function nameOf({ method, url }: Asked): string {
  return `${method} ${url.split("?")[0]}`;
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
