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

  it("runs around the handler, the first of the list outermost", async () => {
    const calls: string[] = [];
    const { acks } = await runOne(() => calls.push("work"), {
      middleware: [trace("outer", calls), trace("inner", calls)],
    });
    assert.deepEqual(calls, ["outer in a", "inner in a", "work", "inner out", "outer out"]);
    assert.deepEqual(acks, [["a"]]);
  });

  it("gets what the handler throws, and may throw it again or return", async () => {
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

  it("keeps an outcome that it does not return, and may return its own", async () => {
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

  it("leaves the handler out when it does not call next", async () => {
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

  it("counts for the timeout of the job", async () => {
    const { clock, failures } = await runOne(() => {}, {
      timeout: 100,
      middleware: [() => Promise.withResolvers<void>().promise],
    });
    await clock.advance(100);
    assert.equal(failures[0]!.error_type, "TimeoutError");
  });
});
