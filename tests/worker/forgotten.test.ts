import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineJob } from "../../src/client/mod.ts";
import { buildJob, runHandler } from "../../src/testing/mod.ts";
import {
  advance,
  cancel,
  complete,
  finish,
  handle,
  type HandlerFunction,
  type Middleware,
  retryAt,
  snooze,
} from "../../src/worker/mod.ts";

const work = defineJob({ type: "work", queue: "q" });
const run = (perform: HandlerFunction<unknown>, middleware: Middleware[] = []) =>
  runHandler(handle(work, perform), null, { middleware });

const messageOf = async (perform: HandlerFunction<unknown>, middleware?: Middleware[]) => {
  const { kind, error } = await run(perform, middleware);
  assert.equal(kind, "failed");
  return (error as Error).message;
};

describe("an outcome that a handler forgot to return", () => {
  const cases: [maker: string, make: () => unknown, message: string][] = [
    ["snooze", () => snooze("5s"), "Snoozed for 5000 ms"],
    ["cancel", () => cancel("no such user"), "no such user"],
    ["retryAt", () => retryAt(0), "Put off until 1970-01-01T00:00:00.000Z"],
    ["complete", () => complete(1), "Completed"],
    ["finish", () => finish({ enqueue: [] }), "Completed, with 0 jobs to enqueue"],
    ["advance", () => advance({ queue: "next" }), "Advanced to queue 'next'"],
  ];
  for (const [maker, make, message] of cases) {
    it(`is a failure that names it: ${maker}`, async () => {
      const expected =
        `Handler of 'work' called '${maker}' and forgot what it gave (${message}): ` +
        `write 'return ${maker}(…)' or 'throw ${maker}(…)'`;
      assert.equal(await messageOf(() => void make()), expected);
      assert.equal(await messageOf(async () => void await make()), expected);
    });
  }

  // Bun runs all files in one process, where handlers of other tests may go on.
  const others = "Bun" in globalThis ? "handlers of other tests may run" : false;
  it("is found after an await too, if no other handler runs", { skip: others }, async () => {
    const message = await messageOf(async () => {
      await null;
      snooze("5s");
      await null;
    });
    assert.match(message, /called 'snooze'/);
  });

  it("is found below layers, and beside a result", async () => {
    const layer: Middleware = async (_context, next) => await next();
    assert.match(await messageOf(() => void snooze(5), [layer, layer]), /called 'snooze'/);
    assert.match(await messageOf(() => ({ sent: Boolean(snooze(5)) })), /called 'snooze'/);
  });

  it("is each run's own", async () => {
    const gate = Promise.withResolvers<void>();
    const waiting = run(async () => {
      const outcome = cancel("late");
      await gate.promise;
      return outcome;
    });
    assert.match(await messageOf(() => void snooze(5)), /called 'snooze'/);
    // Made after an await while another runs: nobody can say whose it is.
    const unclear = await run(async () => {
      await null;
      snooze(5);
    });
    gate.resolve();
    assert.equal(unclear.kind, "succeeded");
    assert.equal((await waiting).kind, "cancelled");
    assert.equal((await run(() => {})).kind, "succeeded");
  });
});

describe("an outcome that is no handler's to forget", () => {
  it("is returned, thrown, or made before the run", async () => {
    const before = snooze(5);
    assert.equal((await run(() => before)).kind, "snoozed");
    assert.equal((await run(() => {})).kind, "succeeded");
    assert.equal((await run(() => snooze(5))).kind, "snoozed");
    assert.equal((await run(() => Promise.reject(cancel("no")))).kind, "cancelled");
    const replaced = await run(() => {
      snooze(5);
      throw new Error("else");
    });
    assert.deepEqual([replaced.kind, (replaced.error as Error).message], ["failed", "else"]);
  });

  it("is one that a layer passed over, or that a rule made", async () => {
    const swallow: Middleware = (_context, next) => next().catch(() => {});
    assert.equal((await run(() => Promise.reject(cancel("no")), [swallow])).kind, "succeeded");
    const other: Middleware = async (_context, next) => {
      await next();
      return snooze(5);
    };
    assert.equal((await run(() => cancel("no"), [other])).kind, "snoozed");
    const ruled = handle(work, () => Promise.reject(new Error("busy")), {
      onError: [() => snooze(5)],
    });
    assert.equal((await runHandler(ruled, null)).kind, "snoozed");
    assert.equal((await run(() => {})).kind, "succeeded");
  });

  it("is one of a handler that is called without a worker", async () => {
    const handler = handle(work, () => snooze(5));
    const outcome = handler.run(null, { job: buildJob(work, null) } as never);
    assert.ok(outcome);
    assert.equal((await run(() => {})).kind, "succeeded");
  });
});
