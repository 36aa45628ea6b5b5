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

  it("gives a failure with some text, whatever the reason of an outcome is", () => {
    const messages = [
      undefined,
      null,
      7,
      Symbol("s"),
      {},
      new Error("gone"),
      "x".repeat(1e6),
      "\ud800",
    ];
    for (const message of messages) {
      const outcome = cancel(message as string);
      for (const made of [outcome, { ...outcome, message } as typeof outcome]) {
        const told = toAcknowledgement(made, true);
        assert.ok(told?.kind === "failure" && told.failure.kill);
        const text = told.failure.message;
        assert.ok(text.length > 0 && text.length <= 8192 && text.isWellFormed(), String(message));
      }
    }
  });

  it("gives a failure for an outcome of a kind that it does not know", () => {
    const told = toAcknowledgement({ ...cancel("no"), kind: "paused" as "cancelled" }, true);
    assert.ok(told?.kind === "failure");
    assert.equal(told.failure.message, "Outcome 'paused' is not known");
  });
});
