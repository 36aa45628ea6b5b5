import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addSaturating } from "../../src/store/add-saturating.ts";
import { retryDelay } from "../../src/store/retry-delay.ts";

describe("retryDelay", () => {
  it("is attempts^exponent seconds plus the base, as the protocol's examples have it", () => {
    assert.equal(retryDelay({ exponent: 2, baseMs: 500, jitterMs: 0 }, 1, 0), 1500);
    assert.equal(retryDelay({ exponent: 1, baseMs: 200, jitterMs: 0 }, 1, 0), 1200);
    const standard = { exponent: 4, baseMs: 15_000, jitterMs: 0 };
    assert.deepEqual([1, 2, 3].map((n) => retryDelay(standard, n, 0)), [
      16_000,
      31_000,
      96_000,
    ]);
  });

  it("scales the jitter by the attempts", () => {
    const delay = retryDelay({ exponent: 0, baseMs: 0, jitterMs: 1000 }, 3, 0.5);
    assert.equal(delay, 1000 + 1500);
  });

  it("reads the exponent as the 32-bit float that the wire carries", () => {
    const delay = retryDelay({ exponent: 1.1, baseMs: 0, jitterMs: 0 }, 10, 0);
    assert.equal(delay, Math.trunc(10 ** Math.fround(1.1) * 1000));
  });

  it("saturates instead of wrapping around, and is never negative", () => {
    const huge = retryDelay({ exponent: 400, baseMs: 0, jitterMs: 0 }, 2, 0);
    assert.equal(huge, Number.MAX_SAFE_INTEGER);
    assert.equal(addSaturating(Date.UTC(2026, 0), huge), Number.MAX_SAFE_INTEGER);
    assert.equal(retryDelay({ exponent: -400, baseMs: 0, jitterMs: 0 }, 2, 0), 0);
  });
});
