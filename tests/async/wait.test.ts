import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wait } from "../../src/async/wait.ts";
import { createTestClock } from "../../src/testing/mod.ts";

describe("wait", () => {
  it("resolves after its time", async () => {
    const clock = createTestClock();
    let over = false;
    void wait(100, clock, new AbortController().signal).then(() => over = true);
    await clock.advance(99);
    assert.equal(over, false);
    await clock.advance(1);
    assert.equal(over, true);
  });

  it("is ended by its signal, and leaves no timer", async () => {
    const clock = createTestClock();
    const controller = new AbortController();
    const waiting = wait(100, clock, controller.signal);
    controller.abort(new Error("enough"));
    await assert.rejects(waiting, { message: "enough" });
    assert.equal(clock.timers, 0);
  });

  it("is rejected at once when its signal is aborted already", async () => {
    const clock = createTestClock();
    await assert.rejects(wait(100, clock, AbortSignal.abort(new Error("over"))), {
      message: "over",
    });
    assert.equal(clock.timers, 0);
  });
});
