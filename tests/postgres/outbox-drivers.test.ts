/** Jobs that are enqueued within transactions of drivers and query builders, on a real PostgreSQL. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { it } from "node:test";
// @ts-ignore: without types, as where a broker loads it.
import driver from "pg";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { createOutbox, type TransactionLike } from "../../src/outbox/mod.ts";
import { isMissing, tools } from "../frameworks/framework.ts";
import { describePostgres, openShared, postgresUrl } from "./server.ts";

/** From the tools of the gate. They have no types here: the samples say what they use. */
const load = createRequire(`${tools}/package.json`);
const loadDefault = (name: string) => {
  const loaded = load(name);
  return loaded.default ?? loaded; // Bun gives a module where others give what it exports.
};

const mail = defineJob<{ to: string }>({ type: "mail", queue: "q" });

/** Runs `work` in a transaction, which is rolled back if it throws; and gives what is no transaction. */
type Open = () => {
  transact(work: (transaction: TransactionLike) => Promise<void>): Promise<unknown>;
  /** What looks alike, and is refused. */
  readonly whole: TransactionLike;
  close(): Promise<unknown>;
};

/** The packages of which each way needs one, `pg` excepted. */
const packages: Readonly<Record<string, string>> = {
  "postgres.js": "postgres",
  "Drizzle on pg": "drizzle-orm",
  "Drizzle on postgres.js": "drizzle-orm",
  Kysely: "kysely",
  Knex: "knex",
};

const ways: Readonly<Record<string, Open>> = {
  pg() {
    const pool = new driver.Pool({ connectionString: postgresUrl, max: 2 });
    return {
      whole: pool,
      close: () => pool.end(),
      async transact(work) {
        const client = await pool.connect();
        try {
          await client.query("BEGIN");
          await work(client);
          await client.query("COMMIT");
        } catch (error) {
          await client.query("ROLLBACK");
          throw error;
        } finally {
          client.release();
        }
      },
    };
  },
  "postgres.js"() {
    const postgres = loadDefault("postgres");
    const sql = postgres(postgresUrl, { max: 2, onnotice() {} });
    return { whole: sql, close: () => sql.end(), transact: (work) => sql.begin(work) };
  },
  "Drizzle on pg"() {
    const { drizzle } = load("drizzle-orm/node-postgres");
    const pool = new driver.Pool({ connectionString: postgresUrl, max: 2 });
    const db = drizzle({ client: pool });
    return { whole: db, close: () => pool.end(), transact: (work) => db.transaction(work) };
  },
  "Drizzle on postgres.js"() {
    const { drizzle } = load("drizzle-orm/postgres-js");
    const postgres = loadDefault("postgres");
    const sql = postgres(postgresUrl, { max: 2, onnotice() {} });
    const db = drizzle({ client: sql });
    return { whole: db, close: () => sql.end(), transact: (work) => db.transaction(work) };
  },
  Kysely() {
    const { Kysely, PostgresDialect } = load("kysely");
    const pool = new driver.Pool({ connectionString: postgresUrl, max: 2 });
    const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
    return {
      whole: db,
      close: () => db.destroy(),
      transact: (work) => db.transaction().execute(work),
    };
  },
  Knex() {
    const createKnex = loadDefault("knex");
    const knex = createKnex({ client: "pg", connection: postgresUrl, pool: { min: 0, max: 2 } });
    return { whole: knex, close: () => knex.destroy(), transact: (work) => knex.transaction(work) };
  },
  "a function"() {
    const pool = new driver.Pool({ connectionString: postgresUrl, max: 1 });
    const run = async (text: string, values: readonly string[]) =>
      (await pool.query(text, [...values])).rows;
    return {
      whole: 5 as never,
      close: () => pool.end(),
      async transact(work) {
        await pool.query("BEGIN");
        try {
          await work(run);
          await pool.query("COMMIT");
        } catch (error) {
          await pool.query("ROLLBACK");
          throw error;
        }
      },
    };
  },
};

/** Texts that drivers have been known to mistake for something else. */
const odd = `'a' "b" \\ $1 ? ?? :name $m$ $m0$ %s -- /* \u0000 😀`;

describePostgres("within a transaction", () => {
  for (const [name, open] of Object.entries(ways)) {
    const needed = packages[name];
    const skip = needed !== undefined && isMissing(needed);
    it(`of ${name}`, { skip }, async () => {
      const { transact, whole, close } = open();
      const store = openShared();
      const { schema } = store;
      const broker = createBroker({ store });
      await broker.start();
      const client = createClient({ fetch: broker.fetch });
      const outbox = createOutbox({ schema });
      try {
        const ids: string[] = [];
        await transact(async (transaction) => {
          const within = outbox.within(transaction);
          ids.push((await within.enqueue(mail, { to: odd })).id);
          const many = await within.enqueueMany([mail.of({ to: "b" }), mail.of({ to: odd })]);
          ids.push(...many.map(({ id }) => id));
        });
        const failed = transact(async (transaction) => {
          await outbox.within(transaction).enqueue(mail, { to: "nobody" });
          throw new RangeError("no");
        });
        await assert.rejects(failed, RangeError);
        assert.throws(() => outbox.within(whole), { name: "TypeError", message: /Cannot use/ });
        for (let turn = 0; turn < 500 && await client.count() < 3; turn++) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        const jobs = await Array.fromAsync(client.list(mail));
        assert.deepEqual(jobs.map(({ payload }) => payload.to), [odd, "b", odd]);
        assert.deepEqual(jobs.map(({ id }) => id), ids);
        if (typeof whole !== "number") assert.deepEqual(await outbox.refused(whole).list(), []);
      } finally {
        await close();
        await broker.stop();
      }
    });
  }
});
