import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestClock } from "../../src/testing/mod.ts";
import { cancel, retryAt, snooze } from "../../src/worker/mod.ts";
import { toAcknowledgement } from "../../src/worker/report.ts";

const clock = createTestClock(5000);

describe("toAcknowledgement", () => {
  it("gives a success for a run that succeeded", () => {
    assert.deepEqual(toAcknowledgement({ kind: "succeeded" }, clock), { kind: "success" });
  });

  it("gives nothing to send for a run that was released", () => {
    assert.equal(toAcknowledgement({ kind: "released" }, clock), undefined);
  });

  for (const retry of [true, false]) {
    it(`gives a failure that ${retry ? "leaves the job" : "kills it"} when retry is ${retry}`, () => {
      const sent = toAcknowledgement({ kind: "failed", error: "no luck", retry }, clock);
      assert.deepEqual(sent, { kind: "failure", failure: { message: "no luck", kill: !retry } });
    });
  }

  for (
    const [outcome, retryTime, kill] of [
      [cancel("left"), undefined, true],
      [snooze(1000), 6000, false],
      [retryAt(9000), 9000, false],
    ] as const
  ) {
    it(`gives a failure with the kind and the time of a job that was ${outcome.kind}`, () => {
      const sent = toAcknowledgement(outcome, clock);
      assert.deepEqual(sent, {
        kind: "failure",
        failure: {
          message: outcome.message,
          errorType: outcome.kind,
          backtrace: undefined,
          retryAt: retryTime,
          kill,
        },
      });
    });
  }
});
