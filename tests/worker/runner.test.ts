import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { defineJob, PayloadError } from "../../src/client/mod.ts";
import { cancel, handle, type JobContext, retryAt, snooze } from "../../src/worker/mod.ts";
import { runOne, setUp } from "./run-one.ts";
import { createScriptedBroker, createScriptedWorker, wireJob, work } from "./scripted-broker.ts";

describe("a handler", () => {
  it("succeeds by returning, whatever it returns", async () => {
    for (const result of [undefined, false, null, new Error("x"), { kind: "cancelled" }, "no"]) {
      for (const run of [() => result, () => Promise.resolve(result)]) {
        const { acks, failures, events } = await runOne(run);
        assert.deepEqual([acks, failures], [[["a"]], []]);
        assert.deepEqual(events, ["started a", "succeeded a"]);
      }
    }
  });

  it("fails by throwing, with everything that is known of the error", async () => {
    class DiskError extends Error {
      override name = "DiskError";
    }
    const { acks, failure, events } = await runOne(() => {
      throw new DiskError("Disk is full", { cause: new RangeError("quota") });
    });
    assert.deepEqual(acks, []);
    assert.equal(failure!.message, "Disk is full");
    assert.equal(failure!.error_type, "DiskError");
    assert.match(failure!.backtrace!, /Disk is full[^]+runner\.test[^]+Caused by: .*quota/);
    assert.deepEqual([failure!.kill, failure!.retry_at], [false, undefined]);
    assert.deepEqual(events, ["started a", "failed a"]);
  });

  it("fails by a rejected promise, with anything", async () => {
    const { failure } = await runOne(() => Promise.reject("just text"));
    assert.equal(failure!.message, "just text");
    assert.equal(failure!.error_type, undefined);
  });

  it("fails by throwing what cannot be looked at", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { acks, failure, events } = await runOne(() => {
      throw proxy;
    });
    assert.deepEqual(acks, []);
    assert.equal(failure!.message, "Handler threw something that cannot be described");
    assert.deepEqual(events, ["started a", "failed a"]);
  });

  it("fails with a schema that throws what cannot be looked at", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const check = v.pipe(
      v.unknown(),
      v.check(() => {
        throw proxy;
      }),
    );
    const strict = defineJob({ type: "work", queue: "q", payload: check });
    const { failures, deliver } = await setUp({ handlers: [handle(strict, () => {})] });
    await deliver(wireJob("a"));
    const [{ message, kill }] = failures as [(typeof failures)[0]];
    assert.deepEqual([message, kill], ["Handler threw something that cannot be described", false]);
  });

  it("gets the job, the attempt, the signal and a logger with its context", async () => {
    let seen: JobContext | undefined;
    const lines: unknown[] = [];
    const logger = {
      debug() {},
      info: (message: string, fields: unknown) => lines.push([message, fields]),
      warn() {},
      error() {},
    };
    await runOne((_payload, context) => {
      context.log.info("hello", { size: 1 });
      seen = context;
    }, { logger, job: { payload: { x: 1 }, attempts: 2 } });
    assert.equal(seen!.attempt, 3);
    assert.equal(seen!.job.id, "a");
    assert.deepEqual(seen!.job.payload, { x: 1 });
    assert.equal(seen!.signal.aborted, false);
    assert.deepEqual(lines.at(-1), ["hello", { jobId: "a", type: "work", attempt: 3, size: 1 }]);
  });
});

describe("an outcome", () => {
  for (const how of ["returned", "thrown", "returned later"] as const) {
    const say = (outcome: unknown) => () => {
      if (how === "thrown") throw outcome;
      return how === "returned" ? outcome : Promise.resolve(outcome);
    };

    it(`cancels a job when it is ${how}`, async () => {
      const { failure, events } = await runOne(say(cancel("Nobody wants it")));
      assert.deepEqual(failure, {
        id: "a",
        message: "Nobody wants it",
        error_type: "cancelled",
        kill: true,
      });
      assert.deepEqual(events, ["started a", "decided a"]);
    });

    it(`snoozes a job when it is ${how}`, async () => {
      const { failure, clock } = await runOne(say(snooze("5m")));
      assert.deepEqual(failure, {
        id: "a",
        message: "Snoozed for 300000 ms",
        error_type: "snoozed",
        retry_at: clock.now() + 300_000,
        delay_ms: 300_000,
        kill: false,
      });
    });

    it(`sets the time of a job's next try when it is ${how}`, async () => {
      const at = Date.UTC(2030, 1, 2);
      for (const outcome of [retryAt(at), retryAt(new Date(at))]) {
        const { failure } = await runOne(say(outcome));
        assert.equal(failure!.message, "Put off until 2030-02-02T00:00:00.000Z");
        assert.deepEqual([failure!.retry_at, failure!.kill], [at, false]);
      }
    });
  }

  it("keeps the error that led to it", async () => {
    const { failure } = await runOne(() => {
      throw retryAt(0, { cause: new Error("429 Too Many Requests") });
    });
    assert.match(failure!.backtrace!, /429 Too Many Requests[^]+runner\.test/);
  });

  it("counts snoozes from the end of the handler", async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, failures } = await runOne(() => gate.promise.then(() => snooze(1000)));
    await clock.advance(5000);
    gate.resolve();
    await clock.settle();
    assert.equal(failures[0]!.retry_at, clock.now() + 1000);
  });

  it("snoozes at most until the last instant of a Date", async () => {
    const { failure } = await runOne(() => snooze(Number.MAX_SAFE_INTEGER));
    assert.equal(failure!.retry_at, 8.64e15);
  });

  it("refuses a duration or an instant that is none", () => {
    assert.throws(() => snooze("soon" as "1s"), {
      name: "TypeError",
      message: /'duration' "soon"/,
    });
    assert.throws(() => snooze(-1), { name: "RangeError" });
    assert.throws(() => retryAt(NaN), {
      name: "RangeError",
      message: "Cannot retry at NaN: expected a Date or ms since the epoch",
    });
    assert.throws(() => retryAt(new Date("never")), { name: "RangeError" });
    assert.throws(() => retryAt(-1), { name: "RangeError" });
  });
});

describe("a payload", () => {
  const resize = defineJob({
    type: "resize",
    queue: "images",
    payload: v.object({ width: v.pipe(v.string(), v.transform(Number)) }),
  });

  it("reaches the handler as its schema gives it", async () => {
    const widths: number[] = [];
    const handlers = [handle(resize, ({ width }) => {
      widths.push(width);
    })];
    const { deliver, connection, acks } = await setUp({ handlers });
    assert.equal(connection.url.searchParams.get("queue"), "images");
    await deliver(wireJob("a", { type: "resize", payload: { width: "640" } }));
    assert.deepEqual([widths, acks], [[640], [["a"]]]);
  });

  it("that does not fit fails the job without its handler, and is tried again", async () => {
    let ran = false;
    const handlers = [handle(resize, () => {
      ran = true;
    })];
    const { deliver, failures, events } = await setUp({ handlers });
    await deliver(wireJob("a", { type: "resize", payload: { width: 640 } }));
    const { message, error_type, kill } = failures[0]!;
    assert.match(message, /^Payload of 'resize' does not fit: width: /);
    assert.deepEqual([error_type, kill, ran], ["PayloadError", false, false]);
    assert.deepEqual(events, ["started a", "failed a"]);
  });

  it("whose check fails for another reason is tried again", async () => {
    const definition = {
      ...resize,
      parse: () => Promise.reject(new Error("Schema server is down")),
    };
    const { deliver, failures } = await setUp({ handlers: [handle(definition, () => {})] });
    await deliver(wireJob("a", { type: "resize" }));
    assert.deepEqual(
      [failures[0]!.message, failures[0]!.kill],
      ["Schema server is down", false],
    );
  });

  it("of another job that does not fit, thrown by a handler, is a failure like any other", async () => {
    const { failure } = await runOne(() => {
      throw new PayloadError("Payload of 'other' does not fit");
    });
    assert.equal(failure!.kill, false);
  });

  it("of a type without a handler is tried again, maybe by a worker that has one", async () => {
    const { failure, events } = await runOne(() => {}, { job: { type: "unknown" } });
    assert.equal(failure!.message, "No handler for type 'unknown': this worker has 'work'");
    assert.deepEqual([failure!.kill, failure!.retry_at], [false, undefined]);
    assert.deepEqual(events, ["started a", "failed a"]);
  });
});

describe("a timeout", () => {
  it("aborts the signal and fails the job", async () => {
    const { clock, failures, worker } = await runOne((_payload, { signal }) => {
      const { promise, reject } = Promise.withResolvers();
      signal.addEventListener("abort", () => reject(signal.reason));
      return promise;
    }, { timeout: "5s" });
    await clock.advance(4999);
    assert.equal(failures.length, 0);
    await clock.advance(1);
    const [failure] = failures;
    assert.equal(failure!.message, "Job ran longer than 5000 ms");
    assert.deepEqual([failure!.error_type, failure!.kill], ["TimeoutError", false]);
    assert.deepEqual([worker.health().overdue, worker.health().running], [0, 0]);
  });

  it("is a failure even if the handler then returns", async () => {
    const { clock, failures, acks } = await runOne((_payload, { signal }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve());
      return promise;
    }, { timeout: 100 });
    await clock.advance(100);
    assert.deepEqual([failures.length, acks.length], [1, 0]);
  });

  it("frees the room of a handler that does not listen, and ignores its result", async () => {
    const gate = Promise.withResolvers<void>();
    const handlers = [handle(work, () => gate.promise, { timeout: 100 })];
    const { deliver, clock, worker, failures, acks, events } = await setUp({
      handlers,
      concurrency: 1,
    });
    await deliver(wireJob("a"), wireJob("b"));
    await clock.advance(100);
    assert.deepEqual(events, ["started a", "failed a", "started b"]);
    assert.deepEqual([worker.health().overdue, worker.health().running], [1, 1]);
    gate.resolve();
    await clock.settle();
    assert.deepEqual([failures.map(({ id }) => id), acks], [["a"], [["b"]]]);
    assert.equal(worker.health().overdue, 0);
  });

  it("has aborted a signal that is first read after it", async () => {
    const gate = Promise.withResolvers<void>();
    let aborted = false;
    const { clock } = await runOne(async (_payload, context) => {
      await gate.promise;
      aborted = context.signal.aborted;
    }, { timeout: 100 });
    await clock.advance(100);
    gate.resolve();
    await clock.settle();
    assert.equal(aborted, true);
  });

  it("comes from the definition, leaves no timer, and costs none where there is none", async () => {
    const timed = defineJob<null>({ type: "work", queue: "default", timeout: "1m" });
    let timers = 0;
    for (const definition of [work, timed]) {
      const broker = createScriptedBroker();
      const idle = () => broker.clock.timers;
      const handlers = [handle(definition, () => void (timers = idle()))];
      const { worker } = createScriptedWorker(broker, { handlers });
      await worker.start();
      const before = idle();
      broker.connection.send(wireJob("a"));
      await broker.clock.settle();
      assert.equal(timers - before, definition === timed ? 1 : 0);
      assert.equal(idle(), before);
      await worker.kill();
    }
  });

  it("must be a duration", () => {
    assert.throws(() => handle(work, () => {}, { timeout: "soon" as "1s" }), { name: "TypeError" });
  });
});
