/** Fingerprints of bodies: those of different bodies differ, however little and wherever. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/async/clock.ts";
import { fingerprintOf } from "../../src/broker/http/fingerprint.ts";

const of = (bytes: Uint8Array<ArrayBuffer>, seed = 1) => fingerprintOf(bytes, seed, systemClock);

/** A body with some bits turned over. */
function flipped(length: number, ...bits: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length).fill(0x61);
  for (const bit of bits) bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
}

describe("a fingerprint", () => {
  it("is the same for the same bytes, wherever they lie, and fits a number", async () => {
    const bytes = flipped(103, 5);
    const within = new Uint8Array(200);
    within.set(bytes, 3);
    const fingerprint = await of(bytes);
    assert.equal(await of(within.subarray(3, 106)), fingerprint);
    assert.ok(Number.isSafeInteger(fingerprint) && fingerprint >= 0);
    assert.notEqual(await of(bytes, 2), fingerprint);
  });

  it("differs for each length, and for any one or two bits", async () => {
    const bodies = Array.from({ length: 40 }, (_, length) => new Uint8Array(length));
    const bits = 23 * 8;
    for (let first = 0; first < bits; first++) {
      bodies.push(flipped(23, first));
      for (let second = 0; second < first; second++) bodies.push(flipped(23, first, second));
    }
    const seen = new Set<number>();
    for (const body of bodies) seen.add(await of(body));
    assert.equal(seen.size, bodies.length);
  });

  it("reaches behind the first piece of a large body", async () => {
    const length = 9 * 2 ** 20 + 1;
    const seen = new Set<number>();
    for (const bits of [[], [0], [5 * 2 ** 23], [length * 8 - 1]]) {
      seen.add(await of(flipped(length, ...bits)));
    }
    assert.equal(seen.size, 4);
  });
});
