/**
 * Rows that nobody of ours has written, in the tables of brokers: numbers beyond 2^53, texts beyond all bounds. One of them must not
 * hold up the others.
 */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { createOutbox, createOutboxRelay, type TransactionLike } from "../../src/outbox/mod.ts";
import type { AsyncConnection, SqlRow } from "../../src/store/database.ts";
import { toJobId } from "../../src/store/job-key.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { job } from "../support/broker.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { endOpened, opened } from "./brokers-kit.ts";
import { ask, type SharedOutbox, startWithOutbox, transact, untilSoon } from "./outbox-kit.ts";
import { describePostgres, openShared, sharedPool } from "./server.ts";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "q" });

const good = `'{"type":"t","queue":"q","payload":1}'`;
const greatest = "9223372036854775807";
const least = "-9223372036854775808";

describePostgres("an outbox with rows of strangers", () => {
  afterEach(endOpened);

  it("gives those other numbers whose numbers cannot be read, and refuses times that cannot be", async () => {
    const brokers = await startWithOutbox(2);
    const [{ broker, client, outbox, schema }] = brokers as [SharedOutbox];
    await transact(async (session) => {
      const into = `INSERT INTO ${schema}.outbox`;
      await session.query(`${into} (entry, job) OVERRIDING SYSTEM VALUE
        VALUES (${greatest}, ${good}), (${least}, ${good}), (9007199254740993, ${good}), (-5, ${good})`);
      await session.query(`${into} (id, stored_at, job) VALUES
        ('after', ${greatest}, ${good}), ('before', ${least}, ${good}), ('delayed', ${greatest},
          '{"type":"t","queue":"q","payload":1,"delay_ms":9007199254740991}')`);
      await outbox.within(session).enqueueMany(mail, [{ to: "a" }, { to: "b" }]);
    });
    await untilSoon(
      brokers,
      async () => await client.count() === 6,
      "all that can be were there",
      100,
    );
    const refused = outbox.refused(sharedPool() as never);
    await untilSoon(
      brokers,
      async () => (await refused.list()).length === 3,
      "the others were refused",
    );
    const listed = await refused.list();
    assert.deepEqual(listed.map(({ id }) => id).sort(), ["after", "before", "delayed"]);
    for (const { reason } of listed) assert.match(reason, /^stored_at is no time/);
    assert.ok(listed.every(({ storedAt }) => Math.abs(storedAt!) > 2 ** 60), "as it was written");
    const metrics = await (await broker.fetch(new Request("http://x/metrics"))).text();
    assert.match(metrics, /millrace_outbox_waiting_jobs 0\n/);
    assert.deepEqual(await ask(`SELECT * FROM ${schema}.outbox`), []);
  });

  it("refuses one whose number another one has that was refused", async () => {
    const brokers = await startWithOutbox(1);
    const [{ client, outbox, schema }] = brokers as [SharedOutbox];
    await ask(`INSERT INTO ${schema}.outbox_refused (entry, job, refused_at, reason)
      VALUES (777, 'kept', 1, 'because')`);
    await transact(async (session) => {
      await session.query(`INSERT INTO ${schema}.outbox (entry, job) OVERRIDING SYSTEM VALUE
        VALUES (777, 'no JSON')`);
      await outbox.within(session).enqueue(mail, { to: "a" });
    });
    const refused = outbox.refused(sharedPool() as never);
    await untilSoon(
      brokers,
      async () => (await refused.list()).length === 2,
      "both are there",
      100,
    );
    const listed = await refused.list();
    assert.deepEqual(listed.map(({ job }) => job).sort(), ["kept", "no JSON"]);
    assert.equal(listed.find(({ job }) => job === "kept")!.entry, 777);
    await untilSoon(brokers, async () => await client.count() === 1, "the good one was there");
  });

  it("refuses what is too large without reading it", async () => {
    let longest = 0;
    const note = (found: readonly SqlRow[]) => {
      for (const row of found) {
        for (const value of Object.values(row)) {
          if (typeof value === "string") longest = Math.max(longest, value.length);
        }
      }
      return found as SqlRow[];
    };
    const { now: _, ...database } = openShared();
    const { schema } = database;
    const clock = createTestClock();
    const { logger, errors } = createRecordingLogger();
    const broker = createBroker({
      clock,
      logger,
      heartbeatIntervalMs: 2 ** 31,
      maxBodyBytes: 100_000,
      store: {
        ...database,
        all: async (sql, params) => note(await database.all(sql, params)),
        transaction: <Result>(body: (connection: AsyncConnection) => Promise<Result>) =>
          database.transaction((connection) =>
            body({
              ...connection,
              all: async (sql, params) => note(await connection.all(sql, params)),
            })
          ),
      },
    });
    opened.push(() => broker.stop());
    await broker.start();
    const client = createClient({ fetch: broker.fetch });
    const outbox = createOutbox({ schema });
    const brokers: SharedOutbox[] = [{ broker, client, clock, errors, schema, outbox }];
    await transact(async (session) => {
      await session.query(`INSERT INTO ${schema}.outbox (id, job)
        SELECT 'large', '{"type":"t","queue":"q","payload":"' || repeat('x', 20000000) || '"}'`);
      await session.query(`INSERT INTO ${schema}.outbox (id, job)
        SELECT repeat('x', 20000000), ${good}`);
      await session.query(`INSERT INTO ${schema}.outbox (job)
        SELECT '{"type":"t","queue":"q","payload":"' || repeat('é', 50000) || '"}'`);
      await outbox.within(session).enqueue(mail, { to: "a" });
    });
    await untilSoon(brokers, async () => await client.count() === 1, "the good one was there", 100);
    const reasons = await ask(
      `SELECT reason, octet_length(job) AS bytes FROM ${schema}.outbox_refused
      ORDER BY entry`,
    );
    assert.deepEqual(reasons.map(({ bytes }) => bytes), [20_000_037, 36, 100_037]);
    assert.deepEqual(reasons.map(({ reason }) => reason), [
      "job is 20000037 bytes, at most 100000 are accepted",
      "id is 20000000 bytes, at most 128 are accepted",
      "job is 100037 bytes, at most 100000 are accepted",
    ]);
    assert.ok(longest < 100_000, `a text of ${longest} was read`);
  });

  it("of one's own is handed on by a relay, whatever the numbers", async () => {
    const [{ client, broker, schema }] = await startWithOutbox(1) as [SharedOutbox];
    const place = { schema, table: "shop" };
    const outbox = createOutbox(place);
    await ask(outbox.sql);
    try {
      await ask(
        `INSERT INTO ${schema}.shop (entry, id, stored_at, job) OVERRIDING SYSTEM VALUE VALUES
        (${greatest}, 'last', NULL, ${good}), (${least}, 'first', NULL, ${good}), (1, 'never', ${greatest}, ${good})`,
      );
      const database = sharedPool() as unknown as TransactionLike;
      const to = { fetch: broker.fetch };
      const relay = createOutboxRelay({ ...place, database, to, concurrency: 1, logger: false });
      assert.deepEqual(await relay.runOnce(), { found: 3, sent: 2, refused: 1 });
      assert.deepEqual(await relay.runOnce(), { found: 0, sent: 0, refused: 0 });
      const jobs = await Array.fromAsync(client.list());
      assert.deepEqual(jobs.map(({ id }) => id), ["first", "last"]);
      const [listed] = await outbox.refused(database).list();
      assert.deepEqual([listed!.id, listed!.entry], ["never", 1]);
    } finally {
      await ask(`DROP TABLE ${schema}.shop, ${schema}.shop_refused`);
    }
  });
});

describePostgres("jobs with keys beyond 2^53", () => {
  afterEach(endOpened);

  it("get others when a broker starts, and all that belongs to them goes along", async () => {
    const brokers = await startWithOutbox(1);
    const [{ client, schema, clock }] = brokers as [SharedOutbox];
    const [parent, child] = await client.enqueueMany([
      job({ queue: "q", tags: ["a"], meta: { by: "me" }, payload: 7 }),
      job({ queue: "q", dependsOn: [{ item: 0 }] }),
    ]);
    await client.enqueue(job({ queue: "far" }));
    // As an earlier broker stored them that believed somebody.
    const keys = await ask(`SELECT seq, id FROM ${schema}.jobs ORDER BY seq`);
    const wild = ["9007199254740993", "9007199254741029", "9007199254740000"];
    for (const [at, { seq }] of keys.entries()) {
      for (
        const [table, column] of [
          ["jobs", "seq"],
          ["job_tags", "job"],
          ["job_meta", "job"],
          ["dependencies", "job"],
          ["dependencies", "parent"],
        ]
      ) {
        await ask(`UPDATE ${schema}.${table} SET ${column} = ${wild[at]} WHERE ${column} = ${seq}`);
      }
    }
    const far = toJobId(Number(wild[2]), "0".repeat(13));
    await ask(`UPDATE ${schema}.jobs SET id = '${far}' WHERE queue = 'far'`);
    const { now: _, ...database } = openShared(schema);
    const { logger, errors } = createRecordingLogger();
    const later = createBroker({ store: database, clock, logger, heartbeatIntervalMs: 2 ** 31 });
    opened.push(() => later.stop());
    await later.start();
    assert.deepEqual(errors, ["Gave jobs other keys, as theirs were no safe integers"]);
    const other = createClient({ fetch: later.fetch });
    const found = await other.get(parent!.id);
    assert.deepEqual([found.payload, found.tags, found.meta], [7, ["a"], { by: "me" }]);
    const next = await other.enqueue(job({ queue: "q" }));
    const stream = await other.take({ queues: ["q"] });
    opened.push(() => stream.close());
    const ids: string[] = [];
    for await (const batch of stream.batches()) {
      for (const { id } of batch) {
        ids.push(id);
        await other.success(id);
      }
      if (ids.length === 3) break;
    }
    assert.deepEqual(ids.sort(), [parent!.id, child!.id, next.id].sort());
    // A wild key that can be read is that of the last job, and no job comes behind it.
    assert.equal((await other.get(far)).status, "ready");
    const [{ seq }] = await ask(
      `SELECT min(seq) AS seq FROM ${schema}.jobs WHERE queue = 'far'`,
    ) as [
      { seq: string },
    ];
    assert.equal(seq, wild[2]);
  });
});
