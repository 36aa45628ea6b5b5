/**
 * What every SQLite driver owes the store, as a suite that a back end's test calls.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { isMillraceError, StoreError } from "../../src/errors.ts";
import type { SyncDatabase } from "../../src/store/database.ts";

/** Opens a database as the adapter under test does. */
export type Open = (path: string, options?: { durability?: "buffered" | "fsync" }) => SyncDatabase;

const holder = fileURLToPath(new URL("./database-holder.ts", import.meta.url));

/** Node 22 runs TypeScript only when asked to; the others need permissions or nothing. */
const runArgs = "Deno" in globalThis
  ? ["run", "-A", "--no-check"]
  : "Bun" in globalThis
  ? []
  : ["--experimental-strip-types", "--no-warnings"];

/** Starts a process that holds `path` open, and waits until it does. */
async function hold(path: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...runArgs, holder, path], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
  assert.equal(String(line).trim(), "held");
  return child;
}

/** Defines the suite for one back end. `toDatabase` must accept a file's path and `:memory:`. */
export function describeDriver(name: string, toDatabase: Open): void {
  const open: Open = (path, options) => {
    const database = toDatabase(path, options);
    database.open();
    return database;
  };
  describe(`SQLite driver: ${name}`, () => {
    let folder = "";
    let count = 0;
    const file = () => join(folder, `jobs-${count++}.db`);
    before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-driver-"))));
    after(() => rmSync(folder, { recursive: true }));

    const failsToOpen = (path: string, message: RegExp) =>
      assert.throws(() => open(path), (error) => {
        assert.ok(error instanceof StoreError && isMillraceError(error));
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });

    it("gives back what it was given: text, numbers, bytes, null", () => {
      const driver = open(":memory:");
      driver.script("CREATE TABLE t (a, b, c, d, e); CREATE INDEX i ON t (a)");
      const values = ["Ünïcode 🎡", 2 ** 53 - 1, -1.5, new Uint8Array([0, 255, 7]), null];
      assert.equal(driver.run("INSERT INTO t VALUES (?, ?, ?, ?, ?)", values), 1);
      const rows = driver.all("SELECT a, b, c AS seen, d, e FROM t WHERE a = ?", [values[0]!]);
      assert.equal(rows.length, 1);
      const { a, b, seen, d, e } = rows[0]!;
      assert.deepEqual([a, b, seen, e], [values[0], values[1], values[2], null]);
      assert.ok(d instanceof Uint8Array);
      assert.deepEqual([...d], [0, 255, 7]);
      driver.close();
    });

    it("tells how many rows a statement changed, and returns rows from a changing one", () => {
      const driver = open(":memory:");
      driver.script("CREATE TABLE t (a INTEGER PRIMARY KEY)");
      for (const a of [1, 2, 3]) driver.run("INSERT INTO t VALUES (?)", [a]);
      assert.equal(driver.run("DELETE FROM t WHERE a > ?", [1]), 2);
      assert.equal(driver.run("DELETE FROM t WHERE a > ?", [1]), 0);
      const rows = driver.all("UPDATE t SET a = a + ? RETURNING a", [10]);
      assert.deepEqual(rows.map((row) => row["a"]), [11]);
      driver.close();
    });

    it("keeps a transaction whole: all of it or nothing", () => {
      const driver = open(":memory:");
      driver.script("CREATE TABLE t (a)");
      const insert = (a: number) => driver.run("INSERT INTO t VALUES (?)", [a]);
      assert.equal(driver.transaction(() => insert(1) + insert(2)), 2);
      const boom = new Error("boom");
      assert.throws(() => driver.transaction(() => (insert(3), thrower(boom))), boom);
      assert.equal(driver.transaction(() => insert(4)), 1);
      const rows = driver.all("SELECT a FROM t ORDER BY a", []);
      assert.deepEqual(rows.map((row) => row["a"]), [1, 2, 4]);
      driver.close();
    });

    it("survives a full disk: nothing of the transaction, and the next one works", () => {
      const driver = open(":memory:");
      driver.script("CREATE TABLE t (a); PRAGMA max_page_count = 16");
      const insert = (bytes: number) =>
        driver.run("INSERT INTO t VALUES (?)", [new Uint8Array(bytes)]);
      assert.throws(() => driver.transaction(() => insert(10) + insert(100_000)), (error) => {
        assert.ok(error instanceof StoreError);
        assert.equal(error.message, "Database ':memory:' failed: database or disk is full");
        return true;
      });
      assert.equal(driver.all("SELECT * FROM t", []).length, 0);
      assert.equal(driver.transaction(() => insert(10)), 1);
      driver.close();
    });

    it("keeps what was committed when it is closed and opened again", () => {
      const path = file();
      for (const durability of ["buffered", "fsync"] as const) {
        const driver = open(path, { durability });
        driver.script("CREATE TABLE IF NOT EXISTS t (a)");
        driver.run("INSERT INTO t VALUES (?)", [durability]);
        assert.equal(driver.all("PRAGMA journal_mode", [])[0]?.["journal_mode"], "wal");
        driver.close();
      }
      const driver = open(path);
      assert.equal(driver.all("SELECT * FROM t", []).length, 2);
      driver.close();
    });

    it("wraps what SQLite refuses in a StoreError", () => {
      const driver = open(":memory:");
      assert.throws(() => driver.run("INSERT INTO nowhere VALUES (1)", []), StoreError);
      assert.throws(() => driver.all("SELEKT", []), StoreError);
      assert.throws(() => driver.script("SELEKT"), StoreError);
      driver.close();
    });

    it("closes twice in peace, and refuses to work after", () => {
      const driver = open(":memory:");
      driver.all("SELECT 1", []);
      driver.close();
      driver.close();
      assert.throws(() => driver.all("SELECT 1", []), /Database ':memory:' is closed/);
    });

    it("refuses a file that this process has open", () => {
      const path = file();
      const driver = open(path);
      failsToOpen(path, /^Database 'jobs-\d+\.db' is in use by another broker$/);
      driver.run("CREATE TABLE t (a)", []);
      driver.close();
      open(path).close();
    });

    it(
      "refuses a file that another process has open, until that is killed",
      { timeout: 30_000 },
      async () => {
        const path = file();
        const child = await hold(path);
        try {
          failsToOpen(path, /^Database 'jobs-\d+\.db' is in use by another broker$/);
        } finally {
          child.kill("SIGKILL");
          await once(child, "exit");
        }
        const driver = open(path);
        assert.equal(driver.all("SELECT * FROM held", []).length, 1);
        driver.close();
      },
    );

    it("tells what is wrong with a file that it cannot open", () => {
      const garbage = file();
      writeFileSync(garbage, "This is no database at all. ".repeat(200));
      failsToOpen(garbage, /^Cannot open database '.*jobs-\d+\.db': file is not a database$/);
      const directory = file();
      mkdirSync(directory);
      failsToOpen(directory, /^Cannot open database '.*': it is a folder$/);
      failsToOpen(
        join(folder, "no", "jobs.db"),
        /^Cannot open database '.*': folder '.*no' does not exist$/,
      );
      failsToOpen("/proc/jobs.db", /^Cannot open database '\/proc\/jobs\.db': .+$/);
    });

    it("copies what is committed, and not what comes while it copies", async () => {
      const path = file();
      const driver = open(path);
      fill(driver, 4000);
      driver.run("DELETE FROM t WHERE rowid % 7 = 0", []);
      const rows = rowsOf(driver);
      const copying = driver.copy!(AbortSignal.timeout(60_000));
      for (let at = 0; at < 3000; at++) driver.run("INSERT INTO t VALUES (?)", [bytes]);
      const { size, body } = await copying;
      driver.run("DELETE FROM t", []);
      const content = new Uint8Array(await new Response(body).arrayBuffer());
      assert.equal(content.byteLength, size);

      const restored = file();
      writeFileSync(restored, content);
      const other = open(restored);
      assert.equal(other.all("PRAGMA integrity_check", [])[0]?.["integrity_check"], "ok");
      assert.equal(rowsOf(other), rows);
      other.close();
      driver.close();
      const again = open(path);
      assert.equal(rowsOf(again), 0);
      again.close();
    });

    it("leaves nothing beside the database, whether a copy is read, dropped or broken off", async () => {
      const path = file();
      const driver = open(path);
      fill(driver, 4000);
      await new Response((await driver.copy!(new AbortController().signal)).body).arrayBuffer();
      await (await driver.copy!(new AbortController().signal)).body.cancel();
      const breaking = new AbortController();
      const copying = driver.copy!(breaking.signal);
      const reason = new Error("nobody wants it");
      breaking.abort(reason);
      await assert.rejects(copying, (error) => error === reason);
      const { base } = parse(path);
      const left = readdirSync(folder).filter((name) => name.startsWith(base));
      assert.deepEqual(left.sort(), [base, `${base}-wal`]);
      driver.close();
    });

    it("merges its log again after a copy, also after one that failed", async () => {
      const path = file();
      const driver = open(path);
      fill(driver, 100);
      mkdirSync(`${path}-copy`); // In its way.
      await assert.rejects(driver.copy!(new AbortController().signal), (error) => {
        assert.ok(error instanceof StoreError);
        assert.match(error.message, /^Cannot copy database 'jobs-\d+\.db': .+$/);
        return true;
      });
      for (let at = 0; at < 10; at++) fill(driver, 2000);
      assert.ok(statSync(`${path}-wal`).size < statSync(path).size);
      driver.close();
    });

    it("gives back what a large change made of its log", () => {
      const path = file();
      const driver = open(path);
      fill(driver, 30_000);
      assert.ok(statSync(`${path}-wal`).size > 20_000_000);
      fill(driver, 1);
      assert.ok(statSync(`${path}-wal`).size <= 16 * 1024 * 1024);
      driver.close();
    });

    it("still refuses others its file after a copy", { timeout: 30_000 }, async () => {
      const path = file();
      const driver = open(path);
      fill(driver, 10);
      await (await driver.copy!(new AbortController().signal)).body.cancel();
      await assert.rejects(hold(path), "another process opened the file");
      driver.close();
      const child = await hold(path);
      child.kill("SIGKILL");
      await once(child, "exit");
    });

    it("gives space back piece by piece, while work goes on", () => {
      const path = file();
      const driver = open(path);
      fill(driver, 4000);
      driver.run("DELETE FROM t WHERE rowid > 1000", []);
      const before = statSync(path).size;
      let pieces = 0;
      for (const _ of driver.compact!()) {
        pieces++;
        driver.run("INSERT INTO t VALUES (?)", [bytes]);
      }
      assert.ok(pieces > 1);
      assert.ok(statSync(path).size < before / 2);
      assert.equal(rowsOf(driver), 1000 + pieces);
      assert.equal(driver.all("PRAGMA integrity_check", [])[0]?.["integrity_check"], "ok");
      assert.deepEqual([...driver.compact!()], []);
      driver.close();
    });

    it("gives space back also where the database was not made by a driver", () => {
      const path = file();
      const driver = open(path);
      fill(driver, 4000);
      driver.script("PRAGMA auto_vacuum = NONE; VACUUM");
      driver.run("DELETE FROM t WHERE rowid > 1000", []);
      const before = statSync(path).size;
      assert.deepEqual([...driver.compact!()], []);
      assert.ok(statSync(path).size < before / 2);
      driver.run("DELETE FROM t WHERE rowid > 500", []);
      assert.equal([...driver.compact!()].length, 1);
      driver.close();
    });

    it("tells that its file is gone, or another", () => {
      const path = file();
      const driver = open(path);
      driver.check!();
      renameSync(path, `${path}.moved`);
      const gone = /^Database 'jobs-\d+\.db' is gone: its file was removed or replaced$/;
      assert.throws(() => driver.check!(), { name: "StoreError", message: gone });
      copyFileSync(`${path}.moved`, path);
      assert.throws(() => driver.check!(), { name: "StoreError", message: gone });
      driver.close();
    });

    it("has nothing to look after in memory", () => {
      const driver = open(":memory:");
      assert.deepEqual([driver.check, driver.copy, driver.compact], [
        undefined,
        undefined,
        undefined,
      ]);
      driver.close();
    });

    it("refuses options that mean nothing", () => {
      assert.throws(() => open(""), TypeError);
      assert.throws(() => open(":memory:", { durability: "maybe" as never }), {
        name: "TypeError",
        message: "Option 'durability' is 'maybe', expected 'buffered' or 'fsync'",
      });
    });
  });
}

const bytes = new Uint8Array(900);

/** Commits some MB, so that a copy takes more than one turn of the event loop. */
function fill(driver: SyncDatabase, count: number): void {
  driver.script("CREATE TABLE IF NOT EXISTS t (a)");
  driver.transaction(() => {
    for (let at = 0; at < count; at++) driver.run("INSERT INTO t VALUES (?)", [bytes]);
  });
}

function rowsOf(driver: SyncDatabase): number {
  return Number(driver.all("SELECT count(*) AS n FROM t", [])[0]?.["n"]);
}

function thrower(error: Error): never {
  throw error;
}
