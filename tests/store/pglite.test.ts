/** What PGlite gives the tests of the store, held against the port of an engine that answers later. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { StoreError } from "../../src/errors.ts";
import type { SqlValue } from "../../src/store/database.ts";
import { describePglite, openPglite, type PgliteDatabase } from "./pglite.ts";

/** Whether `error` is a StoreError by an engine's error with this SQLSTATE. */
const hasState = (state: string) => (error: unknown) => {
  assert.ok(error instanceof StoreError);
  assert.equal((error.cause as { code?: string }).code, state);
  return true;
};

/** Whether `error` is a StoreError whose cause says this. */
const hasCause = (name: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError);
  const { cause } = error as { cause?: Error };
  assert.equal(cause?.name, name);
  assert.match(cause!.message, message);
  return true;
};

async function openTables(): Promise<PgliteDatabase> {
  const database = openPglite();
  await database.open();
  await database.script(`
    CREATE TABLE t (a bigint PRIMARY KEY, b text COLLATE "C", c bytea, d double precision);
    CREATE TABLE later (a bigint UNIQUE DEFERRABLE INITIALLY DEFERRED);
  `);
  return database;
}

describePglite("openPglite()", () => {
  const insert = "INSERT INTO t (a, b) VALUES ($1, $2)";
  const numbers = async (database: PgliteDatabase) =>
    (await database.all("SELECT a FROM t ORDER BY a", [])).map((row) => row["a"]);

  it("gives back what it was given: text, numbers, bytes, null", async () => {
    const database = await openTables();
    const values = [2 ** 53 - 1, "Ünïcode 🎡", new Uint8Array([0, 255, 7]), -1.5];
    await database.run("INSERT INTO t VALUES ($1, $2, $3, $4)", values);
    await database.run("INSERT INTO t VALUES ($1, $2, $3, $4)", [-1, null, null, null]);
    const [first, second] = await database.all("SELECT a, b AS seen, c, d FROM t ORDER BY a", []);
    assert.deepEqual(first, { a: -1, seen: null, c: null, d: null });
    const { a, seen, c, d } = second!;
    assert.deepEqual([a, seen, d], [values[0], values[1], values[3]]);
    assert.equal(Object.getPrototypeOf(c), Uint8Array.prototype);
    assert.deepEqual(c, values[2]);
    assert.equal((c as Uint8Array).buffer.byteLength, 3);
  });

  it("gives back large and empty bytes, and bytes that are part of a buffer", async () => {
    const database = await openTables();
    const large = new Uint8Array(1_000_000).map((_, at) => at % 251);
    for (const [at, bytes] of [large, new Uint8Array(), large.subarray(7, 20)].entries()) {
      await database.run("INSERT INTO t (a, c) VALUES ($1, $2)", [at, bytes]);
      const rows = await database.all("SELECT c FROM t WHERE c = $1", [bytes]);
      assert.deepEqual(rows, [{ c: new Uint8Array(bytes) }]);
    }
  });

  it("reads counts, sums and averages as numbers, truth as 1 and 0, JSON as text", async () => {
    const database = await openTables();
    for (const a of [1, 2]) await database.run(insert, [a, "x"]);
    const [row] = await database.all(
      `SELECT count(*) AS n, sum(a) AS sum, avg(a) AS avg, max(a) AS max, length('abc') AS length,
        count(*) = 2 AS yes, count(*) = 3 AS no, '[1]'::jsonb AS json, sum(d) AS nothing FROM t`,
      [],
    );
    const json = "[1]";
    const read = { n: 2, sum: 3, avg: 1.5, max: 2, length: 3, yes: 1, no: 0, json, nothing: null };
    assert.deepEqual(row, read);
  });

  it("refuses to read an integer that a number cannot hold", async () => {
    const database = await openTables();
    const tooLarge = hasCause("RangeError", /^Integer is 9007199254740992, expected one below/);
    await assert.rejects(database.all("SELECT 9007199254740992::bigint AS a", []), tooLarge);
    await assert.rejects(database.all("SELECT 9007199254740992::numeric AS a", []), tooLarge);
    assert.equal((await database.all("SELECT 1 AS a", []))[0]?.["a"], 1);
  });

  it("writes a parameter as the type that PostgreSQL infers, text where nothing tells", async () => {
    const database = await openTables();
    await database.run(insert, ["7", 8]);
    assert.deepEqual(await database.all("SELECT a, b FROM t", []), [{ a: 7, b: "8" }]);
    const [row] = await database.all(
      "SELECT $1 AS bare, $2::bigint AS cast, $3 + 1 AS sum, $4::jsonb AS json, $5 AND true AS truth",
      [5, "5", 5, "[5]", 1],
    );
    assert.deepEqual(row, { bare: "5", cast: 5, sum: 6, json: "[5]", truth: 1 });
  });

  it("refuses bytes where the type is not bytes, and bytes' type for what is none", async () => {
    const database = await openTables();
    const bytes = new Uint8Array([1]);
    const refused: [string, SqlValue, RegExp][] = [
      ["SELECT $1 AS a", bytes, /^Parameter is bytes, expected what fits type 'text'$/],
      ["SELECT $1::bigint AS a", bytes, /^Parameter is bytes, expected what fits type 'int8'$/],
      ["SELECT $1::bytea AS a", "x", /^Parameter is a string, expected what fits type 'bytea'$/],
    ];
    for (const [sql, value, message] of refused) {
      await assert.rejects(database.all(sql, [value]), hasCause("TypeError", message));
    }
    await assert.rejects(database.all("SELECT $1::bigint AS a", [1.5]), hasState("22P02"));
  });

  it("tells how many rows a statement changed, and returns rows from a changing one", async () => {
    const database = await openTables();
    assert.equal(await database.run(`${insert}, ($3, $4)`, [1, "x", 2, "y"]), 2);
    assert.equal(await database.run("DELETE FROM t WHERE a > $1", [1]), 1);
    assert.equal(await database.run("DELETE FROM t WHERE a > $1", [1]), 0);
    assert.equal(await database.run("SELECT a FROM t", []), 0);
    const rows = await database.all("UPDATE t SET a = a + $1 RETURNING a", [10]);
    assert.deepEqual(rows, [{ a: 11 }]);
  });

  it("keeps a transaction whole: all of it or nothing", async () => {
    const database = await openTables();
    const result = await database.transaction(async (connection) => {
      await connection.script("INSERT INTO t (a) VALUES (1); INSERT INTO t (a) VALUES (2)");
      assert.equal(await connection.run(insert, [3, "x"]), 1);
      return (await connection.all("SELECT count(*) AS n FROM t", []))[0]?.["n"];
    });
    assert.equal(result, 3);
    const boom = new Error("boom");
    const half = database.transaction(async (connection) => {
      await connection.run(insert, [4, "x"]);
      throw boom;
    });
    await assert.rejects(half, (error) => error === boom);
    assert.deepEqual(await numbers(database), [1, 2, 3]);
  });

  it("has transactions and single statements wait for each other", async () => {
    const database = await openTables();
    const other = openPglite();
    await other.open();
    const seen: string[] = [];
    const work = (database: PgliteDatabase, name: string) =>
      database.transaction(async (connection) => {
        for (let round = 0; round < 3; round++) {
          await connection.all("SELECT 1 AS a", []);
          seen.push(name);
        }
        if (name === "b") throw new Error("b fails");
      });
    await Promise.allSettled([
      work(database, "a"),
      work(database, "b"),
      database.run(insert, [1, "x"]).then(() => seen.push("statement")),
      work(other, "c"),
    ]);
    assert.deepEqual(seen.join(" "), "a a a b b b statement c c c");
  });

  it("runs a transaction at READ COMMITTED", async () => {
    const database = await openTables();
    const rows = await database.transaction((connection) =>
      connection.all("SELECT current_setting('transaction_isolation') AS level", [])
    );
    assert.deepEqual(rows, [{ level: "read committed" }]);
  });

  it("wraps what the engine refuses in a StoreError, with the SQLSTATE in its cause", async () => {
    const database = await openTables();
    await database.run(insert, [1, "x"]);
    await assert.rejects(database.run(insert, [1, "x"]), hasState("23505"));
    await assert.rejects(database.all("SELECT * FROM nowhere", []), hasState("42P01"));
    await assert.rejects(database.script("SELECT 1; SELEKT"), hasState("42601"));
    await assert.rejects(database.all("SELECT $1::int AS a", []), hasState("08P01"));
    await assert.rejects(
      database.transaction((connection) => connection.run(insert, [1, "x"])),
      (error) => {
        const { message } = error as Error;
        assert.match(message, /^Database 'store_\d+' failed: duplicate key value violates .+$/);
        return hasState("23505")(error);
      },
    );
    assert.deepEqual(await numbers(database), [1]);
  });

  it("runs nothing more in a transaction after an error, and commits nothing", async () => {
    const database = await openTables();
    await database.run(insert, [1, "x"]);
    const swallowed = database.transaction(async (connection) => {
      await connection.run(insert, [2, "x"]);
      await assert.rejects(connection.run(insert, [1, "x"]), hasState("23505"));
      await assert.rejects(connection.all("SELECT 1 AS a", []), hasState("25P02"));
    });
    await assert.rejects(swallowed, hasState("25P02"));
    assert.deepEqual(await numbers(database), [1]);
  });

  it("goes on in a transaction after an error, from a savepoint", async () => {
    const database = await openTables();
    await database.transaction(async (connection) => {
      await connection.run(insert, [1, "x"]);
      await connection.script("SAVEPOINT here");
      await assert.rejects(connection.run(insert, [1, "x"]), hasState("23505"));
      await connection.script("ROLLBACK TO SAVEPOINT here");
      await connection.run(insert, [2, "x"]);
    });
    assert.deepEqual(await numbers(database), [1, 2]);
  });

  it("tells what the engine says of a commit", async () => {
    const database = await openTables();
    const twice = database.transaction((connection) =>
      connection.script("INSERT INTO later VALUES (1); INSERT INTO later VALUES (1)")
    );
    await assert.rejects(twice, hasState("23505"));
    assert.deepEqual(await database.all("SELECT a FROM later", []), []);
  });

  it("refuses a transaction's connection once the transaction is over", async () => {
    const database = await openTables();
    const connection = await database.transaction((connection) => Promise.resolve(connection));
    await assert.rejects(connection.run(insert, [1, "x"]), hasCause("Error", /closed/));
  });

  it("refuses to wait for itself: a transaction that asks the database", async () => {
    const database = await openTables();
    const asking = database.transaction(() => database.all("SELECT 1 AS a", []));
    await assert.rejects(asking, hasCause("Error", /expected it to ask its connection$/));
    const nested = database.transaction(() => database.transaction(() => Promise.resolve()));
    await assert.rejects(nested, hasCause("Error", /expected it to ask its connection$/));
    assert.equal((await database.all("SELECT 1 AS a", []))[0]?.["a"], 1);
  });

  it("keeps databases apart, in transactions too", async () => {
    const [one, two] = [await openTables(), await openTables()];
    await Promise.all([
      one.run(insert, [1, "x"]),
      two.transaction((connection) => connection.run(insert, [2, "x"])),
      one.transaction((connection) => connection.run(insert, [3, "x"])),
      two.script("INSERT INTO t (a) VALUES (4)"),
    ]);
    assert.deepEqual([await numbers(one), await numbers(two)], [[1, 3], [2, 4]]);
  });

  it("gives databases of one name one content, which closing does not lose", async () => {
    const [one, two] = [openPglite("shared"), openPglite("shared")];
    await one.open();
    await one.script("CREATE TABLE t (a bigint); INSERT INTO t VALUES (1)");
    await one.close();
    await two.open();
    assert.deepEqual(await numbers(two), [1]);
  });

  it("refuses to work before it is opened and after it is closed", async () => {
    const database = openPglite("states");
    const refuses = (message: string) =>
      Promise.all([
        assert.rejects(database.all("SELECT 1 AS a", []), { name: "StoreError", message }),
        assert.rejects(database.run("SELECT 1 AS a", []), { name: "StoreError", message }),
        assert.rejects(database.script("SELECT 1"), { name: "StoreError", message }),
        assert.rejects(database.transaction(() => Promise.resolve()), {
          name: "StoreError",
          message,
        }),
      ]);
    await refuses("Database 'states' failed: it is not open");
    await Promise.all([database.open(), database.open()]);
    assert.equal((await database.all("SELECT 1 AS a", [])).length, 1);
    await database.close();
    await database.close();
    await refuses("Database 'states' failed: it is closed");
    await assert.rejects(database.open(), { message: "Database 'states' is closed" });
  });

  it('sorts texts in an order of its own unless told COLLATE "C"', async () => {
    const database = await openTables();
    const sorted = async (column: string) => {
      const sql = `SELECT v FROM (VALUES ('b'), ('Z'), ('a'), ('é')) AS t (v) ORDER BY ${column}`;
      return (await database.all(sql, [])).map((row) => row["v"]).join("");
    };
    assert.equal(await sorted('v COLLATE "C"'), "Zabé");
    assert.equal(await sorted("v"), "abéZ");
  });
});
