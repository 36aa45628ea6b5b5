/**
 * Jobs that are enqueued within transactions of an application, on a real PostgreSQL. The clocks of the brokers stand still unless
 * a test moves them: what is found at once was told, and by no look.
 */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { defineJob } from "../../src/client/mod.ts";
import { StoreError } from "../../src/errors.ts";
import {
  createOutbox,
  createOutboxRelay,
  type TransactionLike,
  withOutbox,
} from "../../src/outbox/mod.ts";
import type { AsyncConnection } from "../../src/store/database.ts";
import { job } from "../support/broker.ts";
import { endOpened, opened, turns } from "./brokers-kit.ts";
import { ask, type SharedOutbox, startWithOutbox, transact, untilSoon } from "./outbox-kit.ts";
import { describePostgres, sharedPool } from "./server.ts";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "q" });

describePostgres("an outbox in the database of brokers", () => {
  afterEach(endOpened);

  it("becomes jobs when the transaction commits, and not before", async () => {
    const brokers = await startWithOutbox(2);
    const [{ client, outbox, errors }] = brokers as [SharedOutbox];
    let id = "";
    await transact(async (session) => {
      const within = withOutbox(client, outbox).within(session);
      id = (await within.enqueue(mail, { to: "a\u0000b 😀" }, { priority: 3 })).id;
      await turns(10);
      await Promise.all(brokers.map(({ clock }) => clock.advance(1)));
      await turns(10);
      assert.equal(await client.count(), 0);
    });
    await untilSoon(brokers, async () => await client.count() === 1, "the job was there");
    const stored = await client.get(mail, id);
    assert.deepEqual([stored.payload, stored.priority], [{ to: "a\u0000b 😀" }, 3]);
    assert.deepEqual(errors, []);
  });

  it("becomes nothing when the transaction, or a part of it, is rolled back", async () => {
    const brokers = await startWithOutbox(1);
    const [{ client, outbox }] = brokers as [SharedOutbox];
    await transact(async (session) => {
      await outbox.within(session).enqueue(mail, { to: "nobody" });
      return false;
    });
    const kept: string[] = [];
    await transact(async (session) => {
      const within = outbox.within(session);
      kept.push((await within.enqueue(mail, { to: "first" })).id);
      await session.query("SAVEPOINT part");
      await within.enqueueMany(mail, [{ to: "lost" }, { to: "lost" }]);
      await session.query("ROLLBACK TO SAVEPOINT part");
      await session.query("SAVEPOINT another");
      kept.push((await within.enqueue(mail, { to: "second" })).id);
      await session.query("RELEASE SAVEPOINT another");
    });
    await untilSoon(brokers, async () => await client.count() === 2, "both were there");
    const jobs = await Array.fromAsync(client.list());
    assert.deepEqual(jobs.map(({ id }) => id), kept);
  });

  it("keeps the order of a thousand, which are one statement", async () => {
    const brokers = await startWithOutbox(1);
    const [{ client, outbox, schema }] = brokers as [SharedOutbox];
    const payloads = Array.from({ length: 1000 }, (_, at) => ({ to: String(at) }));
    let statements = 0;
    await transact(async (session) => {
      const counting = {
        query(text: string, values?: unknown[]) {
          statements++;
          return session.query(text, values);
        },
      };
      const receipts = await outbox.within(counting).enqueueMany(mail, payloads);
      assert.equal(new Set(receipts.map(({ id }) => id)).size, 1000);
    });
    assert.equal(statements, 1);
    await untilSoon(brokers, async () => await client.count() === 1000, "all were there");
    const jobs = await Array.fromAsync(client.list(mail));
    assert.deepEqual(jobs.map(({ payload }) => payload), payloads);
    assert.deepEqual(await ask(`SELECT * FROM ${schema}.outbox`), []);
  });

  it("is stored once, whichever of several brokers does it, also when commits are not answered", async () => {
    let commits = 0;
    let isArmed = false;
    const brokers = await startWithOutbox(3, (database) => ({
      ...database,
      async transaction<Result>(body: (connection: AsyncConnection) => Promise<Result>) {
        const result = await database.transaction(body);
        if (isArmed && ++commits % 7 === 0) {
          throw new StoreError("Nobody knows whether this was committed");
        }
        return result;
      },
    }));
    const [{ client, outbox }] = brokers as [SharedOutbox];
    isArmed = true;
    const ids: string[] = [];
    await Promise.all(Array.from({ length: 6 }, async (_, writer) => {
      for (let round = 0; round < 5; round++) {
        await transact(async (session) => {
          const within = outbox.within(session);
          const payloads = Array.from({ length: 50 }, (_, at) => ({ to: `${writer} ${at}` }));
          const receipts = await within.enqueueMany(mail, payloads);
          if (round === 3) return false;
          ids.push(...receipts.map(({ id }) => id));
        });
      }
    }));
    await untilSoon(brokers, async () => await client.count() === ids.length, "all were there");
    const jobs = await Array.fromAsync(client.list({ limit: 1000 }));
    assert.deepEqual(jobs.map(({ id }) => id).sort(), ids.sort());
  });

  it("is another broker's when one is killed at it", async () => {
    const held = Promise.withResolvers<void>();
    let isStarted = false;
    const mayGo = Promise.withResolvers<void>();
    const atWork = Promise.withResolvers<void>();
    const brokers = await startWithOutbox(2, (database, index) => ({
      ...database,
      transaction: <Result>(body: (connection: AsyncConnection) => Promise<Result>) =>
        database.transaction(async (connection) => {
          let isMove = false;
          const all: AsyncConnection["all"] = async (sql, params) => {
            const rows = await connection.all(sql, params);
            isMove ||= /FROM outbox/.test(sql) && rows.length > 0;
            return rows;
          };
          if (index === 1 && isStarted) await mayGo.promise;
          const result = await body({ ...connection, all });
          if (index === 0 && isMove) {
            atWork.resolve();
            await held.promise; // As one that was killed: its transaction ends with its connection.
            throw new StoreError("killed");
          }
          return result;
        }),
    }));
    opened.push(() => Promise.all([held.resolve(), mayGo.resolve()]));
    const [left, right] = brokers as [SharedOutbox, SharedOutbox];
    isStarted = true;
    let id = "";
    await transact(async (session) => {
      id = (await left.outbox.within(session).enqueue(mail, { to: "a" })).id;
    });
    let isAtWork = false;
    void atWork.promise.then(() => isAtWork = true);
    await untilSoon([left], () => isAtWork, "it was at work");
    mayGo.resolve();
    await right.clock.advance(1);
    await turns(20);
    assert.equal(await right.client.count(), 0, "the one at work has it");
    held.resolve();
    await turns(20);
    await right.clock.advance(10_000);
    await untilSoon([right], async () => await right.client.count() === 1, "the other one has it");
    assert.equal((await right.client.get(id)).status, "ready");
  });

  it("is found by a look where nobody tells of it", async () => {
    const brokers = await startWithOutbox(1);
    const [{ client, clock, schema }] = brokers as [SharedOutbox];
    await clock.advance(10_000);
    await turns(20);
    await transact(async (session) => {
      await createOutbox({ schema, notify: false }).within(session).enqueue(mail, { to: "a" });
    });
    await clock.advance(5000);
    await turns(20);
    assert.equal(await client.count(), 0);
    await clock.advance(5000);
    await untilSoon([], async () => await client.count() === 1, "the job was there");
  });

  it("keeps what is refused until somebody does something about it", async () => {
    const brokers = await startWithOutbox(1);
    const [{ broker, client, outbox, errors, schema }] = brokers as [SharedOutbox];
    // No index takes it, and it cannot be made shorter.
    const tooLong = Array.from({ length: 300 }, () => crypto.randomUUID()).join("");
    await transact(async (session) => {
      const within = outbox.within(session);
      const child = job({ type: "t", childOf: { id: "x", slot: "1" } });
      await assert.rejects(within.enqueue(child), TypeError);
      const { id } = await within.enqueue(mail, { to: "a" });
      await within.enqueue(mail, { to: "b" }, { uniqueKey: tooLong });
      await session.query(`INSERT INTO ${schema}.outbox (job) VALUES
        ('no JSON'), ('{"type":1}')`);
      await session.query(`INSERT INTO ${schema}.outbox (id, job) VALUES
        ('mended', '{"type":"no, name","queue":"q","payload":1}')`);
      await session.query(`INSERT INTO ${schema}.outbox (id, job) VALUES ('a b', '{}')`);
      assert.ok(id.length > 30);
    });
    const refused = outbox.refused(sharedPool() as never);
    await untilSoon(
      brokers,
      async () => (await refused.list()).length === 5,
      "all were refused",
      100,
    );
    await untilSoon(brokers, async () => await client.count() >= 1, "the good one was there");
    const listed = await refused.list();
    const first = listed.find(({ id }) => id === "mended");
    assert.match(first!.reason, /type/);
    assert.ok(listed.some(({ reason }) => /invalid job ID: "a b"/.test(reason)));
    assert.ok(listed.some(({ job }) => job === "no JSON"));
    assert.ok(listed.some(({ reason }) => /^cannot be stored: index row/.test(reason)));
    assert.ok(errors.includes("Refused a job of the outbox"));
    const metrics = await (await broker.fetch(new Request("http://x/metrics"))).text();
    assert.match(metrics, new RegExp(`millrace_outbox_refused_jobs ${listed.length}\n`));
    assert.match(metrics, /millrace_outbox_waiting_jobs 0\n/);
    assert.match(metrics, /millrace_outbox_oldest_seconds 0\n/);

    await ask(`UPDATE ${schema}.outbox_refused SET job = '{"type":"t","queue":"q","payload":1}'
      WHERE entry = ${first!.entry}`);
    assert.equal(await refused.retry({ entries: [first!.entry] }), 1);
    await untilSoon(brokers, async () => await client.count({ type: ["t"] }) === 1, "it was there");
    assert.equal((await client.get(first!.id!)).payload, 1);
    assert.equal((await refused.list()).length, listed.length - 1);
    assert.equal(await refused.delete(), listed.length - 1);
    assert.deepEqual(await refused.list(), []);
  });

  it("needs no other right than to insert", async () => {
    const brokers = await startWithOutbox(1);
    const [{ client, outbox, schema }] = brokers as [SharedOutbox];
    const role = `writer_${schema}`;
    await ask(`CREATE ROLE ${role}`);
    try {
      await ask(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
      await ask(`GRANT INSERT ON ${schema}.outbox TO ${role}`);
      await transact(async (session) => {
        await session.query(`SET LOCAL ROLE ${role}`);
        await outbox.within(session).enqueueMany(mail, [{ to: "a" }, { to: "b" }]);
        await session.query("SAVEPOINT look");
        await assert.rejects(session.query(`SELECT * FROM ${schema}.outbox`), /permission denied/);
        await session.query("ROLLBACK TO SAVEPOINT look");
      });
      await untilSoon(brokers, async () => await client.count() === 2, "both were there");
    } finally {
      await ask(`DROP OWNED BY ${role}`);
      await ask(`DROP ROLE ${role}`);
    }
  });

  it("takes what a statement of SQL writes, and gives it an id", async () => {
    const brokers = await startWithOutbox(1);
    const [{ client, schema, clock }] = brokers as [SharedOutbox];
    await ask(`INSERT INTO ${schema}.outbox (job)
      SELECT json_build_object('type', 't', 'queue', 'q', 'payload', n) FROM generate_series(1, 3) AS n`);
    await clock.advance(10_000);
    await untilSoon(brokers, async () => await client.count() === 3, "they were there");
    const jobs = await Array.fromAsync(client.list());
    assert.deepEqual(jobs.map(({ payload }) => payload), [1, 2, 3]);
    assert.match(jobs[0]!.id, /^[0-9a-z]{25}$/);
  });

  it("counts a delay from when it was written, and lets jobs wait for each other", async () => {
    const brokers = await startWithOutbox(1);
    const [{ client, outbox, schema }] = brokers as [SharedOutbox];
    const ids: string[] = [];
    await transact(async (session) => {
      const within = outbox.within(session);
      ids.push((await within.enqueue(mail, { to: "a" }, { delay: "1h" })).id);
      const [first] = await within.enqueueMany([
        job(),
        job({ dependsOn: [{ item: 0 }] }),
        job({ dependsOn: [{ item: 1, onDead: "run" }] }),
      ]);
      ids.push((await within.enqueue(job({ dependsOn: [first!.id] }))).id);
    });
    const [row] = await ask(`SELECT stored_at FROM ${schema}.outbox WHERE id = '${ids[0]}'`);
    await untilSoon(brokers, async () => await client.count() === 5, "all were there");
    assert.equal(await client.count({ status: ["blocked"] }), 3);
    assert.equal((await client.get(ids[1]!)).status, "blocked");
    const { readyAt } = await client.get(ids[0]!);
    if (row !== undefined) assert.equal(readyAt, Number(row["stored_at"]) + 3_600_000);
    assert.ok(Math.abs(readyAt - Date.now() - 3_600_000) < 60_000);
  });

  it("in another database is handed on by relays, each entry once", async () => {
    const [{ client, broker, schema }] = await startWithOutbox(1) as [SharedOutbox];
    const place = { schema, table: "of a shop" };
    const outbox = createOutbox(place);
    await ask(outbox.sql);
    try {
      const pool = sharedPool() as unknown as TransactionLike;
      const ids: string[] = [];
      await transact(async (session) => {
        const payloads = Array.from({ length: 60 }, (_, at) => ({ to: `\u0000 ${at}` }));
        const receipts = await outbox.within(session).enqueueMany(mail, payloads);
        ids.push(...receipts.map(({ id }) => id));
        await session.query(
          `INSERT INTO ${schema}."of a shop" (job) VALUES ('{"type":"a, b","queue":"q","payload":1}')`,
        );
      });
      const to = { fetch: broker.fetch };
      const relay = () =>
        createOutboxRelay({ ...place, database: pool, to, batchSize: 20, logger: false });
      const passed = [];
      for (let round = 0; round < 2; round++) {
        passed.push(...await Promise.all([1, 2].map(() => relay().runOnce())));
      }
      // Which relay has which entries is chance; each has no more than its size.
      assert.equal(passed.reduce((sum, { sent }) => sum + sent, 0), 60);
      assert.ok(passed.every(({ sent }) => sent <= 20));
      assert.equal(passed.reduce((sum, { refused }) => sum + refused, 0), 1);
      const jobs = await Array.fromAsync(client.list());
      assert.deepEqual(jobs.map(({ id }) => id).sort(), ids.sort());
      const refused = outbox.refused(pool);
      assert.equal((await refused.list()).length, 1);
      assert.equal(await refused.retry(), 1);
      assert.equal((await relay().runOnce()).refused, 1);
      assert.equal(await refused.delete(), 1);
    } finally {
      await ask(`DROP TABLE ${schema}."of a shop", ${schema}."of a shop_refused"`);
    }
  });

  it("in another database is handed on in pieces of 8 MiB, and what is too long is not read", async () => {
    const [{ client, broker, schema }] = await startWithOutbox(1) as [SharedOutbox];
    const place = { schema, table: "large" };
    const outbox = createOutbox(place);
    await ask(outbox.sql);
    try {
      const to = { fetch: broker.fetch };
      const pool = sharedPool() as unknown as TransactionLike;
      const relay = createOutboxRelay({
        ...place,
        to,
        database: pool,
        maxEntryBytes: 4_000_000,
        logger: false,
      });
      await ask(`INSERT INTO ${schema}.large (job) SELECT
        json_build_object('type', 't', 'queue', 'q', 'payload', repeat('x', n))
        FROM unnest(ARRAY[3000000, 3000000, 4000000, 2000000, 1000000]) AS n`);
      assert.deepEqual(await relay.runOnce(), { found: 4, sent: 3, refused: 1 });
      assert.deepEqual(await relay.runOnce(), { found: 1, sent: 1, refused: 0 });
      assert.equal(await client.count(), 4);
      const rows = await ask(`SELECT reason FROM ${schema}.large_refused`);
      assert.match(String(rows[0]?.["reason"]), /^job is 40000\d\d bytes, at most 4000000 are/);
    } finally {
      await ask(`DROP TABLE ${schema}.large, ${schema}.large_refused`);
    }
  });
});
