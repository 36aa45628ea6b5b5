/**
 * A number that tells one body from another.
 *
 * It guards against a mistake, the same idempotency key on two different calls, and against nobody who means harm: who may
 * call may enqueue whatever they like. So it need not be cryptographic, which is a promise for each call on the web's own
 * `crypto.subtle`, and takes longer than all else that a key costs. Of two other bodies one in 2^53 passes for the same.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { BodyBytes } from "../../protocol/request-body.ts";

/** So many bytes take some milliseconds; then others get a turn. */
const bytesOfPiece = 4 * 2 ** 20;

/** The fingerprint of a body, from 0 to 2^53 − 1; of a large one with turns for other work. */
export async function fingerprintOf(
  bytes: BodyBytes,
  seed: number,
  clock: Clock,
): Promise<number> {
  let fingerprint = hash(bytes.subarray(0, bytesOfPiece), seed);
  for (let at = bytesOfPiece; at < bytes.length; at += bytesOfPiece) {
    await pause(clock);
    fingerprint = hash(bytes.subarray(at, at + bytesOfPiece), fingerprint);
  }
  return fingerprint;
}

const first = 0x9e3779b1;
const second = 0x5f356495;

/** Two hashes of 32 bits in one go, four bytes at a time. Each step can be undone, so that none loses a difference. */
function hash(bytes: BodyBytes, seed: number): number {
  let low = seed ^ bytes.length;
  let high = Math.floor(seed / 2 ** 32) ^ 0x2c1b3c6d;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rest = bytes.length % 4;
  for (let at = 0; at < bytes.length - rest; at += 4) {
    const word = view.getInt32(at, true);
    low = Math.imul(low ^ word, first);
    low ^= low >>> 15;
    high = Math.imul(high ^ word, second);
    high ^= high >>> 13;
  }
  for (let at = bytes.length - rest; at < bytes.length; at++) {
    low = Math.imul(low ^ bytes[at]!, first);
    low ^= low >>> 15;
    high = Math.imul(high ^ bytes[at]!, second);
    high ^= high >>> 13;
  }
  // What the last bytes changed reaches all bits, of the other half too.
  low = Math.imul(low ^ high >>> 16, second);
  high = Math.imul(high ^ low >>> 16, first);
  return ((high ^ high >>> 15) & 0x1fffff) * 2 ** 32 + ((low ^ low >>> 13) >>> 0);
}
