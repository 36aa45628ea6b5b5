/** Handlers of groups, handlers that share something, and jobs of types that have none. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { createClient, defineJob, defineJobs } from "../../src/client/mod.ts";
import { cancel, createRouter, createWorker, handle, handleAll } from "../../src/worker/mod.ts";
import { runHandler } from "../../src/testing/mod.ts";
import { withBroker } from "../support/broker.ts";
import { setUp } from "./run-one.ts";
import { wireJob } from "./scripted-broker.ts";

const jobs = defineJobs({
  mail: { payload: v.object({ to: v.string() }) },
  resize: { payload: v.object({ width: v.pipe(v.string(), v.transform(Number)) }) },
}, { queue: "q" });

describe("handleAll", () => {
  it("makes a handler of each, which gets what its schema makes of payloads", async () => {
    const got: unknown[] = [];
    const handlers = handleAll(jobs, {
      resize: handle(jobs.resize, ({ width }) => void got.push(width), { timeout: "1m" }),
      mail: ({ to }, { attempt }) => {
        got.push([to, attempt]);
        return cancel("no");
      },
    }, { timeout: 5000 });
    assert.deepEqual(handlers.map(({ type, timeoutMs }) => [type, timeoutMs]), [
      ["mail", 5000],
      ["resize", 60_000],
    ]);
    assert.equal((await runHandler(handlers[0]!, { to: "ada" })).kind, "cancelled");
    assert.equal((await runHandler(handlers[1]!, { width: "640" })).kind, "succeeded");
    assert.deepEqual(got, [["ada", 1], 640]);
  });

  it("refuses a map that does not fit", () => {
    const run = () => {};
    const cases: [Record<string, unknown>, string][] = [
      [{ mail: run }, "Cannot handle the jobs without 'resize': expected a handler for each"],
      [
        { mail: run, resize: run, sweep: run },
        "Cannot handle 'sweep', which is none of the jobs: expected 'mail', 'resize'",
      ],
      [
        { mail: run, resize: handle(jobs.mail, run) },
        "Cannot handle 'resize' by a handler of type 'mail': expected 'resize'",
      ],
    ];
    for (const [handlers, message] of cases) {
      assert.throws(() => handleAll(jobs, handlers as never), { name: "TypeError", message });
    }
  });
});

describe("createRouter", () => {
  it("gives handlers what they share", async () => {
    const state = { log: [] as string[] };
    const router = createRouter(state);
    const one = router.handle(jobs.mail, ({ to }, { job }, { log }) => {
      log.push(`${job.type} ${to}`);
      return cancel("no");
    }, { timeout: "1s" });
    assert.equal(one.timeoutMs, 1000);
    const [mail, resize] = router.handleAll(jobs, {
      mail: one,
      resize: ({ width }, _context, { log }) => void log.push(`resize ${width}`),
    });
    assert.equal(mail, one);
    assert.equal((await runHandler(one, { to: "ada" })).kind, "cancelled");
    await runHandler(resize!, { width: "3" });
    assert.deepEqual(state.log, ["mail ada", "resize 3"]);
  });
});

describe("a fallback", () => {
  it("gets the jobs of all types without a handler, with middleware and rules as others", async () => {
    const got: unknown[] = [];
    const { deliver, failures, acks, events } = await setUp({
      handlers: [handle(defineJob<string>({ type: "known", queue: "q" }), (payload) => {
        got.push(payload);
      })],
      fallback: ({ type, payload }, { attempt }) => {
        got.push([type, payload, attempt]);
        if (type === "bad") throw new RangeError("bad");
        if (type === "gone") return cancel("gone");
      },
      middleware: [async ({ job }, next) => {
        got.push(`before ${job.type}`);
        await next();
      }],
    });
    await deliver(wireJob("a", { type: "known", payload: "x" }));
    await deliver(wireJob("b", { type: "other", payload: { args: [1] } }));
    await deliver(wireJob("c", { type: "bad", payload: 1 }));
    await deliver(wireJob("d", { type: "gone", payload: 1 }));
    assert.deepEqual(got, [
      "before known",
      "x",
      "before other",
      ["other", { args: [1] }, 1],
      "before bad",
      ["bad", 1, 1],
      "before gone",
      ["gone", 1, 1],
    ]);
    assert.deepEqual(acks.flat(), ["a", "b"]);
    assert.deepEqual(failures.map(({ message, kill }) => [message, kill]), [
      ["bad", false],
      ["gone", true],
    ]);
    assert.equal(events.filter((event) => event.startsWith("succeeded")).length, 2);
  });

  it("needs no handlers, but queues", async () => {
    await withBroker(async ({ client, clock }) => {
      const types: string[] = [];
      const options = { client, clock, fallback: ({ type }: { type: string }) => types.push(type) };
      assert.throws(() => createWorker(options), {
        name: "TypeError",
        message: "Cannot use empty 'queues': name some, or say 'all' to take from every queue",
      });
      const worker = createWorker({ ...options, queues: "all" });
      await worker.start();
      await client.enqueueMany(["x", "y"].map((type) => ({ type, queue: type, payload: null })));
      await clock.settle();
      await worker.stop();
      assert.deepEqual(types.sort(), ["x", "y"]);
      assert.equal(await client.count(), 0);
    });
  });

  it("has to be a function", () => {
    const client = createClient({ fetch: () => Promise.reject(new Error("no call")) });
    assert.throws(() => createWorker({ client, fallback: "x" as never }), {
      name: "TypeError",
      message: "Cannot use 'fallback' \"x\": expected a function",
    });
  });
});

describe("a timeout that depends on the payload", () => {
  const definition = defineJob<{ pages?: number }>({
    type: "work",
    queue: "default",
    timeout: ({ pages }) => pages === undefined ? undefined : `${pages}s`,
  });
  const never = () => new Promise<never>(() => {});

  it("ends runs that take longer, each by its own", async () => {
    const { deliver, clock, failures } = await setUp({ handlers: [handle(definition, never)] });
    await deliver(
      wireJob("a", { payload: { pages: 5 } }),
      wireJob("b", { payload: { pages: 1 } }),
      wireJob("c", { payload: {} }),
    );
    await clock.advance(1000);
    assert.deepEqual(failures.map(({ message }) => message), ["Job ran longer than 1000 ms"]);
    await clock.advance(100_000);
    assert.deepEqual(failures[1]!.message, "Job ran longer than 5000 ms");
    assert.equal(failures.length, 2);
  });

  it("gives way to that of the handler, and is none if its function throws", async () => {
    const own = handle(definition, never, { timeout: "2s" });
    const { deliver, clock, failures } = await setUp({ handlers: [own] });
    await deliver(wireJob("a", { payload: { pages: 5 } }));
    await clock.advance(2000);
    assert.equal(failures[0]!.message, "Job ran longer than 2000 ms");
    const lost = await setUp({ handlers: [handle(definition, () => {})] });
    await lost.deliver(wireJob("b", { payload: null }));
    assert.deepEqual(lost.acks.flat(), ["b"]);
  });
});
