/** What `openPostgres` gives, held against the port of an engine that answers later; on every runtime that has a driver. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openPostgres, type PgClient, type PgPool } from "../../adapters/postgres/mod.ts";
import { StoreError } from "../../src/errors.ts";
import type { AsyncDatabase } from "../../src/store/database.ts";
import { UnusableStoreError } from "../../src/store/unusable.ts";
import { createLossyProxy } from "./lossy-proxy.ts";
import { describePostgres, freshSchema, postgresUrl, sharedPool } from "./server.ts";

/** Whether `error` is a StoreError by an engine's error with this SQLSTATE. */
const hasState = (state: string) => (error: unknown) => {
  assert.ok(error instanceof StoreError);
  assert.equal((error.cause as { code?: string }).code, state);
  return true;
};

describe("options of openPostgres()", () => {
  it("are refused in words when they do not fit", () => {
    const url = "postgres://localhost/jobs";
    const refused: [object, RegExp][] = [
      [{}, /^Options of 'openPostgres' have no 'url' and no 'pool', expected one of them$/],
      [{ url, pool: {} }, /have a 'url' and a 'pool', expected one of them$/],
      [
        { url: "mysql://u:secret@h/d" },
        /^Option 'url' is no address of PostgreSQL, expected 'post/,
      ],
      [{ pool: {} }, /^Cannot use 'pool' an object: expected a pool of the package 'pg'$/],
      [{ url, schema: "" }, /^Option 'schema' is "", expected 1 to 63 bytes$/],
      [
        { url, maxConnections: 2 },
        /^Option 'maxConnections' is 2, expected an integer of 3 or more$/,
      ],
      [
        { pool: { connect() {}, options: { max: 1 } } },
        /^Option 'pool' has a 'max' of 1, expected 2 or more: one connection listens all the time$/,
      ],
      [
        { url: "postgres://localhost:port/jobs" },
        /^Option 'url' has the server "localhost:port", expected a port from 1 to 65535$/,
      ],
      [{ url, schema: "é".repeat(32) }, /^Option 'schema' is .*, expected 1 to 63 bytes$/],
      [{ url, queryTimeoutMs: 0.5 }, /^Option 'queryTimeoutMs' is 0.5, expected an integer of 1/],
      [{ url, scheme: "x" }, /^Unknown option 'scheme', did you mean 'schema'\?$/],
    ];
    for (const [options, message] of refused) {
      assert.throws(() => openPostgres(options), { message });
    }
  });

  it("are not used before the database is opened", async () => {
    const database = openPostgres({ url: "postgres://nobody@127.0.0.1:1/none" });
    await assert.rejects(database.all("SELECT 1", []), /the database is not open$/);
    await assert.rejects(database.open(), (error: Error) => {
      assert.ok(error instanceof UnusableStoreError);
      assert.match(error.message, /^cannot use PostgreSQL: .*ECONNREFUSED|refused/);
      return true;
    });
    await database.close();
    await database.close();
    await assert.rejects(database.open(), /the database is closed$/);
  });
});

/** Runs a test with a database that has a pool of its own, and with one on the pool of others, which is not like it. */
function itOnBoth(name: string, test: (database: AsyncDatabase) => Promise<void>): void {
  for (const kind of ["url", "pool"] as const) {
    it(`${name} (${kind})`, async () => {
      const schema = freshSchema();
      const database = kind === "url"
        ? openPostgres({ url: postgresUrl, schema })
        : openPostgres({ pool: plain(sharedPool()), schema });
      await database.open();
      try {
        await database.transaction((connection) =>
          connection.script('CREATE TABLE t (a bigint PRIMARY KEY, b text COLLATE "C", c bytea)')
        );
        await test(database);
      } finally {
        await database.close();
      }
    });
  }
}

/** The pool as most have it: its connections wait for each answer. */
function plain(pool: PgPool): PgPool {
  return {
    end: () => pool.end(),
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
    async connect() {
      const client = await pool.connect();
      return {
        query: (query) => client.query(query),
        release: (error) => client.release(error),
        on: (event, listener) => client.on(event, listener),
        off: (event, listener) => client.off(event, listener),
      };
    },
  };
}

/** What a pooler does that gives a session to each transaction. */
function byTransaction(pool: PgPool): PgPool {
  const connect = (): PgClient => {
    let session: PgClient | undefined;
    return {
      async query(query) {
        if (query.text === "BEGIN") session = await pool.connect();
        const client = session ?? await pool.connect();
        const isLast = session === undefined || query.text === "ROLLBACK";
        if (isLast) session = undefined;
        try {
          return await client.query(query);
        } finally {
          if (isLast) client.release();
        }
      },
      release: () => session?.release(),
      on() {},
      off() {},
    };
  };
  return { ...plain(pool), connect: () => Promise.resolve(connect()) };
}

describePostgres("openPostgres()", () => {
  it("refuses a pooler that gives a session to each transaction", async () => {
    const schema = freshSchema();
    const database = openPostgres({ pool: byTransaction(sharedPool()), schema });
    await assert.rejects(
      database.open(),
      /^StoreError: Cannot use a pooler that gives a session to each transaction: /,
    );
    await database.close();
    const { rows } = await sharedPool().connect().then((client) => {
      const text = "SELECT FROM pg_namespace WHERE nspname = $1";
      return client.query({ text, values: [schema] }).finally(() => client.release());
    });
    assert.equal(rows.length, 0, "nothing was made");
  });

  const insert = "INSERT INTO t (a, b) VALUES ($1, $2)";
  const numbers = async (database: AsyncDatabase) =>
    (await database.all("SELECT a FROM t ORDER BY a", [])).map((row) => row["a"]);

  itOnBoth("gives back text, numbers, bytes and null", async (database) => {
    const bytes = new Uint8Array([0, 255, 7, 9]).subarray(0, 3);
    await database.transaction(async (connection) => {
      await connection.run("INSERT INTO t VALUES ($1, $2, $3)", [2 ** 53 - 1, "Ünïcode 🎡", bytes]);
      await connection.run("INSERT INTO t VALUES ($1, $2, $3)", [-1, null, new Uint8Array()]);
    });
    const [first, second] = await database.all("SELECT * FROM t ORDER BY a", []);
    assert.deepEqual(first, { a: -1, b: null, c: new Uint8Array() });
    assert.deepEqual(second, { a: 2 ** 53 - 1, b: "Ünïcode 🎡", c: new Uint8Array(bytes) });
    assert.equal(Object.getPrototypeOf(second!["c"]), Uint8Array.prototype);
  });

  itOnBoth("reads counts, sums and averages as numbers, truth as 1 and 0", async (database) => {
    const rows = await database.all(
      "SELECT count(*) AS n, sum(a) AS s, avg(a) AS v, 1 = 1 AS y, '[1]'::jsonb AS j FROM (VALUES (1::bigint), (2)) AS x (a)",
      [],
    );
    assert.deepEqual(rows, [{ n: 2, s: 3, v: 1.5, y: 1, j: "[1]" }]);
    await assert.rejects(
      database.all("SELECT 9007199254740992::bigint AS a", []),
      /Integer is 9007199254740992, expected one below 2\^53$/,
    );
  });

  itOnBoth("keeps a transaction whole, and goes on after one that failed", async (database) => {
    const result = await database.transaction(async (connection) => {
      assert.deepEqual(await connection.runEach!(insert, [[1, "x"], [2, "y"]]), [1, 1]);
      assert.deepEqual(await connection.runEach!("DELETE FROM t WHERE a = $1", [[2], [9]]), [1, 0]);
      return (await connection.all("SELECT count(*) AS n FROM t", []))[0]?.["n"];
    });
    assert.equal(result, 1);
    const boom = new Error("boom");
    const half = database.transaction(async (connection) => {
      await connection.run(insert, [4, "x"]);
      throw boom;
    });
    await assert.rejects(half, (error) => error === boom);
    const twice = database.transaction((connection) =>
      connection.runEach!(insert, [[5, "x"], [1, "x"], [6, "x"]])
    );
    await assert.rejects(twice, hasState("23505"));
    assert.deepEqual(await numbers(database), [1]);
  });

  itOnBoth("commits nothing when the body goes on after an error", async (database) => {
    const swallowed = database.transaction(async (connection) => {
      await connection.run(insert, [2, "x"]);
      await assert.rejects(connection.all("SELECT * FROM nowhere", []), hasState("42P01"));
    });
    await assert.rejects(swallowed, hasState("25P02"));
    assert.deepEqual(await numbers(database), []);
  });

  itOnBoth("runs a transaction at READ COMMITTED", async (database) => {
    const rows = await database.transaction((connection) =>
      connection.all("SELECT current_setting('transaction_isolation') AS level", [])
    );
    assert.deepEqual(rows, [{ level: "read committed" }]);
  });

  itOnBoth("lets nobody else in while one is alone", async (database) => {
    const seen: string[] = [];
    const work = (name: string) =>
      database.alone!(async () => {
        seen.push(name);
        await database.all("SELECT 1", []);
        seen.push(name);
      });
    await Promise.all([work("a"), work("b"), work("c")]);
    assert.equal(seen.length, 6);
    for (let at = 0; at < 6; at += 2) assert.equal(seen[at], seen[at + 1]);
  });

  itOnBoth("survives connections that the server ends", async (database) => {
    const end = "SELECT pg_terminate_backend(pg_backend_pid())";
    const killed = database.transaction(async (connection) => {
      await connection.run(insert, [1, "x"]);
      await connection.all(end, []);
    });
    await assert.rejects(killed, UnusableStoreError);
    await assert.rejects(database.all(end, []), UnusableStoreError);
    await database.transaction((connection) => connection.run(insert, [2, "x"]));
    assert.deepEqual(await numbers(database), [2]);
  });

  it("knows whether it committed when the answer to COMMIT is lost", async () => {
    const schema = freshSchema();
    const direct = openPostgres({ url: postgresUrl, schema });
    await direct.open();
    await direct.transaction((connection) => connection.script("CREATE TABLE t (a bigint)"));
    const proxy = await createLossyProxy(postgresUrl);
    const database = openPostgres({ url: proxy.url, schema });
    await database.open();
    const insertOne = (a: number) =>
      database.transaction((connection) => connection.run("INSERT INTO t VALUES ($1)", [a]));
    await insertOne(1);
    proxy.cutAt({ text: "COMMIT\0" }, "after"); // The server commits, and nobody hears of it.
    await insertOne(2);
    proxy.cutAt({ text: "COMMIT\0" }, "before"); // The server never gets it.
    await assert.rejects(insertOne(3), UnusableStoreError);
    await insertOne(4);
    assert.equal(proxy.cuts, 2);
    await database.close();
    await proxy.stop();
    assert.deepEqual(await numbers(direct), [1, 2, 4]);
    await direct.close();
  });

  it("does not believe that it committed what a server says that has recovered since", async () => {
    const schema = freshSchema();
    const direct = openPostgres({ url: postgresUrl, schema });
    await direct.open();
    const proxy = await createLossyProxy(postgresUrl);
    const database = openPostgres({ url: proxy.url, schema });
    await database.open();
    const nothing = () => database.transaction((connection) => connection.all("SELECT 1", []));
    await nothing();
    // As a crash leaves it: what is not logged is empty, and numbers of transactions are given out again.
    proxy.cutAt({ text: "COMMIT\0" }, "after", async () => {
      await direct.transaction((connection) => connection.run("DELETE FROM incarnation", []));
    });
    await assert.rejects(nothing(), UnusableStoreError);
    await nothing();
    await database.close();
    await direct.close();
    await proxy.stop();
  });
});
