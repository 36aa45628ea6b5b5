/** A success that stores jobs: both or neither (docs/protocol.md, section 6.18). */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Client,
  createBudgets,
  createClient,
  createLeases,
  createMovement,
  defineJob,
  type EnqueueRequest,
  type Fetch,
  type Job,
  PayloadError,
  withMiddleware,
} from "../../src/client/mod.ts";
import { job, type Taken, type TestBroker, withBroker } from "../support/broker.ts";
import { json, withCallers } from "../support/callers.ts";
import { formats } from "../support/formats.ts";
import { send } from "../support/send.ts";

/** How a client reaches the broker. */
const ways: Readonly<Record<string, (fetch: Fetch) => Parameters<typeof createClient>[0]>> = {
  "in the same process": (fetch) => ({ fetch }),
  "by JSON": (fetch) => ({ fetch: (request) => fetch(request) }),
  "by MessagePack": (fetch) => ({ fetch, format: formats.msgpack }),
};

const next = (changes: Partial<EnqueueRequest> = {}) => job({ queue: "next", ...changes });

const batch = { key: "b", when: "true", fold: "$existing + $new" };
const limit = (allocation: number) =>
  ({ allocation, strategy: { type: "while_in_flight" } }) as const;

/** A job that is in flight, taken as it is by a worker. */
async function takeOne(
  { client, take }: Pick<TestBroker, "client" | "take">,
  changes: Partial<EnqueueRequest> = {},
): Promise<Job> {
  await client.enqueue(job(changes));
  return await arrived(await take({ queues: ["q"], prefetch: 10 }), 0);
}

/** A job that comes on a stream, when it has come. */
async function arrived({ jobs }: Taken, at: number): Promise<Job> {
  for (let turns = 0; turns < 1000 && jobs.length <= at; turns++) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.ok(jobs.length > at, `job ${at} has not come`);
  return jobs[at]!;
}

/** All jobs of the queue of those that follow. */
async function following(client: Client): Promise<Job[]> {
  const jobs: Job[] = [];
  for await (const job of client.list({ queue: "next" })) jobs.push(job);
  return jobs;
}

for (const [way, toOptions] of Object.entries(ways)) {
  describe(`a success that stores jobs, ${way}`, () => {
    const withJob = (
      test: (parts: TestBroker & { readonly one: Job; readonly by: Client }) => Promise<void>,
      changes: Partial<EnqueueRequest> = {},
    ) =>
      withBroker(async (parts) => {
        const one = await takeOne(parts, changes);
        await test({ ...parts, one, by: createClient(toOptions(parts.broker.fetch)) });
      }, { maxPayloadBytes: 999 });

    it("ends the run and stores them, and they know what they came from", () =>
      withJob(async ({ client, by, one }) => {
        const payload = { text: "é \u0000 1.0", deep: [[{ payload: 1.5 }]] };
        const stored = await by.success(one, {
          enqueue: [next({ payload, delayMs: 500 }), next({ payload: null, tags: ["a"] })],
          result: { big: 2 ** 60, float: 1.25 },
        });
        assert.deepEqual(stored.map(({ status, duplicate }) => [status, duplicate]), [
          ["scheduled", false],
          ["ready", false],
        ]);
        await assert.rejects(client.get(one.id), { name: "NotFoundError" });
        const jobs = await following(client);
        assert.deepEqual(jobs.map(({ id }) => id), stored.map(({ id }) => id));
        assert.deepEqual(jobs.map(({ payload }) => payload), [payload, null]);
        assert.deepEqual(jobs.map(({ spawnedFrom }) => spawnedFrom), [one.id, one.id]);
        assert.deepEqual(jobs[1]!.tags, ["a"]);
      }));

    it("keeps a payload and a result with the job, if that is kept", () =>
      withJob(async ({ client, by, one }) => {
        await by.success(one, { enqueue: [next()], payload: { n: 1.5 }, result: [1, null] });
        const { status, payload, result } = await client.get(one.id);
        assert.deepEqual([status, payload, result], ["completed", { n: 1.5 }, [1, null]]);
      }, { retention: { completedMs: 60_000 } }));

    it("is answered as the first time when it is repeated, and stores nothing more", () =>
      withJob(async ({ client, by, one }) => {
        const enqueue = [next({ payload: "x".repeat(100) }), next({ uniqueKey: "k" })];
        const first = await by.success(one, { enqueue, result: 1 });
        assert.deepEqual(await by.success(one, { enqueue, result: 1 }), first);
        assert.equal((await following(client)).length, 2);
      }));

    it("stores nothing and ends nothing if one of them is refused", () =>
      withJob(async ({ client, by, one }) => {
        const bad: readonly [EnqueueRequest, number, RegExp][] = [
          [next({ queue: "a,b" }), 400, /^enqueue\[1\]: queue /],
          [next({ uniqueKey: "k", batch }), 400, /^enqueue\[1\]: /],
          [next({ budgets: [{ key: "none" }] }), 422, /^enqueue\[1\]: .*none/],
          [
            next({ dependsOn: ["a".repeat(25)], strictDependencies: true }),
            422,
            /^enqueue\[1\]: depends_on/,
          ],
          [next({ payload: "x".repeat(1000) }), 400, /^enqueue\[1\]: payload is/],
          [next({ childOf: { id: one.id, slot: "a" } }), 400, /^enqueue\[1\]: child_of/],
        ];
        for (const [request, status, message] of bad) {
          await assert.rejects(
            by.success(one, { enqueue: [next(), request], payload: 1, result: 2 }),
            { name: "RefusedError", status, message },
          );
          assert.equal((await client.get(one.id)).status, "in_flight");
          assert.deepEqual(await following(client), []);
        }
        assert.equal((await by.success(one, { enqueue: [next()] })).length, 1);
      }));

    it("stores nothing for who has the job no more", () =>
      withJob(async ({ client, by, one, broker, clock }) => {
        const jobs = createMovement({ fetch: broker.fetch });
        const demandStale = async () => {
          await assert.rejects(by.success(one, { enqueue: [next()] }), { status: 409 });
          assert.deepEqual(await following(client), []);
        };
        await by.release(one, { delayMs: 1000 });
        await demandStale();
        await clock.advance(1000); // Somebody else has it now.
        await demandStale();
        await jobs.requeue(one.id, { queue: "elsewhere" });
        await demandStale();
        await client.delete(one.id);
        await assert.rejects(by.success(one, { enqueue: [next()] }), { name: "NotFoundError" });
        assert.deepEqual(await following(client), []);
      }));

    it("counts for a job that somebody wants to cancel, and not for one that was cancelled", () =>
      withJob(async ({ client, by, one, take }) => {
        await client.cancel(one.id, { reason: "r" });
        assert.equal((await by.success(one, { enqueue: [next()] })).length, 1);
        await client.enqueue(job({ queue: "other" }));
        const other = await arrived(await take({ queues: ["other"] }), 0);
        await client.cancel(other.id, { forceAfterMs: 0 });
        await assert.rejects(by.success(other, { enqueue: [next()] }), { status: 409 });
        assert.equal((await following(client)).length, 1);
      }));

    it("may have nothing to store", () =>
      withJob(async ({ client, by, one }) => {
        assert.deepEqual(await by.success(one, { enqueue: [] }), []);
        await assert.rejects(client.get(one.id), { name: "NotFoundError" });
      }));
  });
}

describe("jobs that are stored with a success", () => {
  const withOne = (
    test: (parts: TestBroker & { readonly one: Job }) => Promise<void>,
    changes: Partial<EnqueueRequest> = {},
  ) => withBroker(async (parts) => test({ ...parts, one: await takeOne(parts, changes) }));

  for (const [scope, isFree] of [["queued", true], ["active", true], ["exists", true]] as const) {
    it(`may have the unique key of the job, of scope '${scope}'`, () => {
      const keyed = { uniqueKey: "k", uniqueWhile: scope };
      return withOne(async ({ client, one }) => {
        const [stored] = await client.success(one, { enqueue: [next(keyed)] });
        assert.equal(stored!.duplicate, !isFree);
        assert.equal((await client.enqueue(next(keyed))).id, stored!.id);
      }, keyed);
    });
  }

  it("are duplicates of the job if it is kept and keeps its key", () => {
    const keyed = { uniqueKey: "k", uniqueWhile: "exists" } as const;
    return withOne(async ({ client, one }) => {
      const [stored, other] = await client.success(one, {
        enqueue: [next(keyed), next({ ...keyed, uniqueWhile: "active" })],
      });
      assert.deepEqual(
        [stored!.id, stored!.duplicate, stored!.status],
        [one.id, true, "completed"],
      );
      assert.equal(other!.duplicate, false);
      assert.equal((await client.get(one.id)).status, "completed");
    }, { ...keyed, retention: { completedMs: 1000 } });
  });

  it("are duplicates of others that have their key, and of each other", () =>
    withOne(async ({ client, one }) => {
      const before = await client.enqueue(next({ uniqueKey: "a" }));
      const stored = await client.success(one, {
        enqueue: [next({ uniqueKey: "a" }), next({ uniqueKey: "b" }), next({ uniqueKey: "b" })],
      });
      assert.deepEqual(stored.map(({ duplicate }) => duplicate), [true, false, true]);
      assert.equal(stored[0]!.id, before.id);
      assert.equal(stored[2]!.id, stored[1]!.id);
      const { spawnedFrom } = await client.get(before.id);
      assert.equal(spawnedFrom, undefined, "it came from elsewhere");
    }));

  it("are folded into the batch that waits", () =>
    withOne(async ({ client, one }) => {
      const head = await client.enqueue(next({ batch, payload: [1] }));
      const stored = await client.success(one, {
        enqueue: [next({ batch, payload: [2] }), next({ batch, payload: [3] })],
      });
      assert.deepEqual(stored.map(({ id, folded }) => [id, folded]), [[head.id, true], [
        head.id,
        true,
      ]]);
      assert.deepEqual((await client.get(head.id)).payload, [1, 2, 3]);
    }));

  it("draw on budgets, which are made if they are to be", () =>
    withOne(async ({ client, one, broker }) => {
      await client.success(one, {
        enqueue: [next({ budgets: [{ key: "x", createWith: limit(2) }] })],
      });
      const { allocation } = await createBudgets({ fetch: broker.fetch }).get("x");
      assert.equal(allocation, 2);
    }));

  it("run with the tokens of the job that has ended", () =>
    withOne(async ({ client, one, take }) => {
      const budgets = [{ key: "x" }];
      await client.success(one, { enqueue: [next({ budgets })] });
      await arrived(await take({ queues: ["next"] }), 0);
    }, { budgets: [{ key: "x", createWith: limit(1) }] }));

  it("wait for each other, for others, and for the job itself, which has ended", () =>
    withOne(async ({ client, one, take }) => {
      const other = await client.enqueue(job({ queue: "other" }));
      const stored = await client.success(one, {
        enqueue: [
          next({ dependsOn: [{ id: one.id, name: "before" }], strictDependencies: true }),
          next({ dependsOn: [{ item: 0 }] }),
          next({ dependsOn: [other.id] }),
        ],
        result: { answer: 42 },
      });
      assert.deepEqual(stored.map(({ status }) => status), ["ready", "blocked", "blocked"]);
      const first = await client.get(stored[0]!.id);
      assert.equal(first.status, "ready");
      const taken = await arrived(await take({ queues: ["next"] }), 0);
      assert.deepEqual(taken.parentResults, { before: { answer: 42 } });
      await client.success(taken);
      assert.equal((await client.get(stored[1]!.id)).status, "in_flight");
    }));
});

describe("a success that stores jobs", () => {
  it("is refused if the lease is another's, or over", () =>
    withBroker(async ({ broker, client, clock }) => {
      const leases = createLeases({ fetch: broker.fetch });
      await client.enqueue(job());
      const [one] = await leases.take({ queues: ["q"], leaseMs: 1000 });
      const forged = { ...one!, leaseToken: "x".repeat(22) };
      await assert.rejects(client.success(forged, { enqueue: [next()] }), { status: 409 });
      await clock.advance(20_000);
      await broker.runDue?.();
      await assert.rejects(client.success(one!, { enqueue: [next()] }), { status: 409 });
      assert.deepEqual(await following(client), []);
      const [again] = await leases.take({ queues: ["q"], leaseMs: 1000 });
      assert.equal((await client.success(again!, { enqueue: [next()] })).length, 1);
      assert.equal((await following(client)).length, 1);
    }));

  it("goes through the layers of a client, each job of it", () =>
    withBroker(async (parts) => {
      const one = await takeOne(parts);
      const seen: string[] = [];
      const client = withMiddleware(parts.client, [async (request, pass) => {
        const stored = await pass({ ...request, meta: { tenant: "acme" } });
        seen.push(stored.id);
        return stored;
      }]);
      const mail = defineJob<string>({ type: "mail", queue: "next" });
      const stored = await client.success(one, { enqueue: [mail.of("a"), next()] });
      assert.deepEqual(seen, stored.map(({ id }) => id));
      assert.deepEqual((await following(client)).map(({ meta }) => meta), [
        { tenant: "acme" },
        { tenant: "acme" },
      ]);
    }));

  it("sends nothing if a payload does not fit, or the server is none of Millrace", () =>
    withBroker(async (parts) => {
      const one = await takeOne(parts);
      const strict = defineJob({
        type: "strict",
        queue: "next",
        payload: {
          "~standard": {
            version: 1,
            validate: () => ({ issues: [{ message: "no" }] }),
          },
        },
      });
      const { client } = parts;
      await assert.rejects(client.success(one, { enqueue: [strict.of("a")] }), PayloadError);
      const { deliveries: _, ...foreign } = one;
      await assert.rejects(client.success(foreign, { enqueue: [next()] }), {
        name: "ProtocolError",
        message: /Only a Millrace broker/,
      });
      assert.equal((await client.get(one.id)).status, "in_flight");
    }));

  it("cannot go on in another queue, nor bring too many jobs", () =>
    withBroker(async (parts) => {
      const one = await takeOne(parts);
      const { broker } = parts;
      const path = `/jobs/${one.id}/success`;
      const both = await send(broker, "POST", path, { next: { queue: "q" }, enqueue: [] });
      assert.deepEqual([both.status, both.body.error], [
        400,
        "enqueue and next cannot be combined",
      ]);
      const many = { enqueue: new Array(1001).fill({ type: "t", queue: "next", payload: 1 }) };
      const { status, body } = await send(broker, "POST", path, many);
      assert.deepEqual([status, body.error], [
        413,
        "enqueue has 1001 jobs, at most 1000 go with a success",
      ]);
      for (const enqueue of [1, {}, [1], [{ type: "t", queue: "next" }]]) {
        const { status, body } = await send(broker, "POST", path, { enqueue });
        assert.equal(status, 400);
        assert.match(body.error, /^invalid JSON: enqueue/);
      }
      assert.equal((await send(broker, "POST", path, { enqueue: null })).status, 204);
    }));

  it("needs the right to enqueue, in these queues", () =>
    withCallers({
      root: { scopes: ["admin"] },
      worker: { scopes: ["work"] },
      own: { scopes: ["work", "enqueue"], queues: ["q", "own"] },
    }, async ({ as, enqueue }) => {
      await enqueue("root", { type: "t", queue: "q" });
      const { jobs } = await (await as("root", "/jobs/take", {
        method: "POST",
        headers: json,
        body: JSON.stringify({ queues: ["q"], lease_ms: 60_000 }),
      })).json();
      const report = (name: string, queue: string) =>
        as(name, `/jobs/${jobs[0].id}/success?lease_token=${jobs[0].lease_token}`, {
          method: "POST",
          headers: json,
          body: JSON.stringify({ enqueue: [{ type: "t", queue, payload: 1 }] }),
        });
      const refused = await report("worker", "q");
      assert.equal(refused.status, 403);
      assert.match((await refused.json()).error, /lacks the scope 'enqueue'/);
      assert.equal((await report("own", "next")).status, 403);
      assert.equal((await report("own", "own")).status, 200);
    }));
});
