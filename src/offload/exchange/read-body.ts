/**
 * Reads the body of an answer: never more than allowed, never less than announced, and never for longer than its silence may
 * last.
 *
 * @module
 */

import { concatBytes } from "../../protocol/concat-bytes.ts";
import { CallError } from "./call-error.ts";
import type { Limits } from "./limits.ts";
import type { PayloadRef } from "../payloads/payload-store.ts";
import type { ExchangePorts } from "./ports.ts";

/**
 * Reads a body to its end.
 *
 * @param response The answer.
 * @param method The method of its request: the answer to a `HEAD` announces a body that it does not have.
 * @param maxBytes How many bytes the body may have.
 * @returns The body, or where the sink put it.
 * @throws {CallError} If it is too large, or a part is missing.
 */
export async function readBody(
  response: Response,
  method: string,
  maxBytes: number,
  ports: ExchangePorts,
  limits: Limits,
): Promise<Uint8Array | PayloadRef> {
  const { body, headers } = response;
  if (body === null) return new Uint8Array();
  const announced = announcedBytes(response, method);
  if (announced !== undefined && announced > maxBytes) {
    body.cancel().catch(() => {});
    throw tooLarge(maxBytes);
  }

  limits.startBody();
  const reader = body.getReader();
  let size = 0;
  /** The next piece; undefined at the end. */
  const next = async (): Promise<Uint8Array | undefined> => {
    const { done, value } = await limits.race(reader.read());
    if (!done) {
      limits.heard();
      size += value.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      return value;
    }
    if (announced === undefined || size === announced) return undefined;
    throw new CallError(
      "connection",
      `The answer was cut off: ${size} bytes came, expected ${announced}`,
      { code: "body_cut" },
    );
  };
  try {
    if (ports.sink !== undefined) return await pour(next, headers, ports.sink, limits);
    const pieces: Uint8Array[] = [];
    for (let piece = await next(); piece !== undefined; piece = await next()) pieces.push(piece);
    return concatBytes(pieces);
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** Pours a body into a sink. What the body did is thrown before what the sink made of it. */
async function pour(
  next: () => Promise<Uint8Array | undefined>,
  headers: Headers,
  sink: NonNullable<ExchangePorts["sink"]>,
  limits: Limits,
): Promise<Uint8Array | PayloadRef> {
  let failure: { readonly error: unknown } | undefined;
  let isOver = false;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        // A pull that gives nothing is not repeated.
        let piece = await next();
        while (piece?.byteLength === 0) piece = await next();
        if (piece !== undefined) return controller.enqueue(piece);
        isOver = true;
        controller.close();
      } catch (error) {
        failure ??= { error };
        controller.error(error);
      }
    },
  }, { highWaterMark: 0 });
  const contentType = headers.get("content-type") ?? undefined;
  try {
    const body = await limits.race(sink(stream, { contentType, signal: limits.signal }));
    if (isOver) return body;
    throw new Error("The payload store stopped before the end of the answer");
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    if (limits.signal.aborted) throw limits.signal.reason;
    throw new SinkError(error);
  }
}

/** The payload store failed, and not the call. */
export class SinkError extends Error {
  /** The literal name of this class. */
  override readonly name = "SinkError";

  /**
   * Creates the error.
   *
   * @param cause What the store threw.
   */
  constructor(cause: unknown) {
    super("The payload store did not take the answer", { cause });
  }
}

/** How many bytes will come, if the answer says so and they are not packed. */
function announcedBytes({ headers, status }: Response, method: string): number | undefined {
  if (method === "HEAD" || status === 304) return undefined;
  const packing = headers.get("content-encoding");
  if (packing !== null && packing.toLowerCase() !== "identity") return undefined;
  const length = headers.get("content-length");
  return length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
}

function tooLarge(maxBytes: number): CallError {
  return new CallError("too_large", `The answer is larger than the ${maxBytes} bytes allowed`);
}
