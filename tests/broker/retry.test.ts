import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { later, retryDelay } from "../../src/broker/engine/retry.ts";

const never = () => 0;

describe("retryDelay", () => {
  it("is attempts^exponent seconds plus the base, as the protocol's examples have it", () => {
    assert.equal(retryDelay({ exponent: 2, baseMs: 500, jitterMs: 0 }, 1, never), 1500);
    assert.equal(retryDelay({ exponent: 1, baseMs: 200, jitterMs: 0 }, 1, never), 1200);
    const standard = { exponent: 4, baseMs: 15_000, jitterMs: 0 };
    assert.deepEqual([1, 2, 3].map((n) => retryDelay(standard, n, never)), [
      16_000,
      31_000,
      96_000,
    ]);
  });

  it("draws once and scales the jitter by the attempts", () => {
    const draws = [0.5];
    const delay = retryDelay({ exponent: 0, baseMs: 0, jitterMs: 1000 }, 3, () => draws.pop()!);
    assert.equal(delay, 1000 + 1500);
    assert.equal(draws.length, 0);
  });

  it("reads the exponent as the 32-bit float that the wire carries", () => {
    const delay = retryDelay({ exponent: 1.1, baseMs: 0, jitterMs: 0 }, 10, never);
    assert.equal(delay, Math.trunc(10 ** Math.fround(1.1) * 1000));
  });

  it("saturates instead of wrapping around, and is never negative", () => {
    const huge = retryDelay({ exponent: 400, baseMs: 0, jitterMs: 0 }, 2, never);
    assert.equal(huge, Number.MAX_SAFE_INTEGER);
    assert.equal(later(Date.UTC(2026, 0), huge), Number.MAX_SAFE_INTEGER);
    assert.equal(retryDelay({ exponent: -400, baseMs: 0, jitterMs: 0 }, 2, never), 0);
  });
});
