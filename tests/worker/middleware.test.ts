import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cancel, type Middleware, snooze } from "../../src/worker/mod.ts";
import { runOne } from "./run-one.ts";

describe("middleware", () => {
  const trace = (name: string, calls: string[]): Middleware => async ({ job }, next) => {
    calls.push(`${name} in ${job.id}`);
    try {
      await next();
    } finally {
      calls.push(`${name} out`);
    }
  };

  it("lies around the handler in layers", async () => {
    const calls: string[] = [];
    const { acks } = await runOne(() => calls.push("work"), {
      middleware: [trace("outer", calls), trace("inner", calls)],
    });
    assert.deepEqual(calls, ["outer in a", "inner in a", "work", "inner out", "outer out"]);
    assert.deepEqual(acks, [["a"]]);
  });

  it("sees what the handler throws, and may let it pass or swallow it", async () => {
    const boom = () => {
      throw new Error("boom");
    };
    const calls: string[] = [];
    const passed = await runOne(boom, { middleware: [trace("outer", calls)] });
    assert.deepEqual([passed.failure!.message, calls], ["boom", ["outer in a", "outer out"]]);
    const swallow: Middleware = (_context, next) => next().catch(() => {});
    const swallowed = await runOne(boom, { middleware: [swallow] });
    assert.deepEqual([swallowed.failure, swallowed.acks], [undefined, [["a"]]]);
  });

  it("need not hand on an outcome, and may say its own", async () => {
    const silent: Middleware = async (_context, next) => void await next();
    const kept = await runOne(() => snooze(5), { middleware: [silent, silent] });
    assert.equal(kept.failure!.error_type, "snoozed");
    const own: Middleware = async (_context, next) => {
      await next();
      return cancel("Changed its mind");
    };
    const beaten = await runOne(() => snooze(5), { middleware: [own] });
    assert.equal(beaten.failure!.message, "Changed its mind");
    const thrown = await runOne(() => {}, {
      middleware: [() => {
        throw cancel("Not on Sundays");
      }],
    });
    assert.equal(thrown.failure!.kill, true);
  });

  it("may leave the handler out", async () => {
    let ran = false;
    const { acks } = await runOne(() => {
      ran = true;
    }, { middleware: [() => {}] });
    assert.deepEqual([ran, acks], [false, [["a"]]]);
  });

  it("must not call next twice", async () => {
    let runs = 0;
    const { failure } = await runOne(() => runs++, {
      middleware: [async (_context, next) => {
        await next();
        await next();
      }],
    });
    assert.deepEqual([runs, failure!.message], [1, "Cannot call 'next' twice in one middleware"]);
  });

  it("is within the job's time", async () => {
    const { clock, failures } = await runOne(() => {}, {
      timeout: 100,
      middleware: [() => Promise.withResolvers<void>().promise],
    });
    await clock.advance(100);
    assert.equal(failures[0]!.error_type, "TimeoutError");
  });
});
