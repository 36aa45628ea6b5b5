/** Several brokers on a real PostgreSQL. */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient, type TakeOptions } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { StoreError } from "../../src/errors.ts";
import type { AsyncConnection } from "../../src/store/database.ts";
import { job } from "../support/broker.ts";
import { gatherIds } from "../support/gather-ids.ts";
import { send } from "../support/send.ts";
import { endOpened, opened, type Shared, start, turns, until } from "./brokers-kit.ts";
import { describePostgres, openGroup, sharedPool } from "./server.ts";

/** Opens a take stream and gathers the ids of what comes. */
async function take({ client }: Shared, options: TakeOptions = {}): Promise<string[]> {
  const stream = await client.take(options);
  opened.push(() => stream.close());
  return gatherIds(stream);
}

describePostgres("brokers on one PostgreSQL", () => {
  afterEach(endOpened);

  it("wake each other's workers", async () => {
    const [left, right] = await start(2);
    const ids = await take(right!, { prefetch: 100 });
    await turns(20);
    const { id } = await left!.client.enqueue(job());
    await until(() => ids.includes(id), "the job came");
    const later = await left!.client.enqueue(job({ readyAt: left!.clock.now() + 1000 }));
    await turns(20);
    await right!.clock.advance(1000);
    await until(() => ids.includes(later.id), "the job came when it was due");
    assert.deepEqual([left!.errors, right!.errors], [[], []]);
  });

  it("take the most urgent job first, whoever stored it", async () => {
    const [left, right] = await start(2);
    await left!.client.enqueueMany([
      job({ priority: 5 }),
      job({ priority: 5 }),
      job({ priority: 5 }),
    ]);
    const ids = await take(left!, { prefetch: 1, queues: [job().queue] });
    await until(() => ids.length === 1, "the first came");
    await left!.client.success(ids[0]!);
    await until(() => ids.length === 2, "the second came");
    const { id } = await right!.client.enqueue(job({ priority: 1 }));
    await turns(20);
    await left!.client.success(ids[1]!);
    await until(() => ids.length === 3, "the third came");
    assert.equal(ids[2], id);
  });

  it("free the room of a stream by reports that another one takes", async () => {
    const [left, right] = await start(2);
    const ids = await take(left!, { prefetch: 2 });
    const stored = await right!.client.enqueueMany(Array.from({ length: 9 }, () => job()));
    for (let done = 0; done < 9; done++) {
      await until(() => ids.length > done, `job ${done} came`);
      await right!.client.success(ids[done]!);
    }
    assert.deepEqual([...ids].sort(), stored.map(({ id }) => id).sort());
    await until(async () => await left!.client.count({}) === 0, "all were done");
  });

  it("tell workers of what others take from them", async () => {
    const [left, right] = await start(2);
    const ids = await take(left!, { prefetch: 1 });
    const [first, second] = await right!.client.enqueueMany([job(), job()]);
    await until(() => ids.includes(first!.id), "the first came");
    await right!.client.delete(first!.id);
    await until(() => ids.includes(second!.id), "the second came in its place");
  });

  it("tell whoever waits for a job that it ended, and what it came to", async () => {
    const [left, right] = await start(2);
    const ids = await take(left!, { prefetch: 1 });
    const { id } = await left!.client.enqueue(job());
    await until(() => ids.includes(id), "the job came");
    let ended: unknown;
    const waiting = send(right!.broker, "POST", "/jobs/wait", { ids: [id], wait_ms: 20_000 })
      .then(({ body }) => ended = body);
    await turns(20);
    await left!.client.success(id, { result: { sum: 3 } });
    await until(() => ended !== undefined, "the one who waits was told");
    await waiting;
    assert.match(JSON.stringify(ended), /"completed".*"sum":3|"sum":3.*"completed"/);
  });

  it("keep what is in flight of a queue, and of a budget, under its limit", async () => {
    const brokers = await start(3);
    const [first] = brokers;
    await send(first!.broker, "PATCH", "/queues/q", { max_in_flight: 2 });
    const budget = { allocation: 1, strategy: { type: "while_in_flight" } };
    await send(first!.broker, "PUT", "/budgets/one", budget);
    await turns(20);
    const streams: string[][] = [];
    for (const shared of brokers) streams.push(await take(shared, { prefetch: 4 }));
    const limited = Array.from({ length: 12 }, () => job());
    const budgeted = Array.from(
      { length: 6 },
      () => job({ queue: "b", budgets: [{ key: "one" }] }),
    );
    for (const [at, one] of [...limited, ...budgeted].entries()) {
      await brokers[at % 3]!.client.enqueue(one);
    }
    const done = new Set<string>();
    const mostAtOnce = { q: 0, b: 0 };
    for (let turn = 0; done.size < 18; turn++) {
      const jobs = await Array.fromAsync(first!.client.list({ status: ["in_flight"] }));
      for (const queue of ["q", "b"] as const) {
        const count = jobs.filter((job) => job.queue === queue).length;
        mostAtOnce[queue] = Math.max(mostAtOnce[queue], count);
      }
      const next = streams.flat().find((id) => !done.has(id));
      if (next === undefined) await turns(1);
      else {
        done.add(next);
        await brokers[turn % 3]!.client.success(next);
      }
      assert.ok(turn < 3000, `${done.size} of 18 were done`);
    }
    assert.deepEqual(mostAtOnce, { q: 2, b: 1 });
    assert.equal(streams.flat().length, 18, "no job came twice");
  });

  it("fire a cron entry once", async () => {
    const brokers = await start(3);
    const entry = { name: "e", expression: "* * * * *", timezone: "UTC", job: job({ queue: "c" }) };
    await send(brokers[0]!.broker, "PUT", "/crons/g", { entries: [entry] });
    await turns(20);
    for (let minute = 0; minute < 3; minute++) {
      await Promise.all(brokers.map(({ clock }) => clock.advance(60_000)));
      await turns(30);
    }
    assert.equal(await brokers[1]!.client.count({ queue: ["c"] }), 3);
  });

  it("hear of each other again after their connections were cut", async () => {
    const [left, right] = await start(2);
    const ids = await take(right!, { prefetch: 100 });
    await turns(20);
    const client = await sharedPool().connect();
    const text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = $1";
    await client.query({ text, values: [`LISTEN "millrace ${left!.schema}"`] });
    client.release();
    const { id } = await left!.client.enqueue(job());
    await turns(40);
    // That news were lost is noticed with the connection; what is due is looked at when time passes.
    await right!.clock.advance(1);
    await until(() => ids.includes(id), "the job came");
  });

  it("take over the jobs of one that is gone, and refuse what it takes when it wakes", async () => {
    let awake = Promise.resolve();
    const [left, right] = await start(2, (database, index) => ({
      ...database,
      async transaction<Result>(body: (connection: AsyncConnection) => Promise<Result>) {
        if (index === 0) await awake;
        return await database.transaction(body);
      },
    }));
    const lost = await take(left!, { prefetch: 1 });
    const { id } = await right!.client.enqueue(job());
    await until(() => lost.includes(id), "the job came");
    // It is paused: the server hears nothing of it.
    let wake = () => {};
    awake = new Promise((resolve) => wake = resolve);
    const ids = await take(right!, { prefetch: 10 });
    for (let passed = 0; passed < 14; passed++) {
      await right!.clock.advance(1000);
      await turns(3);
    }
    await until(async () => {
      await right!.clock.advance(10); // Under load, less was done in those seconds.
      return ids.includes(id);
    }, "the job came to another worker");
    // A stream that is opened there now gets nothing any more.
    const late = await take(left!, { prefetch: 10 });
    wake();
    await right!.client.enqueueMany([job(), job()]);
    await until(() => ids.length === 3, "the others came");
    await until(() => left!.errors.length > 0, "the broker found out");
    assert.deepEqual([lost, late], [[id], []]);
    assert.match(left!.errors[0]!, /Cannot take jobs|took this one for gone/);
    // It goes on under a new name.
    await left!.clock.advance(4000);
    await turns(20);
    const again = await take(left!, { prefetch: 10, queues: ["again"] });
    const { id: next } = await right!.client.enqueue(job({ queue: "again", priority: 0 }));
    await until(() => again.includes(next) || ids.includes(next), "a job came");
  });

  it("give back what was taken when nobody could say so, each its own", async () => {
    let isMute = false;
    const [only] = await start(1, (database) => ({
      ...database,
      async transaction<Result>(body: (connection: AsyncConnection) => Promise<Result>) {
        const result = await database.transaction(body);
        if (isMute) throw new StoreError("Nobody knows whether this was committed");
        return result;
      },
    }));
    // It has its share of what may be in flight: the next thing that it writes is the claim.
    await only!.client.enqueue(job({ queue: "before" }));
    const before = await take(only!, { prefetch: 1, queues: ["before"] });
    await until(() => before.length === 1, "a job came");
    const { id } = await only!.client.enqueue(job());
    isMute = true;
    const ids = await take(only!, { prefetch: 1 });
    await until(() => only!.errors.length > 0, "the take failed");
    isMute = false;
    assert.deepEqual(ids, []);
    const statusOf = async () => (await only!.client.get(id)).status;
    assert.equal(await statusOf(), "in_flight");
    await only!.clock.advance(10_000);
    await turns(20);
    assert.equal(await statusOf(), "in_flight", "not at the first look: it may be under way");
    await only!.clock.advance(10_000);
    await until(async () => await statusOf() === "ready", "it was given back");
  });

  it("go by the clock of the server", async () => {
    const databases = openGroup(2);
    const shifts = [-60_000, 3_600_000];
    const clients: Client[] = [];
    for (const [index, store] of databases.entries()) {
      const clock = createTestClock(Date.now() + shifts[index]!);
      const broker = createBroker({ store, clock });
      opened.push(() => broker.stop());
      await broker.start();
      clients.push(createClient({ fetch: broker.fetch }));
    }
    for (const client of clients) {
      const { readyAt } = await client.enqueue(job());
      assert.ok(Math.abs(readyAt - Date.now()) < 5000, `${readyAt} is far from ${Date.now()}`);
    }
  });
});
