/** Handlers that end their job and enqueue others in one commit. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import {
  type Client,
  createClient,
  createLeases,
  createMovement,
  defineJob,
  type Job,
} from "../../src/client/mod.ts";
import { runHandler, runJobs } from "../../src/testing/mod.ts";
import {
  createWorker,
  finish,
  handle,
  type JobHandler,
  type ReportedEvent,
  type WorkerOptions,
} from "../../src/worker/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";
import { withKit } from "../support/kit.ts";

const charge = defineJob<{ order: string }>({
  type: "charge",
  queue: "payments",
  retention: { completedMs: 3_600_000 },
  backoff: { exponent: 0, baseMs: 1000, jitterMs: 0 },
});
const ship = defineJob({
  type: "ship",
  queue: "warehouse",
  payload: v.object({ order: v.string() }),
});

const charging = handle(
  charge,
  ({ order }) => finish({ enqueue: [ship.of({ order })], result: "paid" }),
);

/** Runs what is ready, and gives what the broker answered. */
async function work(
  { client, clock }: Pick<TestBroker, "client" | "clock">,
  handler: JobHandler,
  options: Partial<WorkerOptions> = {},
): Promise<ReportedEvent["became"][]> {
  const worker = createWorker({ client, clock, handlers: [handler], logger: false, ...options });
  const became: ReportedEvent["became"][] = [];
  worker.on("reported", (event) => void became.push(event.became));
  await runJobs(worker, { clock });
  return became;
}

async function shipped(client: Client): Promise<Job[]> {
  const jobs: Job[] = [];
  for await (const job of client.list({ type: "ship" })) jobs.push(job);
  return jobs;
}

describe("finish()", () => {
  it("ends the job and enqueues others, which know what they came from", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const { id } = await client.enqueue(charge, { order: "a" });
      assert.deepEqual(await work(parts, charging), ["completed"]);
      const [job, ...others] = await shipped(client);
      assert.deepEqual([job!.payload, job!.spawnedFrom, others], [{ order: "a" }, id, []]);
      const { status, result } = await client.get(id);
      assert.deepEqual([status, result], ["completed", "paid"]);
    }));

  it("may be thrown, have settings, and replace the payload", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const { id } = await client.enqueue(charge, { order: "a" });
      await work(
        parts,
        handle(charge, () => {
          throw finish({
            enqueue: [
              ship.of({ order: "b" }, { delay: "1m", priority: 7 }),
              { type: "ship", queue: "elsewhere", payload: null },
            ],
            payload: { charged: 1 },
          });
        }),
      );
      const [first, second] = await shipped(client);
      assert.deepEqual([first!.status, first!.priority, second!.queue], [
        "scheduled",
        7,
        "elsewhere",
      ]);
      assert.deepEqual((await client.get(id)).payload, { charged: 1 });
    }));

  it("may have nothing to enqueue", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const { id } = await client.enqueue(charge, { order: "a" });
      const nothing = handle(charge, () => finish({ enqueue: [], result: 1 }));
      assert.deepEqual(await work(parts, nothing), ["completed"]);
      assert.equal((await client.get(id)).result, 1);
    }));

  it("fails the job, and enqueues nothing, if a payload or the result does not fit", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const checked = defineJob({ type: "checked", queue: "payments", result: v.number() });
      const tries: [handler: JobHandler, message: RegExp][] = [
        [
          handle(charge, () => finish({ enqueue: [ship.of({} as { order: string })] })),
          /requests\[0\]: .*'ship'/,
        ],
        [
          handle(
            charge,
            () => finish({ enqueue: [{ type: "ship", queue: "q", payload: 1, priority: -1 }] }),
          ),
          /priority/,
        ],
        [
          handle(checked, () => finish({ enqueue: [ship.of({ order: "a" })], result: "x" })),
          /Result of 'checked' does not fit/,
        ],
      ];
      for (const [handler, message] of tries) {
        const { id } = await client.enqueue({ type: handler.type, queue: "payments", payload: {} });
        assert.deepEqual(await work(parts, handler), ["retried"]);
        assert.match((await client.error(id, 1)).message, message);
        assert.deepEqual(await shipped(client), []);
        await client.delete(id);
      }
    }));

  it("fails the job with what the broker says, if that refuses one of the jobs", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const { id } = await client.enqueue(charge, { order: "a" }, { retryLimit: 1 });
      const handler = handle(charge, () =>
        finish({
          enqueue: [
            ship.of({ order: "a" }),
            ship.of({ order: "b" }, { budgets: [{ key: "nobody" }] }),
          ],
        }));
      assert.deepEqual(await work(parts, handler), ["retried"]);
      const { status, attempts } = await client.get(id);
      assert.deepEqual([status, attempts], ["scheduled", 1]);
      assert.match((await client.error(id, 1)).message, /^enqueue\[1\]: .*nobody/);
      assert.deepEqual(await shipped(client), []);
      await clock.advance(10_000);
      assert.deepEqual(await work(parts, handler), ["dead"]);
    }));

  it("enqueues nothing if the job was taken away meanwhile", () =>
    withBroker(async (parts) => {
      const { client, broker } = parts;
      const jobs = createMovement({ fetch: broker.fetch });
      const { id } = await client.enqueue(charge, { order: "a" });
      const handler = handle(charge, async () => {
        await jobs.requeue(id, { queue: "other" });
        return finish({ enqueue: [ship.of({ order: "a" })] });
      });
      // What a former run came to is nobody's.
      await work(parts, handler, { queues: ["payments"] });
      assert.equal((await client.get(id)).queue, "other");
      assert.deepEqual(await shipped(client), []);
    }));

  it("enqueues once though answers are lost and reports repeated", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      let lost = 0;
      const lossy = createClient({
        clock,
        retry: { baseDelayMs: 1 },
        async fetch(request) {
          const answer = await broker.fetch(request);
          if (!request.url.endsWith("/success?delivery=1") || ++lost > 3) return answer;
          await answer.body?.cancel();
          throw new TypeError("connection reset");
        },
      });
      const { id } = await client.enqueue(charge, { order: "a" });
      assert.deepEqual(await work({ client: lossy, clock }, charging), ["completed"]);
      assert.equal(lost, 4);
      assert.equal((await shipped(client)).length, 1);
      assert.equal((await client.get(id)).status, "completed");
    }));

  it("holds for jobs under leases", () =>
    withBroker(async (parts) => {
      const { broker, client } = parts;
      await client.enqueue(charge, { order: "a" });
      const leases = createLeases({ fetch: broker.fetch });
      assert.deepEqual(await work(parts, charging, { leases }), ["completed"]);
      assert.equal((await shipped(client)).length, 1);
    }));

  it("refuses what cannot be", () => {
    assert.throws(() => finish({} as never), /expected a list of jobs/);
    assert.throws(() => finish({ enqueue: [], results: 1 } as never), /result/);
    assert.throws(() => finish({ enqueue: [], result: () => {} }), TypeError);
    assert.throws(() => finish({ enqueue: [], payload: () => {} }), TypeError);
    const many = new Array(1001).fill(ship.of({ order: "a" }));
    assert.throws(() => finish({ enqueue: many }), RangeError);
  });
});

describe("finish() on a server that is none of Millrace", () => {
  /** A client that is told nothing of deliveries, as by such a server; it notes what is sent there. */
  const createForeign = ({ broker, clock }: TestBroker, refuse: (path: string) => boolean) => {
    const sent: string[] = [];
    const client = createClient({
      clock,
      retry: { limit: 0 },
      fetch(request) {
        const { pathname } = new URL(request.url);
        if (request.method === "POST") sent.push(pathname.replace(/[0-9a-z]{25}/, "{id}"));
        if (refuse(pathname)) return Promise.resolve(new Response(null, { status: 503 }));
        const headers = new Headers(request.headers);
        headers.delete("millrace-extensions");
        return broker.fetch(new Request(request, { headers }));
      },
    });
    return { client, sent };
  };

  it("enqueues first, under a unique key, and then reports", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const { id } = await client.enqueue(charge, { order: "a" });
      const foreign = createForeign(parts, () => false);
      const handler = handle(charge, () =>
        finish({
          enqueue: [
            ship.of({ order: "a" }),
            ship.of({ order: "b" }, { uniqueKey: "own", uniqueWhile: "queued" }),
          ],
          result: "forgotten",
          payload: "forgotten",
        }));
      assert.deepEqual(await work({ client: foreign.client, clock }, handler), ["completed"]);
      assert.deepEqual(foreign.sent, ["/jobs", "/jobs", "/jobs/{id}/success"]);
      const keys = (await shipped(client)).map(({ uniqueKey, uniqueWhile }) => [
        uniqueKey,
        uniqueWhile,
      ]);
      assert.deepEqual(keys, [[`finish:${id}:0`, "exists"], ["own", "queued"]]);
      const { status, result, payload } = await client.get(id);
      assert.deepEqual([status, result, payload], ["completed", undefined, { order: "a" }]);
    }));

  it("enqueues once though the report is repeated", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      await client.enqueue(charge, { order: "a" });
      let refused = 0;
      const foreign = createForeign(
        parts,
        (path) => path.endsWith("/success") && ++refused <= 2,
      );
      assert.deepEqual(await work({ client: foreign.client, clock }, charging), ["completed"]);
      assert.equal((await shipped(client)).length, 1);
      assert.equal(foreign.sent.filter((path) => path === "/jobs").length, 3);
    }));

  it("fails the job if its worker cannot enqueue", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const { id } = await client.enqueue(charge, { order: "a" });
      const { client: { enqueue: _, ...foreign } } = createForeign(parts, () => false);
      assert.deepEqual(await work({ client: foreign as Client, clock }, charging), ["retried"]);
      assert.match((await client.error(id, 1)).message, /has no 'enqueue'/);
    }));
});

describe("finish() in tests", () => {
  it("is seen by runHandler()", async () => {
    const run = await runHandler(charging, { order: "a" });
    assert.deepEqual([run.kind, run.result], ["completed", "paid"]);
    assert.deepEqual(run.enqueued.map(({ type, payload }) => [type, payload]), [
      ["ship", { order: "a" }],
    ]);
    const other = await runHandler(handle(charge, () => {}), { order: "a" });
    assert.deepEqual(other.enqueued, []);
  });

  it("runs in a kit, with what follows", () => {
    const seen: string[] = [];
    const shipping = handle(ship, ({ order }) => void seen.push(order));
    return withKit([charging, shipping], async (kit) => {
      await kit.client.enqueue(charge, { order: "a" });
      const runs = await kit.drain();
      assert.deepEqual(runs.map(({ job, kind, result }) => [job.type, kind, result]), [
        ["charge", "succeeded", "paid"],
        ["ship", "succeeded", undefined],
      ]);
      assert.deepEqual(seen, ["a"]);
    });
  });
});
