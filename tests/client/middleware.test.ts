/** Layers around the enqueues of a client, and what they hand on to the layers around handlers. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Client,
  createClient,
  defineJob,
  type EnqueueMiddleware,
  type Job,
  PayloadError,
  withMiddleware,
} from "../../src/client/mod.ts";
import { createWorker, defineState, handle, type Middleware } from "../../src/worker/mod.ts";
import { job, withBroker } from "../support/broker.ts";

const mail = defineJob<string>({ type: "mail", queue: "mails", meta: { own: "1" } });

const marked = (name: string): EnqueueMiddleware => (request, next) =>
  next({ ...request, tags: [...request.tags ?? [], name] });

async function jobsOf(client: Client): Promise<Job[]> {
  const jobs: Job[] = [];
  for await (const job of client.list()) jobs.push(job);
  return jobs;
}

for (const how of ["in the same process", "over the protocol"] as const) {
  describe(`withMiddleware(), ${how}`, () => {
    const withLayers = (
      layers: readonly EnqueueMiddleware[],
      test: (layered: Client, plain: Client) => Promise<void>,
    ) =>
      withBroker(async ({ broker, client }) => {
        const plain = how === "over the protocol"
          ? createClient({ fetch: (request) => broker.fetch(request) })
          : client;
        await test(withMiddleware(plain, layers), client);
      });

    it("runs the layers around each job of every way to enqueue, outermost first", () =>
      withLayers([marked("outer"), marked("inner")], async (layered, client) => {
        await layered.enqueue(mail, "a", { priority: 7, timeoutMs: 5000 });
        await layered.enqueue(job({ payload: "b" }), { timeoutMs: 5000 });
        const many = await layered.enqueueMany(mail, ["c", "d"]);
        await layered.enqueueMany([job({ payload: "e" }), mail.of("f")]);
        await layered.enqueue(mail.of("g"));
        await client.enqueue(mail, "plain");
        const jobs = await jobsOf(client);
        assert.deepEqual(jobs.map(({ payload, tags }) => [payload, tags]), [
          ..."abcdefg".split("").map((payload) => [payload, ["outer", "inner"]]),
          ["plain", undefined],
        ]);
        assert.deepEqual([jobs[0]!.priority, jobs[0]!.meta], [7, { own: "1" }]);
        assert.deepEqual(many.map(({ id }) => id), [jobs[2]!.id, jobs[3]!.id]);
        assert.equal(await layered.count(), 8);
      }));

    it("gives the layers the stored job, and the caller what they make of it", () => {
      const seen: unknown[] = [];
      const watch: EnqueueMiddleware = async (request, next) => {
        const stored = await next(request);
        seen.push([request.payload, stored.duplicate]);
        return { ...stored, folded: true };
      };
      return withLayers([watch], async (layered) => {
        const first = await layered.enqueue(mail, "a", { uniqueKey: "k" });
        const second = await layered.enqueue(mail, "b", { uniqueKey: "k" });
        assert.deepEqual([second.id, first.folded], [first.id, true]);
        await layered.enqueueMany(mail, ["c", "d"]);
        assert.deepEqual(seen, [["a", false], ["b", true], ["c", false], ["d", false]]);
      });
    });

    it("refuses by throwing, also all of many, and nothing is stored", () => {
      const refuse: EnqueueMiddleware = (request, next) => {
        if (request.payload === "bad") throw new RangeError("no");
        return next(request);
      };
      return withLayers([marked("x"), refuse], async (layered, client) => {
        await assert.rejects(layered.enqueue(mail, "bad"), { name: "RangeError", message: "no" });
        await assert.rejects(layered.enqueueMany(mail, ["a", "bad", "c"]), { message: "no" });
        assert.equal(await client.count(), 0);
      });
    });

    it("passes on why a job is not stored, and a layer may make something else of it", () => {
      const errors: unknown[] = [];
      const watch: EnqueueMiddleware = (request, next) =>
        next(request).catch((error) => {
          errors.push(error.status);
          throw new Error("told in other words", { cause: error });
        });
      return withLayers([watch], async (layered, client) => {
        await assert.rejects(layered.enqueue(job({ queue: "a,b" })), {
          message: "told in other words",
        });
        await assert.rejects(layered.enqueueMany([job(), job({ queue: "a,b" })]), {
          status: 400,
          message: /^jobs\[1\]: /,
        });
        assert.deepEqual(errors, [400, 400, 400]);
        assert.equal(await client.count(), 0);
      });
    });

    it("does not run for a payload that does not fit, and demands that layers call 'next' once", () => {
      let runs = 0;
      const strict = defineJob<string>({
        type: "t",
        queue: "q",
        payload: {
          "~standard": { version: 1, validate: () => ({ issues: [{ message: "never" }] }) },
        },
      });
      const broken: EnqueueMiddleware[] = [
        (request) => (runs++, Promise.resolve(request as never)),
        async (request, next) => (await next(request), await next(request)),
      ];
      return withLayers([broken[0]!], async (layered, client) => {
        await assert.rejects(layered.enqueue(strict, "x"), PayloadError);
        assert.equal(runs, 0);
        await assert.rejects(layered.enqueue(mail, "x"), {
          message: "Cannot enqueue: a middleware did neither call 'next' nor throw",
        });
        await assert.rejects(withMiddleware(client, [broken[1]!]).enqueue(mail, "once"), {
          message: "Cannot call 'next' twice in one middleware",
        });
        assert.equal(await client.count(), 1);
      });
    });
  });
}

describe("a tenant and a trace", () => {
  it("go from the enqueue to the handler, and on to the jobs that it enqueues", () =>
    withBroker(async ({ client, clock }) => {
      // What an application knows of the request that it answers: AsyncLocalStorage, where there is one.
      let current = {
        tenant: "acme",
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
      };
      const tracing: EnqueueMiddleware = (request, next) => {
        const { tenant, traceId, spanId } = current;
        const meta = { tenant, traceparent: `00-${traceId}-${spanId}-01`, ...request.meta };
        return next({ ...request, meta });
      };
      const span = defineState<{ readonly tenant: string; readonly traceId: string }>("span");
      const tracedRuns: Middleware = async ({ meta, state }, next) => {
        const [, traceId = "none"] = /^00-([0-9a-f]{32})-/.exec(meta["traceparent"] ?? "") ?? [];
        state.set(span, { tenant: meta["tenant"] ?? "nobody", traceId });
        await next();
      };
      const order = defineJob<number>({ type: "order", queue: "orders" });
      const seen: unknown[] = [];
      const worker = createWorker({
        client,
        clock,
        middleware: [tracedRuns],
        handlers: [
          handle(order, async (_, { state, meta, enqueue }) => {
            seen.push(state.get(span));
            await enqueue(mail, "paid", { meta });
          }),
          handle(mail, (_, { state }) => void seen.push(state.get(span))),
        ],
      });
      await worker.start();
      await withMiddleware(client, [tracing]).enqueue(order, 7);
      current = { ...current, tenant: "other" };
      await clock.settle();
      const expected = { tenant: "acme", traceId: "0af7651916cd43dd8448eb211c80319c" };
      assert.deepEqual(seen, [expected, expected]);
      await worker.stop();
    }));
});
