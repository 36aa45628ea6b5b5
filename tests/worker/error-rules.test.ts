import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TimeoutError } from "../../src/client/mod.ts";
import {
  cancelOn,
  type DelayFacts,
  type ErrorRule,
  exponential,
  handle,
  requeueOn,
  retryOn,
  snooze,
} from "../../src/worker/mod.ts";
import { runOne, setUp } from "./run-one.ts";
import { wireJob, work } from "./scripted-broker.ts";

class Busy extends Error {
  override name = "Busy";
}
class VeryBusy extends Busy {
  override name = "VeryBusy";
}

const throws = (error: unknown) => () => {
  throw error;
};

const facts = (attempt: number, random = 0.5): DelayFacts => ({
  attempt,
  error: undefined,
  random: () => random,
});

describe("a rule for errors", () => {
  it("retries after its own delay, with the error recorded", async () => {
    const rule = retryOn([Busy], { delay: "10s" });
    const { failure, events } = await runOne(throws(new VeryBusy("later")), { onError: [rule] });
    const { message, error_type, kill, backtrace } = failure!;
    assert.deepEqual([message, error_type, kill], ["later", "VeryBusy", false]);
    assert.match(backtrace!, /VeryBusy: later\n/);
    assert.equal((failure as { delay_ms?: number }).delay_ms, 10_000);
    assert.deepEqual(events, ["started a", "decided a"]);
  });

  it("that gives neither an outcome nor undefined is a failure of the job", async () => {
    for (const given of [null, true, {}, { kind: "retried" }, Promise.resolve()]) {
      const onError = [(() => given) as unknown as ErrorRule];
      const { failure } = await runOne(throws(new Error("boom")), { onError });
      assert.match(failure!.message, /^A rule of 'onError' gave .+: expected an outcome or undef/);
      assert.match(failure!.backtrace!, /Caused by: Error: boom/);
    }
  });

  it("leaves other errors to the job's own backoff", async () => {
    const onError = [retryOn([Busy, (error) => error === "no"], { delay: 1 })];
    const { failure, events } = await runOne(throws(new Error("else")), { onError });
    assert.deepEqual([failure!.message, failure!.retry_at], ["else", undefined]);
    assert.deepEqual(events, ["started a", "failed a"]);
  });

  it("retries no more than the job's limit, or its own", async () => {
    const tries = async (job: object, max?: number) => {
      const onError = [retryOn([Busy], { delay: 5, max })];
      return (await runOne(throws(new Busy()), { onError, job })).failure!.retry_at !== undefined;
    };
    assert.deepEqual([await tries({ attempts: 24 }), await tries({ attempts: 25 })], [true, false]);
    assert.equal(await tries({ attempts: 3, retry_limit: 3 }), false);
    assert.equal(await tries({ attempts: 3, retry_limit: 3 }, 4), true);
    assert.equal(await tries({ attempts: 4 }, 4), false);
  });

  it("gives a job back without a charge, so many times, by the deliveries", async () => {
    const rule = requeueOn([Busy], { delay: ["5s", "15s"], max: 3 });
    const run = (job: object) =>
      runOne(throws(new Busy()), { onError: [rule], job, random: () => 0.5 });
    const given = await run({ deliveries: 5, attempts: 2 });
    assert.deepEqual([given.failures, given.releases], [[], [{
      id: "a",
      delay_ms: 10_000,
      delivery: 5,
    }]]);
    const spent = await run({ deliveries: 6, attempts: 2 });
    assert.deepEqual([spent.failures.length, spent.releases], [1, []]);
    const uncounted = await run({ attempts: 2 });
    assert.equal(uncounted.failure!.error_type, "Busy");
    assert.equal((await run({ attempts: 3 })).failure!.retry_at, undefined);
  });

  it("makes a job dead", async () => {
    const { failure } = await runOne(throws(new Busy("gone")), { onError: [cancelOn([Busy])] });
    assert.deepEqual([failure!.message, failure!.error_type, failure!.kill], [
      "gone",
      "Busy",
      true,
    ]);
  });

  it("of the handler comes first, the first that says anything wins, and any function is one", async () => {
    const asked: string[] = [];
    const silent = (name: string): ErrorRule => ({ job, attempt }) =>
      void asked.push(`${name} ${job.id} ${attempt}`);
    const own = handle(work, throws(new Busy("x")), { onError: [silent("handler's")] });
    const { deliver, failures } = await setUp({
      handlers: [own],
      onError: [silent("worker's"), () => snooze(7), silent("never")],
    });
    await deliver(wireJob("a"));
    assert.deepEqual(asked, ["handler's a 1", "worker's a 1"]);
    assert.equal(failures[0]!.message, "Snoozed for 7 ms");
  });

  it("hears of a timeout, but not of an outcome nor of a bad payload", async () => {
    const onError = [retryOn([TimeoutError], { delay: 3 }), cancelOn([() => true])];
    const late = await runOne(() => Promise.withResolvers<void>().promise, { timeout: 9, onError });
    await late.clock.advance(9);
    assert.deepEqual([late.failures[0]!.error_type, late.failures[0]!.kill], [
      "TimeoutError",
      false,
    ]);
    const said = await runOne(throws(snooze(5)), { onError });
    assert.equal(said.failure!.error_type, "snoozed");
  });

  it("that throws is what is reported", async () => {
    const { failure } = await runOne(throws(new Busy("x")), {
      onError: [throws(new Error("bad rule"))],
    });
    assert.equal(failure!.message, "bad rule");
  });

  it("copes with what cannot be looked at", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { failure } = await runOne(throws(proxy), { onError: [retryOn([Error], { delay: 1 })] });
    assert.equal(failure!.message, "Handler threw something that cannot be described");
  });

  it("is refused with a range that ends before it begins, and other mistakes", () => {
    const range = () => requeueOn([Busy], { delay: [5, 4], max: 1 });
    assert.throws(
      range,
      new RangeError(
        "Cannot use 'delay' from 5 to 4 ms: expected a range that does not end before it begins",
      ),
    );
    assert.throws(() => requeueOn([Busy], { delay: 1, max: NaN }), RangeError);
    assert.throws(() => retryOn([Busy], { delay: 1, max: -1 }), RangeError);
    assert.throws(() => retryOn([Busy], { delay: "soon" as "1s" }), TypeError);
  });
});

describe("exponential delays", () => {
  it("grow by their factor up to their maximum", () => {
    const grow = (delay: (given: DelayFacts) => number) => [1, 2, 3, 4].map((n) => delay(facts(n)));
    assert.deepEqual(grow(exponential("10s")), [10_000, 20_000, 40_000, 80_000]);
    assert.deepEqual(grow(exponential(10, { factor: 3, max: 50 })), [10, 30, 50, 50]);
  });

  it("vary by their jitter, and never overflow", () => {
    const delay = exponential(100, { jitter: 0.5 });
    assert.deepEqual([0, 0.5, 1].map((random) => delay(facts(1, random))), [50, 100, 150]);
    assert.ok(exponential("7d", { jitter: 1 })(facts(5000, 1)) <= Number.MAX_SAFE_INTEGER);
  });

  it("refuse numbers out of range", () => {
    assert.throws(() => exponential(1, { factor: 0.5 }), RangeError);
    assert.throws(() => exponential(1, { jitter: 2 }), RangeError);
    assert.throws(() => exponential("x" as "1s"), TypeError);
  });
});
