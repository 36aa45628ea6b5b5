/** Backoffs in people's words, held against the protocol's formula. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Backoff, exponential, fixed, polynomial } from "../../src/client/mod.ts";
import { retryDelay } from "../../src/store/retry-delay.ts";

/** The first waits, in ms; with the least or the most chance has to say. */
function waits(backoff: Backoff, count = 10, chance = 0): number[] {
  return Array.from({ length: count }, (_, at) => retryDelay(backoff, at + 1, chance));
}
const inSeconds = (waits: readonly number[]) => waits.map((ms) => Math.round(ms / 1000));
const most = 1 - 2 ** -53;

describe("backoffs", () => {
  it("fixed: the same wait each time, to the ms", () => {
    assert.deepEqual(waits(fixed("1m")), Array(10).fill(60_000));
    assert.deepEqual(waits(fixed(1000), 10, most), Array(10).fill(1000));
    assert.deepEqual(waits(fixed("1.5h")), Array(10).fill(5_400_000));
  });

  it("polynomial: the protocol's formula, and its defaults", () => {
    assert.deepEqual(polynomial(), { exponent: 4, baseMs: 15_000, jitterMs: 30_000 });
    assert.deepEqual(inSeconds(waits(polynomial())), [
      16,
      31,
      96,
      271,
      640,
      1311,
      2416,
      4111,
      6576,
      10015,
    ]);
    assert.deepEqual(inSeconds(waits(polynomial(), 10, most)), [
      46,
      91,
      186,
      391,
      790,
      1491,
      2626,
      4351,
      6846,
      10315,
    ]);
    const square = polynomial({ exponent: 2, base: 0, jitter: 0 });
    assert.deepEqual(inSeconds(waits(square)), [1, 4, 9, 16, 25, 36, 49, 64, 81, 100]);
    assert.deepEqual(polynomial({ exponent: 1, base: "2m", jitter: "0.5s" }), {
      exponent: 1,
      baseMs: 120_000,
      jitterMs: 500,
    });
  });

  it("exponential: near to one, and the same at the first and the tenth wait", () => {
    const given = waits(exponential("10s"));
    assert.deepEqual(inSeconds(given), [10, 22, 68, 180, 400, 778, 1371, 2243, 3467, 5120]);
    assert.deepEqual(inSeconds(waits(exponential("10s", { factor: 1 }))), Array(10).fill(10));
  });

  it("exponential: reaches 'max' at the last retry and not before, with all of the random part", () => {
    const rising = waits(exponential("10s", { max: "1h" }), 25);
    assert.deepEqual(
      inSeconds(rising.slice(0, 10)),
      [10, 15, 25, 43, 69, 104, 150, 207, 276, 358],
    );
    assert.ok(rising.every((ms) => ms <= 3_600_000));
    assert.ok(rising[24]! > 3_599_900);
    const few = waits(exponential("10s", { max: "10m", retries: 10 }));
    assert.deepEqual(inSeconds(few), [10, 16, 30, 56, 96, 152, 229, 327, 450, 600]);
    const random = exponential("10s", { max: "1h", jitter: 0.1 });
    assert.equal(random.jitterMs, 1000);
    assert.equal(waits(random, 1)[0], 10_000);
    assert.ok(waits(random, 25, most).every((ms) => ms <= 3_600_000));
    assert.ok(waits(random, 25, most)[24]! > 3_599_900);
    // The exponential stays below: then it is the one that is met.
    const slow = waits(exponential("10s", { factor: 1.1, max: "1h", retries: 10 }));
    assert.equal(Math.round(slow[9]! / 100), Math.round(100 * 1.1 ** 9));
  });

  it("refuse what the protocol cannot do", () => {
    const shortest = "expected a second or more, as the protocol has no shorter wait";
    const cases: [() => unknown, string][] = [
      [() => fixed("500ms"), `Cannot use 'wait' 500ms: ${shortest}`],
      [() => exponential(999), `Cannot use 'base' 999: ${shortest}`],
      [() => fixed("50d"), "Cannot use 'wait' 50d: expected 4294967295 ms at most"],
      [
        () => exponential("10s", { max: "5s" }),
        "Cannot use 'max' 5s with 'base' 10s: expected 10000 ms or more, which is the base with the random part of retry 25",
      ],
      [
        () => exponential("10s", { factor: 0.5 }),
        "Cannot use 'factor' 0.5: expected a finite number of 1 or more",
      ],
      [
        () => exponential("10s", { jitter: 2 }),
        "Cannot use 'jitter' 2: expected a number from 0 to 1",
      ],
      [
        () => exponential("10s", { retries: 1 }),
        "Cannot use 'retries' 1: expected a whole number of 2 or more",
      ],
      [
        () => exponential("10s", { factor: 1e300 }),
        "Cannot use 'factor' 1e+300 for 10 retries: it is too large",
      ],
      [() => polynomial({ exponent: NaN }), "Cannot use 'exponent' NaN: expected a finite number"],
    ];
    for (const [act, message] of cases) assert.throws(act, { name: "RangeError", message });
  });
});
