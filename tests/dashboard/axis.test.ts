/** The lines of charts. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stepTo, tellStep } from "../../src/dashboard/page/axis.ts";

/** What stands beside the lines of a chart with three steps. */
function linesOf(most: number, isSpan: boolean): string[] {
  const step = stepTo(most, 3, isSpan);
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, at) => tellStep(at * step, isSpan));
}

describe("the lines of a chart", () => {
  it("stand at round numbers", () => {
    assert.deepEqual(linesOf(3, false), ["0", "1", "2", "3"]);
    assert.deepEqual(linesOf(18, false), ["0", "10", "20"]);
    assert.deepEqual(linesOf(1, false), ["0", "0.5", "1"]);
  });

  it("stand at round times, which are short", () => {
    const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
    for (
      const [most, lines] of [
        [25, ["0", "10 ms", "20 ms", "30 ms"]],
        [1500, ["0", "500 ms", "1 s", "1.5 s"]],
        [1600, ["0", "1 s", "2 s"]],
        [50_000, ["0", "20 s", "40 s", "1 min"]],
        [90_000, ["0", "30 s", "1 min", "1.5 min"]],
        [10.2 * minute, ["0", "5 min", "10 min", "15 min"]],
        [85 * minute, ["0", "30 min", "1 h", "1.5 h"]],
        [17 * hour, ["0", "6 h", "12 h", "18 h"]],
        [30 * hour, ["0", "12 h", "1 d", "1.5 d"]],
        [40 * day, ["0", "20 d", "40 d"]],
      ] as const
    ) assert.deepEqual(linesOf(most, true), lines, `${most} ms`);
  });
});
