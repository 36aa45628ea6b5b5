/** Servers of PostgreSQL that die, and what follows them: what was answered is kept, and nobody believes a number twice. */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { openPostgres } from "../../adapters/postgres/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { UnusableStoreError } from "../../src/store/unusable.ts";
import { job } from "../support/broker.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";
import { createLossyProxy } from "./lossy-proxy.ts";
import { endOpened, opened } from "./brokers-kit.ts";
import { describePostgres } from "./server.ts";

/** What is used of the gate's servers. It is a program of Deno, and is loaded where these tests run, which is there. */
interface Server {
  readonly url: string;
  crash(): Promise<void>;
  kill(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  follow(): Promise<Server>;
  promote(): Promise<void>;
  stop(): Promise<void>;
}

/** A server of the test's own, which may die. */
async function startServer(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
  const gate = new URL("../../scripts/gate/postgres-server.ts", import.meta.url).href;
  const { startPostgres } = await import(gate);
  const server = await startPostgres(settings);
  assert.ok(!("missing" in server));
  opened.push(() => server.stop());
  return server;
}

/** A primary, and a replica that has all that was committed. */
async function startPair(): Promise<{ readonly primary: Server; readonly replica: Server }> {
  const primary = await startServer();
  const replica = await primary.follow();
  opened.push(() => replica.stop());
  await ask(primary.url, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  await ask(primary.url, "SELECT pg_reload_conf()");
  return { primary, replica };
}

/** An address that names several servers. */
function toAddress(...servers: readonly Server[]): string {
  const hosts = servers.map(({ url }) => new URL(url).host);
  return `postgres://postgres@${hosts}/postgres?target_session_attrs=primary`;
}

async function enough(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Asks a server something, beside its brokers. */
async function ask(url: string, sql: string) {
  const database = openPostgres({ url });
  await database.open();
  try {
    return await database.all(sql, []);
  } finally {
    await database.close();
  }
}

describePostgres("a PostgreSQL that dies", () => {
  afterEach(endOpened);

  it("is followed by its replica, with all that was answered", async () => {
    const { primary, replica } = await startPair();
    // The replica stands first: it is passed over as long as it follows.
    const url = toAddress(replica, primary);
    const { logger } = createRecordingLogger();
    const broker = createBroker({ store: openPostgres({ url, connectTimeoutMs: 2000 }), logger });
    opened.push(() => broker.stop());
    await broker.start();
    const client = createClient({ fetch: broker.fetch });

    const answered = new Set<string>();
    const taken = new Set<string>();
    let isOver = false;
    let isPromoted = false;
    let answeredSince = 0;
    const callers = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        // Calls of which nobody knows what became are not counted, and not repeated.
        const stored = await client.enqueue(job()).catch(() => undefined);
        if (stored === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
        else {
          answered.add(stored.id);
          if (isPromoted) answeredSince++;
        }
      }
    });
    await enough(() => answered.size > 100);
    await primary.kill();
    await replica.promote();
    isPromoted = true;
    await enough(() => answeredSince > 100);
    isOver = true;
    await Promise.all(callers);

    const stream = await client.take({ prefetch: 100 });
    opened.push(() => stream.close());
    for await (const batch of stream.batches()) {
      for (const { id } of batch) {
        assert.ok(!taken.has(id), "a job came twice");
        taken.add(id);
      }
      await client.successMany(batch.map(({ id }) => id));
      if ([...answered].every((id) => taken.has(id))) break;
    }
    assert.deepEqual([...answered].filter((id) => !taken.has(id)), []);
  });

  it("is not written to any more when it froze, was replaced, and goes on", async () => {
    const { primary, replica } = await startPair();
    const store = openPostgres({
      url: `${toAddress(primary, replica)}&application_name=broker`,
      maxConnections: 100,
      connectTimeoutMs: 1000,
    });
    const { logger } = createRecordingLogger();
    const broker = createBroker({ store, logger });
    opened.push(() => broker.stop());
    await broker.start();

    const answered: string[] = [];
    const refused: string[] = [];
    const enqueue = async () => {
      const response = await broker.fetch(
        new Request("http://broker/jobs", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(job()),
        }),
      );
      const text = await response.text();
      if (response.status === 201) return answered.push(JSON.parse(text).id);
      assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "1"], text);
      refused.push(text);
    };
    let isOver = false;
    const calls = new Set<Promise<unknown>>();
    opened.push(() => Promise.all(calls));
    // None waits for the one before, as of many callers.
    const calling = (async () => {
      while (!isOver) {
        calls.add(enqueue()).add(send(broker, "GET", "/jobs?limit=1"));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    opened.push(() => ((isOver = true), calling));
    await enough(() => answered.length > 20);
    await primary.freeze();
    await enough(() => refused.length > 5);
    await replica.promote();
    const before = answered.length;
    await enough(() => answered.length > before + 20);

    // Nobody ends what was the primary: it takes writes, and is asked for no replica.
    await primary.thaw();
    await ask(primary.url, "ALTER SYSTEM RESET synchronous_standby_names");
    await ask(primary.url, "SELECT pg_reload_conf()");
    const sessions = `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'broker'`;
    await enough(async () => (await ask(primary.url, sessions))[0]!["n"] === 0);
    const count = "SELECT count(*) AS n FROM millrace.jobs";
    const old = await ask(primary.url, count);
    const since = answered.length;
    await enough(() => answered.length > since + 20);
    const { body } = await send(broker, "GET", "/jobs?limit=200");
    const kept = new Set(body.jobs.map(({ id }: { id: string }) => id));
    assert.deepEqual(answered.slice(0, since).filter((id) => !kept.has(id)), []);

    // Now it is the only one that runs.
    await replica.kill();
    const [taken, left] = [answered.length, refused.length];
    await enough(() => refused.length > left + 40 || answered.length > taken + 40);
    assert.deepEqual(await ask(primary.url, count), old);
  });

  it("gives numbers of transactions out again, and a commit without an answer is not taken for another one", async () => {
    // What is not committed is written late, and a crash takes it along.
    const server = await startServer({ wal_writer_delay: "10s" });
    const direct = openPostgres({ url: server.url });
    await direct.open();
    await direct.transaction((connection) => connection.script("CREATE TABLE t (a bigint)"));
    const proxy = await createLossyProxy(server.url);
    opened.push(() => proxy.stop());
    const database = openPostgres({ url: proxy.url });
    await database.open();
    opened.push(() => database.close(), () => direct.close());
    const insert = (on: typeof database, a: number) =>
      on.transaction(async (connection) => {
        await connection.run("INSERT INTO t VALUES ($1)", [a]);
        return (await connection.all("SELECT pg_current_xact_id()::text AS id", []))[0]!["id"];
      });
    await insert(database, 1);
    let lost: unknown;
    proxy.cutAt({ text: "COMMIT\0" }, "before", async () => {
      await server.crash();
      for (let a = 10, id = 0n; id < BigInt(String(lost)); a++) {
        // Its connections broke, too.
        id = await insert(direct, a).then((id) => BigInt(String(id)), () => id);
      }
    });
    await assert.rejects(
      database.transaction(async (connection) => {
        await connection.run("INSERT INTO t VALUES (2)", []);
        [lost] = (await connection.all("SELECT pg_current_xact_id()::text AS id", []))
          .map(({ id }) => id);
      }),
      UnusableStoreError,
    );
    const status = await direct.all(`SELECT pg_xact_status('${lost}'::xid8) AS status`, []);
    assert.deepEqual(status, [{ status: "committed" }], "the number is another one's now");
    assert.deepEqual(await database.all("SELECT a FROM t WHERE a = 2", []), []);
  });
});
