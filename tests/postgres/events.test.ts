/** Events of three brokers on a real PostgreSQL: complete, in one order, and gone on with at any of them. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import type { TestClock } from "../../src/testing/mod.ts";
import { job } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { withPatience } from "./patient-clock.ts";
import { describePostgres, openGroup, type PostgresDatabase, sharedPool } from "./server.ts";

interface Listener {
  /** Events and gaps as lines: what, and of which job. */
  readonly lines: string[];
  /** The last cursor. */
  cursor(): string;
  close(): void;
}

interface Group {
  readonly brokers: Broker[];
  readonly stores: readonly PostgresDatabase[];
  readonly clock: TestClock;
  listen(at: number, query?: string): Promise<Listener>;
  enqueue(at: number): Promise<string>;
}

async function withGroup(test: (group: Group) => Promise<void>): Promise<void> {
  const stores = openGroup(3);
  const { clock, databases } = withPatience(stores);
  const brokers = databases.map((store) => createBroker({ store, clock }));
  const listeners: Listener[] = [];
  await Promise.all(brokers.map((broker) => broker.start()));
  await clock.settle();
  try {
    await test({
      brokers,
      stores,
      clock,
      async listen(at, query = "") {
        const listener = await openListener(brokers[at]!, query);
        listeners.push(listener);
        return listener;
      },
      async enqueue(at) {
        const { id } = await createClient({ fetch: brokers[at]!.fetch }).enqueue(job());
        return id;
      },
    });
  } finally {
    for (const listener of listeners) listener.close();
    await clock.settle();
    await Promise.all(brokers.map((broker) => broker.close()));
  }
}

async function openListener(broker: Broker, query: string): Promise<Listener> {
  const leaving = new AbortController();
  const response = await broker.fetch(
    new Request(`http://broker/events${query}`, {
      headers: { accept: "application/x-ndjson" },
      signal: leaving.signal,
    }),
  );
  assert.equal(response.status, 200, query);
  let cursor = response.headers.get("millrace-cursor")!;
  const lines: string[] = [];
  (async () => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const bytes of response.body!) {
      text += decoder.decode(bytes, { stream: true });
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        if (line === "") continue;
        const told = JSON.parse(line);
        cursor = told.cursor;
        if (told.event === "mark") continue;
        lines.push([told.event, told.id, told.worker].filter((part) => part).join(" "));
      }
    }
  })().catch(() => {});
  return { lines, cursor: () => cursor, close: () => leaving.abort() };
}

/** One statement, of nobody. */
async function query(text: string): Promise<void> {
  const client = await sharedPool().connect();
  await client.query({ text });
  client.release();
}

describePostgres("events of three brokers on one PostgreSQL", () => {
  it("are told at each of them, all, and in one order", () =>
    withGroup(async ({ brokers, clock, listen, enqueue }) => {
      const listeners = [await listen(0), await listen(1), await listen(2)];
      const expected: string[] = [];
      for (let at = 0; at < 9; at++) {
        const id = await enqueue(at % 3);
        const worker = `w${at}`;
        await send(brokers[(at + 1) % 3]!, "POST", "/jobs/take", { worker });
        await send(brokers[(at + 2) % 3]!, "POST", `/jobs/${id}/success`);
        expected.push(`enqueued ${id}`, `taken ${id} ${worker}`, `succeeded ${id} ${worker}`);
      }
      await clock.settle();
      await clock.advance(1000);
      for (const { lines } of listeners) assert.deepEqual(lines, expected);
    }));

  it("name the worker of a stream at another broker", () =>
    withGroup(async ({ brokers, clock, listen, enqueue }) => {
      const client = createClient({ fetch: brokers[1]!.fetch });
      const before = await enqueue(0);
      const stream = await client.take({ prefetch: 2, workerId: "w" });
      const reading = (async () => {
        for await (const _ of stream.batches());
      })();
      await clock.settle();
      const { lines } = await listen(2);
      const after = await enqueue(0);
      await clock.settle();
      for (const id of [before, after]) await send(brokers[0]!, "POST", `/jobs/${id}/success`);
      await clock.settle();
      assert.deepEqual(lines, [
        `enqueued ${after}`,
        `taken ${after} w`,
        `succeeded ${before} w`,
        `succeeded ${after} w`,
      ]);
      await stream.close();
      await reading.catch(() => {});
    }));

  it("go on at another broker where a listener left, without loss and double", () =>
    withGroup(async ({ clock, listen, enqueue }) => {
      const first = await listen(0);
      const ids = [await enqueue(1)];
      await clock.settle();
      assert.deepEqual(first.lines, [`enqueued ${ids[0]}`]);
      first.close();
      // Nobody listens, for less than a minute.
      ids.push(await enqueue(0), await enqueue(2));
      await clock.advance(30_000);
      const second = await listen(2, `?after=${first.cursor()}`);
      ids.push(await enqueue(1));
      await clock.settle();
      assert.deepEqual(second.lines, ids.slice(1).map((id) => `enqueued ${id}`));
      const third = await listen(1, `?after=${second.cursor()}`);
      ids.push(await enqueue(2));
      await clock.settle();
      assert.deepEqual(third.lines, [`enqueued ${ids[4]}`]);
    }));

  it("go on when the broker has stopped that a listener was at", () =>
    withGroup(async ({ brokers, clock, listen, enqueue }) => {
      const first = await listen(0);
      const missed = await enqueue(1);
      const cursor = first.cursor();
      await brokers[0]!.close();
      const next = await listen(1, `?after=${cursor}`);
      const id = await enqueue(2);
      await clock.settle();
      assert.deepEqual(next.lines.slice(-2), [`enqueued ${missed}`, `enqueued ${id}`]);
      assert.ok(!next.lines.includes("gap"), `${next.lines}`);
    }));

  it("are written down only while somebody listens, and a cursor of before leads to a gap", () =>
    withGroup(async ({ clock, stores, listen, enqueue }) => {
      const count = async () =>
        (await stores[0]!.all("SELECT count(*) AS n FROM event_log WHERE body <> '[]'", []))[0]!.n;
      await enqueue(0);
      assert.equal(await count(), 0);
      const first = await listen(1);
      await enqueue(0);
      assert.equal(await count(), 1);
      first.close();
      await clock.advance(180_000);
      await enqueue(0);
      assert.ok(Number(await count()) <= 1);
      const second = await listen(2, `?after=${first.cursor()}`);
      await clock.settle();
      assert.deepEqual(second.lines, ["gap"]);
    }));

  it("wait for a commit under way, and pass over one that was never made", () =>
    withGroup(async ({ clock, stores, listen, enqueue }) => {
      const { lines } = await listen(0);
      const { schema } = stores[0]!;
      const insert = `INSERT INTO ${schema}.event_log (run, body) VALUES ('x', '[]')`;
      const client = await sharedPool().connect();
      await client.query({ text: `BEGIN; ${insert}` });
      const behind = await enqueue(1);
      await clock.settle();
      assert.deepEqual(lines, [], "one may come before it");
      await clock.advance(3000);
      assert.deepEqual(lines, []);
      await client.query({ text: "ROLLBACK" });
      client.release();
      await clock.advance(3000);
      assert.deepEqual(lines, [`enqueued ${behind}`]);
      await query(insert);
      const next = await enqueue(2);
      await clock.settle();
      assert.deepEqual(lines.slice(1), [`enqueued ${next}`]);
    }));

  it("tell of a gap where a broker did not hear in time that somebody listens", () =>
    withGroup(async ({ clock, stores, listen, enqueue }) => {
      const { lines } = await listen(0);
      // As if it had never been said: a run that was begun by somebody whom nobody heard.
      const { schema } = stores[0]!;
      await query(`UPDATE ${schema}.event_runs SET run = 'other', until = until + 600000`);
      await clock.advance(21_000);
      await clock.settle();
      await enqueue(1);
      await clock.advance(2000);
      assert.ok(lines.includes("gap"), `${lines}`);
      assert.match(lines.at(-1)!, /^enqueued/);
    }));
});
