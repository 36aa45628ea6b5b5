import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestClock } from "../../src/testing/mod.ts";

describe("createTestClock", () => {
  it("shows the same time until it is advanced", async () => {
    const clock = createTestClock(1000);
    await clock.settle();
    assert.equal(clock.now(), 1000);
    await clock.advance(250);
    assert.equal(clock.now(), 1250);
  });

  it("fires timers in the order of their instants, and at these instants", async () => {
    const clock = createTestClock(0);
    const fired: string[] = [];
    clock.setTimer(() => fired.push(`c ${clock.now()}`), 30);
    clock.setTimer(() => fired.push(`a ${clock.now()}`), 10);
    clock.setTimer(() => fired.push(`b ${clock.now()}`), 10);
    await clock.advance(29);
    assert.deepEqual(fired, ["a 10", "b 10"]);
    await clock.advance(1);
    assert.deepEqual(fired, ["a 10", "b 10", "c 30"]);
    assert.equal(clock.timers, 0);
  });

  it("fires a timer that a promise or deferred work sets during an advance", async () => {
    const clock = createTestClock(0);
    const fired: number[] = [];
    clock.setTimer(async () => {
      await Promise.resolve();
      clock.defer(() => clock.setTimer(() => fired.push(clock.now()), 5));
    }, 10);
    await clock.advance(15);
    assert.deepEqual(fired, [15]);
  });

  it("fires a timer that pending work sets just before an advance", async () => {
    const clock = createTestClock(0);
    const fired: number[] = [];
    void Promise.resolve().then(() => clock.setTimer(() => fired.push(clock.now()), 10));
    await clock.advance(10);
    assert.deepEqual(fired, [10]);
  });

  it("does not fire a timer that was ended", async () => {
    const clock = createTestClock();
    let fired = false;
    const disarm = clock.setTimer(() => fired = true, 10);
    assert.equal(clock.timers, 1);
    disarm();
    disarm();
    await clock.advance(20);
    assert.equal(fired, false);
    assert.equal(clock.timers, 0);
  });

  it("takes a delay below 0 for 0, and never fires within setTimer", async () => {
    const clock = createTestClock();
    let fired = false;
    clock.setTimer(() => fired = true, -5);
    assert.equal(fired, false);
    await clock.advance(0);
    assert.equal(fired, true);
  });

  it("settles a chain of deferred work without time passing", async () => {
    const clock = createTestClock(0);
    let depth = 0;
    const dig = () => {
      if (++depth < 20) clock.defer(dig);
    };
    clock.defer(dig);
    await clock.settle();
    assert.equal(depth, 20);
    assert.equal(clock.now(), 0);
  });

  it("changes its wall time without moving the timers", async () => {
    const clock = createTestClock(1_000_000);
    let firedAt = 0;
    clock.setTimer(() => firedAt = clock.now(), 100);
    await clock.advance(40);
    clock.setNow(5);
    assert.equal(clock.now(), 5);
    await clock.advance(59);
    assert.equal(firedAt, 0);
    await clock.advance(1);
    assert.equal(firedAt, 65);
  });

  it("shows integers, also during a timer of a fraction of a ms", async () => {
    const clock = createTestClock(0);
    const fired: number[] = [];
    clock.setTimer(() => fired.push(clock.now()), 1.5);
    await clock.advance(1.4);
    assert.deepEqual([clock.now(), fired], [1, []]);
    await clock.advance(0.6);
    assert.deepEqual([clock.now(), fired], [2, [1]]);
  });

  it("refuses to advance by a number below 0", async () => {
    await assert.rejects(createTestClock().advance(-1), {
      name: "RangeError",
      message: "Cannot advance by -1 ms: expected a number of 0 or more",
    });
  });
});
