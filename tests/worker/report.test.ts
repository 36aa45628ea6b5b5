import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cancel, retryAt, snooze } from "../../src/worker/mod.ts";
import { toAcknowledgement, toGrouped } from "../../src/worker/report.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

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

describe("toGrouped", () => {
  const report = { kind: "failed", error: new Error("no"), retry: true } as const;
  const groupBy = (group: unknown) => {
    const { logger, errors } = createRecordingLogger();
    const groupOf = () => group as string;
    const told = toGrouped(toAcknowledgement(report, true)!, report, { groupOf, logger });
    assert.ok(told.kind === "failure");
    return { group: told.failure.failureGroup, lines: errors.length };
  };

  it("cuts a group so that the broker takes it", () => {
    const { group } = groupBy("x".repeat(199) + "😀");
    assert.equal(group, "x".repeat(199) + "\ufffd");
    assert.deepEqual(groupBy(""), { group: undefined, lines: 0 });
  });

  it("reports the failure without a group that is no text, and says so", () => {
    for (const group of [5, Symbol("s"), Promise.resolve("x"), null]) {
      assert.equal(groupBy(group).group, undefined);
    }
    assert.equal(groupBy(5).lines, 1);
  });
});
