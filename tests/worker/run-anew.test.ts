/** A job that somebody takes away from a run, and that comes to the same worker, is run anew. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Client,
  createClient,
  createLeases,
  createMovement,
  createQueues,
  defineJob,
  type Fetch,
  type Job,
} from "../../src/client/mod.ts";
import {
  createWorker,
  handle,
  type JobContext,
  LeaseLostError,
  type Worker,
  type WorkerOptions,
} from "../../src/worker/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";

const page = defineJob<string>({ type: "page", queue: "fetch" });
const retention = { completedMs: 3_600_000 };

/** How somebody takes a job away that runs, and what is to be run then. */
interface Taking {
  readonly jobs: ReturnType<typeof createMovement>;
  readonly client: Client;
  readonly leases: ReturnType<typeof createLeases>;
  readonly queues: ReturnType<typeof createQueues>;
  /** As the handler has it. */
  readonly job: Job;
}
const takings: Readonly<Record<string, readonly [string, (parts: Taking) => Promise<unknown>]>> = {
  "is put": ["v2", ({ jobs, job }) => jobs.put(job.id, { type: "page", payload: "v2" })],
  "is requeued": ["v2", ({ jobs, job }) => jobs.requeue(job.id, { payload: "v2" })],
  "is deleted and put": ["v2", async ({ client, jobs, job }) => {
    await client.delete(job.id);
    await jobs.put(job.id, { type: "page", queue: "fetch", payload: "v2", retention });
  }],
  "is timed out": ["v1", ({ leases, job }) => leases.timeout(job.id)],
  "is in a queue whose running jobs are stopped": [
    "v1",
    ({ queues }) => queues.set("fetch", { stopRunning: true }),
  ],
  "is moved on by its handler": [
    "v2",
    ({ client, job }) => client.success(job, { next: { queue: "fetch" }, payload: "v2" }),
  ],
};

interface Parts extends TestBroker {
  readonly worker: Worker;
  readonly runs: { readonly payload: string; readonly context: JobContext; finish(): void }[];
  readonly taking: (job: Job) => Taking;
}

const ways: Readonly<Record<string, (fetch: Fetch) => Partial<WorkerOptions>>> = {
  "with a stream, in the same process": () => ({}),
  "with a stream": (fetch) => ({ client: createClient({ fetch: (request) => fetch(request) }) }),
  "with leases": (fetch) => ({ leases: createLeases({ fetch }), leaseMs: 30_000 }),
};

for (const [way, toOptions] of Object.entries(ways)) {
  describe(`a worker ${way}, and a job that runs there and`, () => {
    const withWorker = (test: (parts: Parts) => Promise<void>, concurrency = 3) =>
      withBroker(async (parts) => {
        const { broker, client, clock } = parts;
        const { fetch } = broker;
        const runs: Parts["runs"] = [];
        const worker = createWorker({
          client,
          clock,
          concurrency,
          prefetch: 6,
          handlers: [
            handle(
              page,
              (payload, context) =>
                new Promise<void>((finish) => void runs.push({ payload, context, finish })),
            ),
          ],
          ...toOptions(fetch),
        });
        const jobs = createMovement({ fetch });
        const shared = {
          jobs,
          client,
          leases: createLeases({ fetch }),
          queues: createQueues({ fetch }),
        };
        await worker.start();
        await jobs.put("p", { type: "page", queue: "fetch", payload: "v1", retention });
        await clock.settle();
        try {
          await test({ ...parts, worker, runs, taking: (job) => ({ ...shared, job }) });
        } finally {
          await worker.kill();
        }
      });

    for (const [what, [payload, take]] of Object.entries(takings)) {
      for (const concurrency of [1, 3]) {
        it(`${what} is run anew, ${concurrency} at a time`, () =>
          withWorker(async ({ client, clock, runs, taking, worker }) => {
            const [first] = runs;
            await take(taking(first!.context.job));
            await clock.settle();
            assert.deepEqual(runs.map((run) => run.payload), ["v1", payload]);
            const { reason } = first!.context.signal;
            if (way === "with leases") assert.ok(reason instanceof LeaseLostError);
            else assert.equal(reason.name, "AbortError");
            first!.finish();
            await clock.settle();
            assert.equal((await client.get("p")).status, "in_flight");
            assert.equal(runs[1]!.context.signal.aborted, false);
            runs[1]!.finish();
            await clock.settle();
            const job = await client.get("p");
            assert.deepEqual([job.status, job.payload, job.attempts], ["completed", payload, 0]);
            const { healthy, unreported, running, lost } = worker.health();
            assert.deepEqual([healthy, unreported, running, lost], [true, 0, 0, 0]);
          }, concurrency));
      }
    }

    it("is put for later is run then, though the former run has come to its end", () =>
      withWorker(async ({ client, clock, runs, taking }) => {
        const { jobs } = taking(runs[0]!.context.job);
        await jobs.put("p", { type: "page", payload: "v2", delayMs: 5000 });
        runs[0]!.finish();
        await clock.advance(5000);
        await clock.settle();
        assert.deepEqual(runs.map((run) => run.payload), ["v1", "v2"]);
        assert.equal((await client.get("p")).status, "in_flight");
        runs[1]!.finish();
        await clock.settle();
        assert.equal((await client.get("p")).status, "completed");
      }));
  });
}

describe("a worker with leases that gives a job back", () => {
  it("keeps the one that comes anew before it hears that", () =>
    withBroker(async ({ broker, client, clock }) => {
      const served = Promise.withResolvers<void>();
      const fetch: Fetch = async (request) => {
        const response = await broker.fetch(request);
        if (request.url.endsWith("/jobs/release")) await served.promise;
        return response;
      };
      const runs = new Map<string, PromiseWithResolvers<void>>();
      const worker = createWorker({
        client: createClient({ fetch }),
        leases: createLeases({ fetch }),
        leaseMs: 3000,
        clock,
        concurrency: 1,
        prefetch: 4,
        handlers: [handle(page, (payload) => {
          runs.set(payload, Promise.withResolvers());
          return runs.get(payload)!.promise;
        })],
      });
      const jobs = createMovement({ fetch });
      const put = (id: string, payload: string) =>
        jobs.put(id, { type: "page", queue: "fetch", payload, retention });
      await worker.start();
      await put("x", "x");
      await put("p", "v1");
      await clock.settle();
      worker.pause();
      await clock.settle();
      await client.delete("p");
      await put("p", "v2");
      worker.resume();
      await clock.settle();
      served.resolve();
      await clock.settle();
      runs.get("x")!.resolve();
      await clock.advance(30_000);
      const { status, deliveries } = await client.get("p");
      assert.deepEqual([[...runs.keys()], status, deliveries], [["x", "v2"], "in_flight", 1]);
      runs.get("v2")!.resolve();
      await clock.settle();
      assert.equal((await client.get("p")).status, "completed");
      await worker.stop();
    }));
});
