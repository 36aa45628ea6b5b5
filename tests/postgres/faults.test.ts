/** What goes wrong with a real PostgreSQL: connections that are cut or used up, limits of time, locks of others, wrong clocks. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
// @ts-ignore: without types, as where a broker loads it.
import driver from "pg";
import {
  openPostgres,
  type OpenPostgresOptions,
  type PgClient,
  type PgPool,
} from "../../adapters/postgres/mod.ts";
import { systemClock } from "../../src/async/clock.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import type { AsyncConnection, AsyncDatabase } from "../../src/store/database.ts";
import { createExecutor } from "../../src/store/executor.ts";
import { rows, type Transition } from "../../src/store/transition.ts";
import { UnusableStoreError } from "../../src/store/unusable.ts";
import { job } from "../support/broker.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";
import { createLossyProxy } from "./lossy-proxy.ts";
import { endOpened, opened } from "./brokers-kit.ts";
import { describePostgres, freshSchema, postgresUrl, sharedPool } from "./server.ts";

/** The schema of the brokers here: to make the tables takes longer than most tests. Each has a queue of its own in it. */
const schema = freshSchema();
let queue = "";

async function open(options: OpenPostgresOptions): Promise<AsyncDatabase> {
  const database = openPostgres({ schema: freshSchema(), ...options });
  await database.open();
  opened.push(() => database.close());
  return database;
}

async function start(options: OpenPostgresOptions): Promise<Broker> {
  const { logger } = createRecordingLogger();
  const broker = createBroker({ store: openPostgres({ schema, ...options }), logger });
  opened.push(() => broker.stop());
  await broker.start();
  return broker;
}

/** A connection besides those of the brokers. */
async function connect(): Promise<PgClient> {
  const client = await sharedPool().connect();
  opened.push(() => Promise.resolve(client.release()));
  return client;
}

/** An address whose sessions have settings of the server, as an administrator may have made them for all. */
function withSettings(settings: Readonly<Record<string, string>>): string {
  const words = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`).join(" ");
  return `${postgresUrl}?options=${encodeURIComponent(words)}`;
}

/** A user of the server who is no superuser, and for whom limits hold. */
async function addUser(terms: string): Promise<string> {
  const name = freshSchema();
  const client = await connect();
  await client.query({ text: `CREATE USER ${name} ${terms}` });
  const url = new URL(postgresUrl);
  await client.query({ text: `GRANT CREATE ON DATABASE ${url.pathname.slice(1)} TO ${name}` });
  url.username = name;
  return url.href;
}

/** Sends a call; gives how it was answered, and whether it may come again. */
async function enqueue(broker: Broker): Promise<readonly [number, string | null, string]> {
  const response = await broker.fetch(
    new Request("http://broker/jobs", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ type: "t", queue, payload: 1 }),
    }),
  );
  return [response.status, response.headers.get("retry-after"), await response.text()];
}

const countJobs = async (broker: Broker) =>
  (await send(broker, "GET", `/jobs/count?queue=${queue}`)).body.count;

describePostgres("a broker on a PostgreSQL with faults", () => {
  beforeEach(() => void (queue = crypto.randomUUID()));
  afterEach(endOpened);

  it("answers 503 when all connections of its pool are others', and goes on when they are not", async () => {
    const pool = new driver.Pool({ connectionString: postgresUrl, max: 3 }) as PgPool;
    opened.push(() => pool.end());
    let asked = 0;
    const counting: PgPool = {
      connect: () => (asked++, pool.connect()),
      end: () => pool.end(),
      on: (event, listener) => pool.on(event, listener),
      off: (event, listener) => pool.off(event, listener),
    };
    const broker = await start({ pool: counting, connectTimeoutMs: 300 });
    assert.equal((await enqueue(broker))[0], 201);
    // One listens for ever.
    const others = [await pool.connect(), await pool.connect()];
    asked = 0;
    const answers = await Promise.all(Array.from({ length: 50 }, () => enqueue(broker)));
    for (const [status, retryAfter, text] of answers) {
      assert.deepEqual([status, retryAfter], [503, "1"]);
      assert.match(text, /no connection of 'pool' became free within 300 ms/);
    }
    assert.ok(asked < 10, `they waited together, and not one after another: ${asked} times`);
    for (const client of others) client.release();
    assert.equal((await enqueue(broker))[0], 201);
    assert.equal(await countJobs(broker), 2);
    await broker.stop();
  });

  it("needs no more rights than a schema of its own", async () => {
    const name = freshSchema();
    const client = await connect();
    await client.query({
      text: `CREATE USER ${name}; CREATE SCHEMA ${name} AUTHORIZATION ${name}`,
    });
    const url = new URL(postgresUrl);
    url.username = name;
    const broker = await start({ url: url.href, schema: name });
    assert.equal((await enqueue(broker))[0], 201);
  });

  it("refuses names that an index has no room for, and says which; others are stored", async () => {
    const broker = await start({ url: postgresUrl, schema: freshSchema() });
    // Of letters that do not repeat: the server makes others shorter.
    const long = Array.from({ length: 150 }, () => crypto.randomUUID()).join("");
    const store = async (job: object) => {
      const { status, body } = await send(broker, "POST", "/jobs", {
        type: "t",
        queue,
        payload: 1,
        ...job,
      });
      return status === 201 ? status : `${status} ${body.error}`;
    };
    const room = "too long: an index of PostgreSQL takes at most 2704 bytes";
    const answers = await Promise.all([
      store({}),
      store({ type: long }),
      store({ unique_key: long }),
      store({ batch: { key: long, when: "true", fold: "$existing" } }),
      store({ tags: ["a"] }),
    ]);
    assert.deepEqual(answers, [
      201,
      `400 queue and type are ${room}`,
      `400 unique_key is ${room}`,
      `400 batch.key is ${room}`,
      201,
    ]);
    assert.equal(await countJobs(broker), 2);
  });

  it("lets its calls wait for each other when the server has no connection left", async () => {
    const url = await addUser("CONNECTION LIMIT 3");
    const broker = await start({ url, schema: freshSchema(), maxConnections: 20 });
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        return at % 3 === 0
          ? (await enqueue(broker))[0]
          : (await send(broker, "GET", "/jobs?limit=1")).status;
      }),
    );
    assert.deepEqual([...new Set(answers)].sort(), [200, 201]);
    assert.equal(await countJobs(broker), 20);
  });

  it("answers 503 when an administrator's limit ends what waits for a lock", async () => {
    for (const limit of ["statement_timeout", "lock_timeout"]) {
      const broker = await start({ url: withSettings({ [limit]: "200" }) });
      const other = await connect();
      await other.query({ text: `BEGIN; LOCK TABLE ${schema}.jobs IN EXCLUSIVE MODE` });
      const [status, retryAfter, text] = await enqueue(broker);
      assert.deepEqual([status, retryAfter], [503, "1"], text);
      assert.match(text, new RegExp(`did not do it in time: .*${limit.replace("_", " ")}`));
      await other.query({ text: "ROLLBACK" });
      assert.equal((await enqueue(broker))[0], 201);
    }
  });

  it("brings its tables up to date in spite of a limit on statements", async () => {
    const database = await open({ url: withSettings({ statement_timeout: "150" }) });
    await assert.rejects(database.all("SELECT pg_sleep(5)", []), /did not do it in time/);
    await database.transaction((connection) => connection.script("SELECT pg_sleep(0.3)"));
  });

  it("has limits of its own on sessions, and keeps those of an administrator that are shorter", async () => {
    const text = `SELECT current_setting('lock_timeout') AS lock,
      current_setting('statement_timeout') AS statement,
      current_setting('idle_in_transaction_session_timeout') AS idle`;
    const read = async (options: OpenPostgresOptions) =>
      await (await open(options)).transaction((connection) => connection.all(text, []));
    assert.deepEqual(await read({ url: postgresUrl, queryTimeoutMs: 7000 }), [
      { lock: "15s", statement: "7s", idle: "10s" },
    ]);
    const shorter = { lock_timeout: "1s", idle_in_transaction_session_timeout: "20s" };
    assert.deepEqual(await read({ url: withSettings(shorter) }), [
      { lock: "1s", statement: "1min", idle: "10s" },
    ]);
    const connectionString = withSettings({ ...shorter, statement_timeout: "0" });
    const pool = new driver.Pool({ connectionString, max: 3 }) as PgPool;
    opened.push(() => pool.end());
    // The sessions of a pool are others': they are left as they were.
    assert.deepEqual(await read({ pool }), [{ lock: "1s", statement: "0", idle: "10s" }]);
    const client = await pool.connect();
    assert.deepEqual((await client.query({ text })).rows, [
      { lock: "1s", statement: "0", idle: "20s" },
    ]);
    client.release();
  });

  it("is not held up for ever by one that is paused in the middle of a transaction", async () => {
    const schema = freshSchema();
    const url = withSettings({ idle_in_transaction_session_timeout: "300" });
    const [paused, other] = [await open({ url, schema }), await open({ url, schema })];
    await other.transaction((connection) =>
      connection.script("CREATE TABLE t (a bigint); INSERT INTO t VALUES (0)")
    );
    const add = (connection: AsyncConnection) => connection.run("UPDATE t SET a = a + 1", []);
    let wake = () => {};
    const woken = new Promise<void>((resolve) => wake = resolve);
    let holds = () => {};
    const held = new Promise<void>((resolve) => holds = resolve);
    const late = paused.transaction(async (connection) => {
      await add(connection);
      holds();
      await woken;
      await add(connection);
    });
    const refused = assert.rejects(late, UnusableStoreError);
    await held;
    await other.transaction(add); // Waits until the server ends the other session.
    wake();
    await refused;
    assert.deepEqual(await other.all("SELECT a FROM t", []), [{ a: 1 }]);
    await paused.transaction(add);
    assert.deepEqual(await other.all("SELECT a FROM t", []), [{ a: 2 }]);
  });

  it("runs again what lost a deadlock", async () => {
    const schema = freshSchema();
    const url = withSettings({ deadlock_timeout: "50" });
    const databases = [await open({ url, schema }), await open({ url, schema })];
    await databases[0]!.transaction((connection) =>
      connection.script("CREATE TABLE t (a bigint, n bigint); INSERT INTO t VALUES (0, 0), (1, 0)")
    );
    // Each holds its first row before any of them goes for its second one.
    let first = 0;
    let bothHold = () => {};
    const holding = new Promise<void>((resolve) => bothHold = resolve);
    let runs = 0;
    function* addToBoth(order: readonly number[]): Transition<void> {
      runs++;
      for (const a of order) yield* rows("UPDATE t SET n = n + 1 WHERE a = ? RETURNING n", [a]);
    }
    const patient = (connection: AsyncConnection): AsyncConnection => ({
      ...connection,
      async all(sql, params) {
        const found = await connection.all(sql, params);
        if (++first === 2) bothHold();
        await holding;
        return found;
      },
    });
    await Promise.all(databases.map((database, at) => {
      const waiting: AsyncDatabase = {
        ...database,
        transaction: (body) => database.transaction((connection) => body(patient(connection))),
      };
      return createExecutor(waiting).commit([() => addToBoth(at === 0 ? [0, 1] : [1, 0])]);
    }));
    assert.ok(runs > 2, `${runs} runs: one of them lost, perhaps more than once`);
    assert.deepEqual(await databases[0]!.all("SELECT n FROM t", []), [{ n: 2 }, { n: 2 }]);
  });

  it("runs again what the server could not serialize, and says so when that never ends", async () => {
    const schema = freshSchema();
    const broker = await start({ url: postgresUrl, schema });
    const client = await connect();
    // A number that was taken stays taken, also when its transaction fails.
    await client.query({
      text: `CREATE SEQUENCE ${schema}.conflicts;
        CREATE FUNCTION ${schema}.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('${schema}.conflicts') % 20 < 10 THEN
            RAISE EXCEPTION 'conflict' USING ERRCODE = '40001';
          END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER fail BEFORE INSERT ON ${schema}.jobs FOR EACH ROW EXECUTE FUNCTION ${schema}.fail();
        SELECT setval('${schema}.conflicts', 2)`,
    });
    assert.equal((await enqueue(broker))[0], 201); // Numbers 3 to 9 failed.
    await client.query({ text: `SELECT setval('${schema}.conflicts', 19)` });
    const [status, retryAfter, text] = await enqueue(broker); // All ten runs failed.
    assert.deepEqual([status, retryAfter], [503, "1"]);
    assert.match(text, /others were in the way 10 times in a row/);
    assert.equal((await enqueue(broker))[0], 201);
    assert.equal(await countJobs(broker), 2);
  });

  it("loses nothing and does nothing twice, wherever connections are cut", async () => {
    const proxy = await createLossyProxy(postgresUrl);
    opened.push(() => proxy.stop());
    const broker = await start({ url: proxy.url });
    const client = createClient({ fetch: broker.fetch, retry: { limit: 0 } });
    const again = async <Result>(call: () => Promise<Result>): Promise<Result> => {
      for (let times = 0; times < 20; times++) {
        try {
          return await call();
        } catch {
          // Cut.
        }
      }
      throw new Error("It never succeeds");
    };
    let lives = 0;
    const live = async () => {
      const idempotencyKey = `life-${++lives}`;
      const jobs = Array.from({ length: 3 }, () => job({ queue }));
      const stored = await again(() => client.enqueueMany(jobs, { idempotencyKey }));
      await again(() => client.patch(stored[0]!.id, { priority: 7 }));
      await again(() =>
        client.delete(stored[2]!.id).catch((error) => {
          if (error.status !== 404) throw error; // An earlier try did it.
        })
      );
    };
    await live();
    let seed = 1;
    const chance = () => (seed = seed * 48_271 % 2_147_483_647) / 2_147_483_647;
    for (let times = 0; times < 16; times++) {
      proxy.cutAt({ statement: times + 1 }, chance() < 0.5 ? "before" : "after");
      await live();
    }
    assert.ok(proxy.cuts >= 14, `${proxy.cuts} cuts`);
    const { jobs } = (await send(broker, "GET", `/jobs?limit=200&queue=${queue}`)).body;
    assert.equal(jobs.length, lives * 2);
    assert.equal(jobs.filter(({ priority }: { priority: number }) => priority === 7).length, lives);
    assert.equal(await countJobs(broker), lives * 2);
  });

  it("goes on when a server that vanished without a word is back", async () => {
    const proxy = await createLossyProxy(postgresUrl);
    opened.push(() => proxy.stop());
    const terms = { url: proxy.url, connectTimeoutMs: 300 };
    const broker = await start({ ...terms, queryTimeoutMs: 200 });
    assert.equal((await enqueue(broker))[0], 201);
    proxy.freeze(true);
    const [status, retryAfter] = await enqueue(broker);
    assert.deepEqual([status, retryAfter], [503, "1"]);
    proxy.freeze(false);
    assert.equal((await enqueue(broker))[0], 201);
  });

  it("hands nothing out early or late by clocks that are a minute apart", async () => {
    const brokers = await Promise.all([-60_000, 60_000].map(async (aheadMs) => {
      const clock = { ...systemClock, now: () => Date.now() + aheadMs };
      const broker = createBroker({ store: openPostgres({ url: postgresUrl, schema }), clock });
      opened.push(() => broker.stop());
      await broker.start();
      return createClient({ fetch: broker.fetch });
    }));
    const [slow, fast] = brokers;
    const readyAt = Date.now() + 400;
    const stored = await Promise.all([
      slow!.enqueue(job({ queue: "fast", readyAt })),
      fast!.enqueue(job({ queue: "slow", readyAt })),
    ]);
    const taken = await Promise.all(
      [["slow", slow!] as const, ["fast", fast!] as const].map(async ([queue, client]) => {
        const stream = await client.take({ queues: [queue] });
        opened.push(() => stream.close());
        for await (const [first] of stream.batches()) {
          if (first !== undefined) return { id: first.id, at: Date.now() };
        }
        throw new Error("The stream ended");
      }),
    );
    assert.deepEqual(taken.map(({ id }) => id), [stored[1].id, stored[0].id]);
    for (const { at } of taken) assert.ok(at >= readyAt - 20, `${readyAt - at} ms early`);
  });
});
