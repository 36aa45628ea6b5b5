import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergePolicy } from "../../src/protocol/budget.ts";
import { isRejection, type Rejection } from "../../src/protocol/rejection.ts";
import { fullRecord } from "../support/job-record.ts";

describe("isRejection", () => {
  it("is true for each kind, with and without an index", () => {
    for (const kind of ["invalid", "unprocessable", "conflict", "missing"] as const) {
      const rejection: Rejection = { kind, message: "" };
      assert.ok(isRejection(rejection), kind);
      assert.ok(isRejection({ ...rejection, index: 0 }), kind);
    }
  });

  it("is false for records and results, also those with members of the same names", () => {
    const message = "m";
    for (
      const value of [
        undefined,
        null,
        "invalid",
        [],
        {},
        fullRecord,
        { ...fullRecord, kind: "invalid", message },
        { kind: "other", message },
        { kind: "invalid" },
        { kind: "invalid", message: 1 },
        { kind: "invalid", message, index: "0" },
        { kind: "invalid", message, id: "a" },
        { refused: message },
      ]
    ) {
      assert.equal(isRejection(value), false, JSON.stringify(value));
    }
  });
});

describe("mergePolicy", () => {
  const policy = { allocation: 5, durationMs: 1000, burst: 7 };

  it("gives the changed policy", () => {
    assert.deepEqual(mergePolicy(policy, { allocation: 6 }), { ...policy, allocation: 6 });
    assert.deepEqual(mergePolicy(policy, { strategy: { type: "while_in_flight" } }), {
      allocation: 5,
      durationMs: null,
      burst: null,
    });
  });

  it("rejects what cannot be as unprocessable, in the words of the protocol", () => {
    assert.deepEqual(mergePolicy(policy, { allocation: 0 }), {
      kind: "unprocessable",
      message: "budget allocation must be at least 1",
    });
    assert.deepEqual(mergePolicy(policy, { strategy: { type: "x" } }), {
      kind: "unprocessable",
      message: 'unknown strategy type "x" (expected "time_based" or "while_in_flight")',
    });
  });
});
