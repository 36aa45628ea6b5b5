import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toMs } from "../../src/async/duration.ts";

describe("toMs", () => {
  it("reads numbers as ms and texts by their unit", () => {
    const read: [number | string, number][] = [
      [0, 0],
      [1.4, 1],
      ["250ms", 250],
      ["30s", 30_000],
      ["1.5h", 5_400_000],
      ["10m", 600_000],
      ["7d", 604_800_000],
    ];
    for (const [value, ms] of read) assert.equal(toMs(value, "delay"), ms);
  });

  it("names the option and the value that it cannot read", () => {
    for (const value of ["", "10", "10 m", "-5s", "5w", "1e3s", "ms", null as unknown as string]) {
      assert.throws(() => toMs(value, "delay"), { name: "TypeError", message: /'delay'/ });
    }
  });

  it("refuses durations that are none", () => {
    for (const value of [-1, NaN, Infinity, `${"9".repeat(30)}d`]) {
      assert.throws(() => toMs(value, "delay"), { name: "RangeError", message: /'delay'/ });
    }
  });
});
