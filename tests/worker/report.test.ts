import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cancel, retryAt, snooze } from "../../src/worker/mod.ts";
import { toAcknowledgement } from "../../src/worker/report.ts";

describe("toAcknowledgement", () => {
  it("gives a success for a run that succeeded", () => {
    assert.deepEqual(toAcknowledgement({ kind: "succeeded" }, true), { kind: "success" });
  });

  it("gives nothing to send for a run that was released", () => {
    assert.equal(toAcknowledgement({ kind: "released" }, true), undefined);
  });

  for (const retry of [true, false]) {
    it(`gives a failure that ${retry ? "leaves the job" : "kills it"} when retry is ${retry}`, () => {
      const sent = toAcknowledgement({ kind: "failed", error: "no luck", retry }, true);
      assert.deepEqual(sent, { kind: "failure", failure: { message: "no luck", kill: !retry } });
    });
  }

  it("gives a release with a time for a job that was snoozed, if the broker knows releases", () => {
    const sent = toAcknowledgement(snooze(1000), true);
    assert.deepEqual(sent, { kind: "release", time: { delayMs: 1000 } });
  });

  for (
    const [outcome, time, kill] of [
      [cancel("left"), {}, true],
      [snooze(1000), { delayMs: 1000 }, false],
      [retryAt(9000), { retryAt: 9000 }, false],
    ] as const
  ) {
    it(`gives a failure with the kind and the time of a job that was ${outcome.kind}`, () => {
      const { kind, message } = outcome;
      assert.deepEqual(toAcknowledgement(outcome, false), {
        kind: "failure",
        failure: { message, errorType: kind, backtrace: undefined, ...time, kill },
      });
    });
  }
});
