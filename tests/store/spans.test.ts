/** How long things took, for quantiles. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Spans } from "../../src/store/spans.ts";

const of = (...spans: readonly number[]): Spans => {
  const all = new Spans();
  for (const ms of spans) all.add(ms);
  return all;
};

describe("spans", () => {
  it("have quantiles that are off by an eighth at most, for milliseconds and for days", () => {
    for (let ms = 1; ms < 2 ** 31; ms = Math.ceil(ms * 1.07)) {
      const { meanMs, p50Ms, p95Ms, p99Ms } = of(ms, ms, ms).show()!;
      assert.equal(meanMs, ms);
      for (const quantile of [p50Ms, p95Ms, p99Ms]) {
        assert.ok(Math.abs(quantile - ms) <= ms / 8, `${quantile} for ${ms}`);
      }
      assert.ok(p50Ms <= p95Ms && p95Ms <= p99Ms);
    }
  });

  it("tell of a thousand what sorting them would", () => {
    const all = Array.from({ length: 1000 }, (_, at) => (at * 7919 % 1000) + 1);
    const { count, meanMs, p50Ms, p95Ms, p99Ms } = of(...all).show()!;
    assert.deepEqual([count, meanMs], [1000, 500.5]);
    for (const [quantile, exact] of [[p50Ms, 500], [p95Ms, 950], [p99Ms, 990]] as const) {
      assert.ok(Math.abs(quantile - exact) <= exact / 8, `${quantile} for ${exact}`);
    }
  });

  it("count what is below 0 as 0, and what is too long as the longest", () => {
    assert.equal(of(-5).show()!.p99Ms, 0);
    for (const ms of [2 ** 40, Infinity]) assert.ok(of(ms).show()!.p50Ms <= 2 ** 31);
    assert.equal(of(Number.NaN).show()!.meanMs, 0);
  });

  it("are the same when they come back from their text, and add up", () => {
    const once = of(0, 3, 3, 70, 86_400_000);
    const twice = of(5);
    twice.mergeText(once.toText());
    twice.merge(once);
    assert.deepEqual(
      twice.show(),
      of(5, 0, 3, 3, 70, 86_400_000, 0, 3, 3, 70, 86_400_000).show(),
    );
  });

  it("are nothing where there are none", () => {
    const none = of();
    none.mergeText(none.toText());
    none.merge(of());
    assert.deepEqual([none.toText(), none.show(), none.count], ["", undefined, 0]);
  });
});
