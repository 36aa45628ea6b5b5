import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bucketOf, Distribution } from "../../src/store/distribution.ts";

const of = (samples: readonly number[]) => {
  const distribution = new Distribution();
  for (const sample of samples) distribution.add(sample);
  return distribution;
};
const isNear = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `${actual} ~ ${expected}`);

describe("a distribution", () => {
  it("has the mean and the standard deviation of its samples", () => {
    const { count, meanMs, stdMs } = of([2, 4, 4, 4, 5, 5, 7, 9]).show();
    assert.deepEqual([count, meanMs], [8, 5]);
    isNear(stdMs, Math.sqrt(32 / 7));
    assert.equal(of([5]).show().stdMs, 0);
    assert.deepEqual(of([]).show().histogram, new Array(148).fill(0));
  });

  it("is the same in parts, and after it was stored", () => {
    const samples = Array.from({ length: 1000 }, (_, at) => (at * 7919) % 10_007 + 1e9);
    const whole = of(samples).show();
    const sum = of([]);
    for (let at = 0; at < 1000; at += 130) {
      const part = Distribution.fromText(of(samples.slice(at, at + 130)).toText());
      sum.merge(part);
    }
    const parts = Distribution.fromText(sum.toText()).show();
    assert.deepEqual([parts.count, parts.histogram], [whole.count, whole.histogram]);
    isNear(parts.meanMs, whole.meanMs);
    isNear(parts.stdMs, whole.stdMs);
    sum.merge(of([]));
    assert.equal(sum.show().count, 1000);
  });

  it("is stable where the spread is small and the mean is large", () => {
    isNear(of([1e12, 1e12 + 1, 1e12 + 2]).show().stdMs, 1);
  });

  it("takes a span of a clock that was set back as 0", () => {
    assert.equal(of([-5, 5]).show().meanMs, 2.5);
  });

  it("puts seconds, minutes, hours and days into buckets, the last of which has no end", () => {
    const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
    const spans = [
      [0, 0],
      [999, 0],
      [second, 1],
      [59_999, 59],
      [minute, 60],
      [2 * minute - 1, 60],
      [59 * minute, 118],
      [hour, 119],
      [23 * hour, 141],
      [day, 142],
      [6 * day, 147],
      [600 * day, 147],
    ] as const;
    for (const [ms, bucket] of spans) assert.equal(bucketOf(ms), bucket, `${ms} ms`);
  });
});
