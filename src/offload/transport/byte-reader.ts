/**
 * Reads a connection by lines and by counts.
 *
 * @module
 */

import { CallError } from "../exchange/call-error.ts";
import type { Connection } from "./sockets.ts";

/** Reads from a connection. */
export interface ByteReader {
  /** Whether a byte has come. */
  readonly hasBegun: boolean;
  /** Whether everything that has come was read. */
  readonly isDrained: boolean;
  /**
   * A line, without its end.
   *
   * @param maxBytes How long it may be.
   * @throws {CallError} If it is longer, or the connection ends before.
   */
  line(maxBytes: number): Promise<string>;
  /**
   * What has come, or the next that comes.
   *
   * @param maxBytes How much at most.
   * @returns Undefined at the end.
   */
  some(maxBytes: number): Promise<Uint8Array | undefined>;
}

const lineFeed = 10;
const carriageReturn = 13;

/** Reads a connection from its next byte on. */
export function createByteReader(connection: Connection): ByteReader {
  let rest: Uint8Array = new Uint8Array();
  let hasBegun = false;

  const fill = async (): Promise<boolean> => {
    const next = await connection.read();
    if (next === undefined) return false;
    hasBegun = true;
    rest = next;
    return true;
  };

  return {
    get hasBegun() {
      return hasBegun;
    },
    get isDrained() {
      return rest.length === 0;
    },
    async line(maxBytes) {
      let text = "";
      for (;;) {
        if (rest.length === 0 && !await fill()) {
          throw new CallError(
            "connection",
            "The connection was closed before the answer was whole",
            {
              code: "answer_cut",
            },
          );
        }
        const end = rest.indexOf(lineFeed);
        const piece = end < 0 ? rest : rest.subarray(0, end);
        if (text.length + piece.length > maxBytes) {
          throw new CallError(
            "protocol",
            `The head of the answer is larger than ${maxBytes} bytes`,
            {
              code: "head_too_large",
            },
          );
        }
        text += toLatin1(piece);
        rest = rest.subarray(end < 0 ? rest.length : end + 1);
        if (end < 0) continue;
        return text.charCodeAt(text.length - 1) === carriageReturn ? text.slice(0, -1) : text;
      }
    },
    async some(maxBytes) {
      if (rest.length === 0 && !await fill()) return undefined;
      const piece = rest.subarray(0, maxBytes);
      rest = rest.subarray(piece.length);
      return piece;
    },
  };
}

/** Byte by byte. `TextDecoder("latin1")` is windows-1252. */
function toLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}
