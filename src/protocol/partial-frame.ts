/**
 * The beginning of a frame whose end has not arrived. Only such bytes are copied: a frame that lies in one chunk is a
 * view of it.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A buffer up to this size is kept for the next frame. */
const keptBytes = 1 << 16;

/** Bytes that wait for the rest of their frame. */
export class PartialFrame {
  #bytes: Bytes = new Uint8Array(256);
  #length = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#length;
  }

  /** Copies bytes behind those that wait. The buffer doubles, so that small pieces of a huge frame stay cheap. */
  append(piece: Bytes): void {
    const wanted = this.#length + piece.length;
    if (wanted > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = wanted;
  }

  /** Gives what waits, `last` behind it, and is empty again. */
  join(last: Bytes): Bytes {
    if (this.#length === 0) return last;
    this.append(last);
    const whole = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > keptBytes) this.#bytes = new Uint8Array(256);
    return whole;
  }
}

/** The error for a frame that is longer than `limit` bytes. */
export function frameTooLong(limit: number): ProtocolError {
  return new ProtocolError(`Frame is longer than ${limit} bytes, which is all that is accepted`);
}

/** The error for a stream that ended before its last frame did. */
export function frameCutOff(): ProtocolError {
  return new ProtocolError("Stream ended in the middle of a frame");
}
