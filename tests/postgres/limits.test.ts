/**
 * The limit on jobs in flight over several brokers on a real PostgreSQL: it is never exceeded, it can be used up by any of
 * them, and none of them is left without.
 */

import assert from "node:assert/strict";
import { it } from "node:test";
import { type Broker, type BrokerOptions, createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import type { TestClock } from "../../src/testing/mod.ts";
import { job } from "../support/broker.ts";
import { createRandom } from "../support/random.ts";
import { send } from "../support/send.ts";
import { withPatience } from "./patient-clock.ts";
import { describePostgres, openGroup, sharedPool } from "./server.ts";

interface Group {
  readonly brokers: readonly Broker[];
  readonly clock: TestClock;
  /** How many jobs are in flight. */
  count(): Promise<number>;
  /** Opens a take stream on a broker, and gathers the ids of what comes. */
  open(at: number, prefetch: number): Promise<Stream>;
}

interface Stream {
  readonly ids: string[];
  close(): Promise<void>;
}

async function withGroup(
  options: Partial<BrokerOptions>,
  test: (group: Group) => Promise<void>,
): Promise<void> {
  const stores = openGroup(3);
  const { schema } = stores[0]!;
  const { clock, databases } = withPatience(stores);
  const brokers = databases.map((store) =>
    createBroker({ store, clock, heartbeatIntervalMs: 2 ** 31, ...options })
  );
  const streams: Stream[] = [];
  await Promise.all(brokers.map((broker) => broker.start()));
  await clock.settle();
  try {
    await test({
      brokers,
      clock,
      async count() {
        const client = await sharedPool().connect();
        const text = `SELECT count(*)::int AS n FROM ${schema}.jobs WHERE status = 2`;
        const { rows: [row] } = await client.query({ text });
        client.release();
        return row.n;
      },
      async open(at, prefetch) {
        const stream = await createClient({ fetch: brokers[at]!.fetch }).take({ prefetch });
        const ids: string[] = [];
        const reading = (async () => {
          for await (const batch of stream.batches()) ids.push(...batch.map(({ id }) => id));
        })();
        const opened: Stream = {
          ids,
          async close() {
            await stream.close();
            await reading.catch(() => {});
          },
        };
        streams.push(opened);
        await clock.settle();
        return opened;
      },
    });
  } finally {
    for (const stream of streams) await stream.close();
    await Promise.all(brokers.map((broker) => broker.close()));
  }
}

const jobs = (count: number) => Array.from({ length: count }, () => job());

describePostgres("the limit on jobs in flight over three brokers", () => {
  it("is for all of them, and one may use it up while the others need nothing", () =>
    withGroup({ globalInFlightLimit: 10, streamInFlightPercent: 100 }, async (group) => {
      const { brokers, clock, count, open } = group;
      await createClient({ fetch: brokers[0]!.fetch }).enqueueMany(jobs(40));
      const first = await open(1, 100);
      await clock.settle();
      assert.equal(first.ids.length, 10);
      const second = await open(2, 100);
      await clock.settle();
      assert.deepEqual([second.ids, await count()], [[], 10]);
      // Its reports come to any broker; what becomes free is for the one that has less than its part.
      for (let done = 0; done < 12; done++) {
        const { status } = await send(
          brokers[done % 3]!,
          "POST",
          `/jobs/${first.ids[done] ?? second.ids[done - first.ids.length]}/success`,
        );
        assert.equal(status, 204);
        await clock.settle();
        assert.equal(await count(), 10, `after ${done + 1}`);
      }
      assert.ok(second.ids.length >= 3, `the other got ${second.ids.length}`);
    }));

  it("counts what is taken under leases, through whichever broker", () =>
    withGroup({ globalInFlightLimit: 6 }, async ({ brokers, clock, count, open }) => {
      const take = async (at: number, count: number) => {
        const { body } = await send(brokers[at]!, "POST", "/jobs/take", { count, worker: "w" });
        await clock.settle();
        return body.jobs as { readonly id: string }[];
      };
      await createClient({ fetch: brokers[0]!.fetch }).enqueueMany(jobs(20));
      const taken = [...await take(0, 2), ...await take(1, 2), ...await take(2, 1)];
      assert.equal(taken.length, 5);
      const stream = await open(0, 100);
      assert.equal(stream.ids.length, 1);
      assert.deepEqual(await take(1, 5), []);
      await send(brokers[2]!, "POST", `/jobs/${taken[0]!.id}/success`);
      await clock.settle();
      assert.deepEqual([stream.ids.length, await count()], [2, 6]);
    }));

  it("is used up by each take, whoever wanted room before and left", () =>
    withGroup({ globalInFlightLimit: 8, streamInFlightPercent: 100 }, async (group) => {
      const { brokers, clock, open } = group;
      const take = async (at: number, count: number) => {
        const { body } = await send(brokers[at]!, "POST", "/jobs/take", { count, worker: "w" });
        await clock.settle();
        return body.jobs as { readonly id: string }[];
      };
      await createClient({ fetch: brokers[0]!.fetch }).enqueueMany(jobs(100));
      for (const [first, second] of [[0, 1], [1, 2], [2, 1], [1, 0]] as const) {
        const taken = await take(first, 8);
        assert.equal(taken.length, 8, `at broker ${first}`);
        assert.deepEqual(await take(first, 1), []);
        assert.deepEqual(await take(second, 1), []);
        const stream = await open(first, 1);
        await stream.close();
        for (const { id } of taken) await send(brokers[second]!, "POST", `/jobs/${id}/success`);
        await clock.settle();
        const next = await take(second, 8);
        assert.equal(next.length, 8, `at broker ${second}, after ${first}`);
        for (const { id } of next) await send(brokers[first]!, "POST", `/jobs/${id}/success`);
        await clock.settle();
      }
    }));

  it("holds at each moment of random lives, down to one job, and all jobs come to an end", async () => {
    for (const limit of [1, 5]) {
      const options = { globalInFlightLimit: limit, streamInFlightPercent: 100 };
      await withGroup(options, async ({ brokers, clock, count, open }) => {
        const random = createRandom(limit);
        const client = createClient({ fetch: brokers[0]!.fetch });
        await client.enqueueMany(jobs(20));
        const done = new Set<string>();
        const streams: Stream[] = [];
        for (let at = 0; at < 3; at++) streams.push(await open(at, 1 + random.int(4)));
        for (let step = 0; done.size < 20; step++) {
          assert.ok(step < 400, `${done.size} of 20 with a limit of ${limit}`);
          assert.ok(await count() <= limit);
          const id = random.pick(streams).ids.find((id) => !done.has(id));
          if (id !== undefined) {
            done.add(id);
            await send(random.pick(brokers), "POST", `/jobs/${id}/success`);
          } else if (random.once(3)) {
            const { body } = await send(random.pick(brokers), "POST", "/jobs/take", {});
            for (const { id } of body.jobs) {
              done.add(id);
              assert.ok(await count() <= limit);
              await send(random.pick(brokers), "POST", `/jobs/${id}/success`);
            }
          } else if (step % 20 === 19) await clock.advance(10_000); // The net under what was not told.
          await clock.settle();
        }
      });
    }
  });
});
