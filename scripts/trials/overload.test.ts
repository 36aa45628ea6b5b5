/**
 * When a broker does not stand too much load.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { overloadTrial } from "./overload.ts";

const row = {
  runtime: "node" as const,
  capacity: 1000,
  offered: 2000,
  accepted: 60_000,
  refused: 60_000,
  notMade: 0,
  others: {},
  acceptedP50: 200,
  acceptedP99: 1000,
  refusedP99: 20,
  latestCall: 5,
  drainedMs: 200,
  rssBytes: [100, 125],
  recoveredMs: 1000,
  missing: 0,
};

describe("overloadTrial", () => {
  it("passes at its limits", () => {
    assert.equal(overloadTrial.passes!([row]), true);
  });

  for (
    const [what, change] of [
      ["accepted calls are slow", { acceptedP99: 1001 }],
      ["it recovers late", { recoveredMs: 1001 }],
      ["a job is missing", { missing: 1 }],
      ["memory grows", { rssBytes: [100, 126] }],
      ["a call fails in another way", { others: { 500: 1 } }],
    ] as const
  ) {
    it(`fails when ${what}`, () => {
      assert.equal(overloadTrial.passes!([row, { ...row, ...change }]), false);
    });
  }
});
