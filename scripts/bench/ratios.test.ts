/**
 * The arithmetic of a comparison, and its decision.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ComparedFigure, findVerdicts } from "./compare-table.ts";
import { compare, geometricMean, judge, median, quantile, toSpread } from "./ratios.ts";

const sample = (ms: number, cpuMs: number) => ({ jobs: 1000, ms, cpuMs });

/** A figure whose speed and CPU ratios are these in each of four pairs. */
function figure(speed: number, cpu: number): ComparedFigure {
  const pair = { ours: sample(100, 100), theirs: sample(100 * speed, 100 * cpu) };
  const pairs = [pair, pair, pair, pair];
  return { runtime: "deno", setting: "embedded", figure: "list", ...compare(pairs), pairs };
}

describe("quantile() and median()", () => {
  it("sort by number, not by text", () => {
    assert.equal(median([10, 9, 100]), 10);
  });

  it("take the mean of the two in the middle of an even count", () => {
    assert.equal(median([4, 1, 3, 2]), 2.5);
  });

  it("lie on the line between neighbours", () => {
    assert.equal(quantile([0, 10, 20, 30, 40], 0.25), 10);
    assert.equal(quantile([0, 10], 0.25), 2.5);
    assert.equal(quantile([7], 0.75), 7);
  });

  it("leave the values in their order", () => {
    const values = [3, 1, 2];
    median(values);
    assert.deepEqual(values, [3, 1, 2]);
  });

  it("refuse an empty list", () => {
    assert.throws(() => median([]), RangeError);
  });
});

describe("toSpread()", () => {
  it("gives the median and both quartiles", () => {
    const { median, low, high } = toSpread([5, 1, 4, 2, 3]);
    assert.deepEqual([median, low, high], [3, 2, 4]);
  });

  it("has an error that halves with four times the values", () => {
    const values = [1, 2, 3, 4, 5].flatMap((value) => Array<number>(5).fill(value));
    const [few, many] = [toSpread(values), toSpread([...values, ...values, ...values, ...values])];
    assert.equal(few.high - few.low, many.high - many.low);
    assert.ok(Math.abs(few.error / many.error - 2) < 1e-12);
  });

  it("has an error without limit for a single value", () => {
    assert.equal(toSpread([0.5]).error, Infinity);
  });
});

describe("judge()", () => {
  const spread = (median: number, error: number) => ({ median, error, low: median, high: median });

  it("passes a median at the floor, whatever its error", () => {
    assert.equal(judge(spread(0.97, 0), 0.97), "passes");
    assert.equal(judge(spread(0.98, 0.001), 0.97), "passes");
  });

  it("is below when one and a half errors do not reach 1", () => {
    assert.equal(judge(spread(0.94, 0.039), 0.97), "below");
  });

  it("is unsure when one and a half errors reach 1", () => {
    assert.equal(judge(spread(0.94, 0.041), 0.97), "unsure");
    assert.equal(judge(toSpread([0.5]), 0.97), "unsure");
  });
});

describe("geometricMean()", () => {
  it("is 1 for a ratio and its inverse", () => {
    assert.ok(Math.abs(geometricMean([4, 0.25]) - 1) < 1e-12);
  });
});

describe("compare()", () => {
  it("has a speed ratio above 1 when ours takes less time", () => {
    const { rate } = compare([{ ours: sample(100, 1), theirs: sample(150, 1) }]);
    assert.equal(rate.ours, 10_000);
    assert.ok(Math.abs(rate.ratio.median - 1.5) < 1e-12);
  });

  it("has a CPU ratio above 1 when ours needs less CPU time", () => {
    const { cpu } = compare([{ ours: sample(1, 40), theirs: sample(1, 80) }]);
    assert.deepEqual([cpu.ours, cpu.theirs, cpu.ratio.median], [40, 80, 2]);
  });

  it("takes the ratio within each pair, so that a slow moment which both meet does not count", () => {
    const { rate } = compare([
      { ours: sample(100, 1), theirs: sample(110, 1) },
      { ours: sample(1000, 1), theirs: sample(1100, 1) },
      { ours: sample(10, 1), theirs: sample(11, 1) },
    ]);
    const { median, low, high } = rate.ratio;
    for (const value of [median, low, high]) assert.ok(Math.abs(value - 1.1) < 1e-12);
  });
});

describe("findVerdicts()", () => {
  it("finds nothing below when speed and CPU are at the floor or above it", () => {
    assert.deepEqual(findVerdicts([figure(1, 1.2), figure(2, 1)], 1, "below"), []);
  });

  it("finds a figure that is slower than the floor, and names it", () => {
    const [line, ...more] = findVerdicts([figure(0.9, 1), figure(1, 1)], 0.97, "below");
    assert.match(line!, /^deno, embedded, list: speed 0\.900 /);
    assert.deepEqual(more, []);
  });

  it("finds a figure that needs more CPU time than the floor allows", () => {
    const [line, ...more] = findVerdicts([figure(1, 0.5)], 0.97, "below");
    assert.match(line!, /^deno, embedded, list: CPU 0\.500 /);
    assert.deepEqual(more, []);
  });

  it("tells what may be noise apart", () => {
    const pairs = [{ ours: sample(100, 100), theirs: sample(90, 100) }];
    const once = { ...figure(1, 1), ...compare(pairs) };
    assert.deepEqual(findVerdicts([once], 0.97, "below"), []);
    assert.equal(findVerdicts([once], 0.97, "unsure").length, 1);
  });
});
