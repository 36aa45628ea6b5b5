/**
 * What every SQLite driver owes the store, as a suite that a back end's test calls.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { isMillraceError, StoreError } from "../../src/errors.ts";
import type { SqliteDriver } from "../../src/store/driver.ts";

/** Opens a database as the adapter under test does. */
export type Open = (path: string, options?: { durability?: "buffered" | "fsync" }) => SqliteDriver;

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
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout!, "data");
  assert.equal(String(line).trim(), "held");
  return child;
}

/** Defines the suite for one back end. `open` must accept a file's path and `:memory:`. */
export function describeDriver(name: string, open: Open): void {
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

    it("refuses options that mean nothing", () => {
      assert.throws(() => open(""), TypeError);
      assert.throws(() => open(":memory:", { durability: "maybe" as never }), {
        name: "TypeError",
        message: "Option 'durability' is 'maybe', expected 'buffered' or 'fsync'",
      });
    });
  });
}

function thrower(error: Error): never {
  throw error;
}
