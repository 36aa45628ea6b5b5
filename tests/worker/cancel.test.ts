/** A job that somebody cancels while a worker has it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createClient,
  createLeases,
  defineJob,
  type Fetch,
  isMillraceError,
} from "../../src/client/mod.ts";
import {
  createWorker,
  handle,
  JobCancelledError,
  type JobContext,
  LeaseLostError,
  type ReportedEvent,
  retryOn,
  snooze,
  type Worker,
  type WorkerOptions,
} from "../../src/worker/mod.ts";
import { msgpack } from "../../src/client/msgpack.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

const page = defineJob<string>({ type: "page", queue: "fetch" });
const retention = { completedMs: 3_600_000 };

interface Parts extends TestBroker {
  readonly worker: Worker;
  /** The runs so far: their contexts, and what their handlers do in the end. */
  readonly runs: {
    readonly context: JobContext;
    finish(value?: unknown): void;
    fail(error: unknown): void;
  }[];
  /** The lines of the log, and those that are warnings or errors. */
  readonly lines: string[];
  readonly errors: readonly string[];
  /** What was told of jobs, in words. */
  readonly told: string[];
  readonly reported: ReportedEvent[];
}

const ways: Readonly<Record<string, (fetch: Fetch) => Partial<WorkerOptions>>> = {
  "with a stream, in the same process": () => ({}),
  "with a stream": (fetch) => ({ client: createClient({ fetch: (request) => fetch(request) }) }),
  "with a stream in MessagePack": (fetch) => ({
    client: createClient({ fetch: (request) => fetch(request), format: msgpack }),
  }),
  "with leases": (fetch) => ({ leases: createLeases({ fetch }), leaseMs: 30_000 }),
};

for (const [way, toOptions] of Object.entries(ways)) {
  describe(`a worker ${way}, and a job that somebody cancels`, () => {
    const isLeased = way === "with leases";
    /** Until the worker has heard of it: with leases, by its next heartbeat. */
    const hear = ({ clock }: Parts) => clock.advance(isLeased ? 10_000 : 0);

    const withWorker = (
      test: (parts: Parts) => Promise<void>,
      options: Partial<WorkerOptions> = {},
    ) =>
      withBroker(async (parts) => {
        const { broker, client, clock } = parts;
        const runs: Parts["runs"] = [];
        const log = createRecordingLogger();
        const lines: string[] = [];
        const worker = createWorker({
          client,
          clock,
          logger: { ...log.logger, info: (message) => void lines.push(message) },
          concurrency: 1,
          prefetch: 3,
          handlers: [
            handle(
              page,
              (_payload, context) =>
                new Promise<never>((finish, fail) =>
                  void runs.push({ context, finish: (value) => finish(value as never), fail })
                ),
            ),
          ],
          ...toOptions(broker.fetch),
          ...options,
        });
        const told: string[] = [];
        const reported: ReportedEvent[] = [];
        worker.on("cancelled", ({ job, error }) => told.push(`cancelled ${job.payload} ${error}`));
        worker.on("leaseLost", ({ job }) => told.push(`lost ${job.payload}`));
        worker.on("released", ({ job }) => told.push(`released ${job.payload}`));
        worker.on("started", ({ job }) => told.push(`started ${job.payload}`));
        worker.on("reported", (event) => reported.push(event));
        await worker.start();
        try {
          await test({ ...parts, worker, runs, lines, errors: log.errors, told, reported });
        } finally {
          await worker.kill();
        }
      });

    const enqueue = async ({ client, clock }: Parts, payload: string) => {
      const { id } = await client.enqueue(page, payload, { retention });
      await clock.settle();
      return id;
    };

    const ends: Readonly<Record<string, (run: Parts["runs"][number]) => unknown>> = {
      "throws the reason": ({ fail, context }) => fail(context.signal.reason),
      "throws something else": ({ fail }) => fail(new TypeError("x")),
      "throws what a rule would retry": ({ fail }) => fail(new RangeError("y")),
      "snoozes": ({ finish }) => finish(snooze("1m")),
    };
    for (const [what, end] of Object.entries(ends)) {
      it(`is dead when its handler ${what}`, () =>
        withWorker(async (parts) => {
          const { client, clock, runs, told, reported } = parts;
          const id = await enqueue(parts, "p");
          const { signal } = runs[0]!.context;
          assert.equal((await client.cancel(id, { reason: "no use" })).outcome, "requested");
          await hear(parts);
          assert.ok(signal.reason instanceof JobCancelledError);
          assert.ok(isMillraceError(signal.reason) && signal.reason.code === "cancelled");
          assert.equal(signal.reason.message, "no use");
          assert.equal((await client.get(id)).status, "in_flight", "the handler may clean up");
          end(runs[0]!);
          await clock.settle();
          const dead = await client.get(id);
          assert.deepEqual([dead.status, dead.attempts], ["dead", 1]);
          const error = await client.error(id, 1);
          assert.deepEqual([error.message, error.errorType], ["no use", "Cancelled"]);
          assert.deepEqual(told, ["started p", "cancelled p JobCancelledError: no use"]);
          const [event] = reported;
          assert.ok(event?.became === "dead");
          assert.deepEqual([event.reason, event.error], ["unwanted", signal.reason]);
        }, {
          onError: [retryOn([RangeError], { delay: "1s" })],
        }));
    }

    it("is done when its handler returns", () =>
      withWorker(async (parts) => {
        const { client, clock, runs, reported } = parts;
        const id = await enqueue(parts, "p");
        const waiting = client.cancel(id, { waitMs: 60_000 });
        await hear(parts);
        assert.equal(runs[0]!.context.signal.aborted, true);
        runs[0]!.finish();
        await clock.settle();
        assert.equal((await client.get(id)).status, "completed");
        assert.equal((await waiting).outcome, "finished");
        assert.equal(reported[0]?.became, "completed");
      }));

    it("never begins if it waits for another one here", () =>
      withWorker(async (parts) => {
        const { client, clock, told, runs, worker } = parts;
        await enqueue(parts, "first");
        const id = await enqueue(parts, "second");
        assert.equal((await client.get(id)).status, "in_flight");
        await client.cancel(id, { reason: "r" });
        await hear(parts);
        assert.equal((await client.get(id)).status, "dead");
        runs[0]!.finish();
        await clock.settle();
        assert.deepEqual(told, ["started first", "cancelled second JobCancelledError: r"]);
        await enqueue(parts, "third");
        assert.equal(told.at(-1), "started third");
        runs[1]!.finish();
        await worker.stop();
      }));

    it("is taken from a handler that goes on, and its late report changes nothing", () =>
      withWorker(async (parts) => {
        const { client, clock, runs, worker } = parts;
        const id = await enqueue(parts, "p");
        await client.cancel(id, { reason: "r", forceAfterMs: 20_000 });
        await hear(parts);
        assert.equal(worker.health().unwanted, 1);
        await clock.advance(20_000);
        assert.equal((await client.get(id)).status, "dead");
        await hear(parts);
        assert.deepEqual([worker.health().unwanted, worker.health().lost], [0, 1]);
        assert.ok(runs[0]!.context.signal.reason instanceof JobCancelledError);
        runs[0]!.finish();
        await clock.settle();
        assert.equal((await client.get(id)).status, "dead");
        assert.equal(worker.health().lost, 0);
      }));

    it("is aborted when it is deleted, or taken away at once", () =>
      withWorker(async (parts) => {
        const { client, clock, runs } = parts;
        const [first, second] = [await enqueue(parts, "a"), await enqueue(parts, "b")];
        await client.delete(first);
        await hear(parts);
        const wanted = isLeased ? LeaseLostError : DOMException;
        assert.ok(runs[0]!.context.signal.reason instanceof wanted);
        runs[0]!.finish();
        await clock.settle();
        await client.cancel(second, { forceAfterMs: 0 });
        await hear(parts);
        assert.ok(runs[1]!.context.signal.reason instanceof wanted);
        runs[1]!.finish();
        await clock.settle();
        assert.equal((await client.get(second)).status, "dead");
      }));

    it("dies when the worker stops before it is done, instead of running again", () =>
      withWorker(async (parts) => {
        const { client, clock, worker } = parts;
        const id = await enqueue(parts, "p");
        await client.cancel(id, { reason: "r" });
        await hear(parts);
        const stopped = worker.stop({ timeoutMs: 1 });
        await clock.advance(1);
        await stopped;
        await clock.settle();
        assert.equal((await client.get(id)).status, "dead");
      }));

    it("is told in the log as what somebody wanted", () =>
      withWorker(async (parts) => {
        const { client, clock, runs, lines, errors } = parts;
        const id = await enqueue(parts, "p");
        await client.cancel(id, { reason: "no use" });
        await hear(parts);
        runs[0]!.fail(new Error("x"));
        await clock.settle();
        assert.ok(lines.includes("Job was cancelled: no use"));
        assert.deepEqual(errors, []);
      }));

    if (!isLeased) return;

    it("is told with each heartbeat, and heard once, until the job is deleted", () =>
      withWorker(async (parts) => {
        const { client, clock, runs, told } = parts;
        const id = await enqueue(parts, "p");
        await client.cancel(id, { reason: "r" });
        await assert.doesNotReject(runs[0]!.context.heartbeat());
        assert.ok(runs[0]!.context.signal.reason instanceof JobCancelledError);
        await clock.advance(20_000);
        assert.equal(told.filter((what) => what.startsWith("cancelled")).length, 1);
        await client.delete(id);
        await assert.rejects(runs[0]!.context.heartbeat(), LeaseLostError);
      }));
  });
}
