/**
 * Unpacks a body, piece by piece, and notices when a part is missing.
 *
 * @module
 */

import { CallError } from "../exchange/call-error.ts";
import { cut } from "./response-body.ts";
import { malformed } from "./response-head.ts";

/** The packings that are asked for, and how the platform calls them. */
const formats: Readonly<Record<string, CompressionFormat>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
};

/** Packings that a body must not have, as nobody here can read them. */
const others = /(^|[\s,])((x-)?gzip|deflate|br|zstd|(x-)?compress|dcb|dcz)($|[\s,])/;

/** Pieces that are unpacked are small, as each may become a thousand times as large, on Deno at once. */
export const packedPieceBytes = 2_048;

/**
 * How a body is packed.
 *
 * @param headers The headers of the answer.
 * @returns Undefined if it is not, or in a way that nobody knows: that is left to who reads it.
 * @throws {CallError} If it is packed as was not asked.
 */
export function packingOf(headers: Headers): CompressionFormat | undefined {
  const coding = headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  const format = Object.hasOwn(formats, coding) ? formats[coding] : undefined;
  if (format !== undefined || !others.test(coding)) return format;
  throw malformed(`is packed as '${coding}', expected 'gzip'`, "content_encoding");
}

/**
 * Unpacks a body.
 *
 * @param next The next piece of it; undefined at the end.
 * @param format How it is packed.
 * @param isDelimited Whether its end is known by something else than the end of the connection.
 * @returns The next piece that is unpacked; undefined at the end.
 */
export function unpack(
  next: () => Promise<Uint8Array | undefined>,
  format: CompressionFormat,
  isDelimited: boolean,
): () => Promise<Uint8Array | undefined> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let failure: { readonly error: unknown } | undefined;
  let isOver = false;

  const open = (first: Uint8Array) => {
    let held: Uint8Array | undefined = first;
    const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        try {
          const piece = held ?? await next();
          held = undefined;
          if (piece !== undefined) return controller.enqueue(piece as Uint8Array<ArrayBuffer>);
          isOver = true;
          controller.close();
        } catch (error) {
          failure = { error };
          controller.error(error);
        }
      },
    }, { highWaterMark: 0 });
    return packed.pipeThrough(new DecompressionStream(format)).getReader();
  };

  return async () => {
    if (reader === undefined) {
      // Servers say that a body is packed also if there is none.
      const first = await next();
      if (first === undefined && isDelimited) return undefined;
      if (first === undefined) throw cut("nothing of what was packed came");
      // Not all platforms say of what is no gzip that it is none.
      if (format === "gzip" && first[0] !== 0x1f) throw damaged();
      reader = open(first);
    }
    try {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    } catch (error) {
      if (failure !== undefined) throw failure.error;
      throw toCallError(error, isOver);
    }
  };
}

/** Of what is cut off and what is damaged, platforms speak alike; what came in full is damaged only if they say so. */
function toCallError(error: unknown, isOver: boolean): CallError {
  const { message, code } = error as Error & { code?: string };
  const isDamaged = /Z_DATA|JUNK/.test(`${code}`) ||
    /inflate failed|header|junk|whole buffer|corrupt deflate/i.test(message);
  return isOver && !isDamaged ? cut("the end of what was packed is missing") : damaged();
}

function damaged(): CallError {
  return malformed("is packed, and damaged", "content_damaged");
}
