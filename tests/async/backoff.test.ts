import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backoffMs } from "../../src/async/backoff.ts";

const range = { baseMs: 100, maxMs: 1000 };

describe("backoffMs", () => {
  it("doubles up to maxMs", () => {
    const delays = [1, 2, 3, 4, 5, 6].map((failures) => backoffMs(failures, range, () => 1));
    assert.deepEqual(delays, [100, 200, 400, 800, 1000, 1000]);
  });

  it("takes away up to half of the delay, by chance", () => {
    assert.equal(backoffMs(1, range, () => 0), 50);
    assert.equal(backoffMs(1, range, () => 0.5), 75);
  });

  it("stays at maxMs after any number of failures", () => {
    assert.equal(backoffMs(1_000_000, range, () => 1), 1000);
  });
});
