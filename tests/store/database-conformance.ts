/**
 * What the store expects of every SQLite database, as a suite that an adapter's test calls.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { StoreError } from "../../src/errors.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { UnusableStoreError } from "../../src/store/unusable.ts";
import { describeFile } from "./database-file.ts";
import { describeOpening } from "./database-opening.ts";
import { bytes, type CreateDatabase, fill, rowsOf } from "./sample-rows.ts";

/** Defines the suite for one adapter. `create` must accept a file's path and `:memory:`. */
export function describeDatabase(name: string, create: CreateDatabase): void {
  const open: CreateDatabase = (path, options) => {
    const database = create(path, options);
    database.open();
    return database;
  };
  describe(`SQLite database: ${name}`, () => {
    let folder = "";
    let count = 0;
    const file = () => join(folder, `jobs-${count++}.db`);
    before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-database-"))));
    after(() => rmSync(folder, { recursive: true }));

    const filesOf = (path: string) =>
      readdirSync(folder).filter((name) => name.startsWith(parse(path).base)).sort();

    it("all() gives back text, numbers, bytes and null as run() was given them", () => {
      const database = open(":memory:");
      database.script("CREATE TABLE t (a, b, c, d, e); CREATE INDEX i ON t (a)");
      const values = ["Ünïcode 🎡", 2 ** 53 - 1, -1.5, new Uint8Array([0, 255, 7]), null];
      assert.equal(database.run("INSERT INTO t VALUES (?, ?, ?, ?, ?)", values), 1);
      const rows = database.all("SELECT a, b, c AS seen, d, e FROM t WHERE a = ?", [values[0]!]);
      assert.equal(rows.length, 1);
      const { a, b, seen, d, e } = rows[0]!;
      assert.deepEqual([a, b, seen, e], [values[0], values[1], values[2], null]);
      assert.ok(d instanceof Uint8Array);
      assert.deepEqual([...d], [0, 255, 7]);
      database.close();
    });

    it("run() gives the number of changed rows, all() the rows of a RETURNING clause", () => {
      const database = open(":memory:");
      database.script("CREATE TABLE t (a INTEGER PRIMARY KEY)");
      for (const a of [1, 2, 3]) database.run("INSERT INTO t VALUES (?)", [a]);
      assert.equal(database.run("DELETE FROM t WHERE a > ?", [1]), 2);
      assert.equal(database.run("DELETE FROM t WHERE a > ?", [1]), 0);
      const rows = database.all("UPDATE t SET a = a + ? RETURNING a", [10]);
      assert.deepEqual(rows.map((row) => row["a"]), [11]);
      database.close();
    });

    it("transaction() commits all of its changes, or none when its body throws", () => {
      const database = open(":memory:");
      database.script("CREATE TABLE t (a)");
      const insert = (a: number) => database.run("INSERT INTO t VALUES (?)", [a]);
      assert.equal(database.transaction(() => insert(1) + insert(2)), 2);
      const boom = new Error("boom");
      assert.throws(() => database.transaction(() => (insert(3), thrower(boom))), boom);
      assert.equal(database.transaction(() => insert(4)), 1);
      const rows = database.all("SELECT a FROM t ORDER BY a", []);
      assert.deepEqual(rows.map((row) => row["a"]), [1, 2, 4]);
      database.close();
    });

    it("transaction() on a full disk changes nothing, and the next one works", () => {
      const database = open(":memory:");
      database.script("CREATE TABLE t (a); PRAGMA max_page_count = 16");
      const insert = (bytes: number) =>
        database.run("INSERT INTO t VALUES (?)", [new Uint8Array(bytes)]);
      assert.throws(() => database.transaction(() => insert(10) + insert(100_000)), (error) => {
        assert.ok(error instanceof StoreError);
        assert.equal(error.message, "Database ':memory:' failed: database or disk is full");
        return true;
      });
      assert.equal(database.all("SELECT * FROM t", []).length, 0);
      assert.equal(database.transaction(() => insert(10)), 1);
      database.close();
    });

    it("what was committed is there when the file is opened again, with either durability", () => {
      const path = file();
      for (const durability of ["buffered", "fsync"] as const) {
        const database = open(path, { durability });
        database.script("CREATE TABLE IF NOT EXISTS t (a)");
        database.run("INSERT INTO t VALUES (?)", [durability]);
        assert.equal(database.all("PRAGMA journal_mode", [])[0]?.["journal_mode"], "wal");
        database.close();
      }
      const database = open(path);
      assert.equal(database.all("SELECT * FROM t", []).length, 2);
      database.close();
    });

    it("run(), all() and script() throw a StoreError for what SQLite refuses", () => {
      const database = open(":memory:");
      assert.throws(() => database.run("INSERT INTO nowhere VALUES (1)", []), StoreError);
      assert.throws(() => database.all("SELEKT", []), StoreError);
      assert.throws(() => database.script("SELEKT"), StoreError);
      database.close();
    });

    it("copy() has what is committed before, and nothing that is written meanwhile", async () => {
      const path = file();
      const database = open(path);
      fill(database, 4000);
      database.run("DELETE FROM t WHERE rowid % 7 = 0", []);
      const rows = rowsOf(database);
      const copying = database.copy!(AbortSignal.timeout(60_000));
      for (let at = 0; at < 3000; at++) database.run("INSERT INTO t VALUES (?)", [bytes]);
      const { size, body } = await copying;
      database.run("DELETE FROM t", []);
      const content = new Uint8Array(await new Response(body).arrayBuffer());
      assert.equal(content.byteLength, size);

      const restored = file();
      writeFileSync(restored, content);
      const other = open(restored);
      assert.equal(other.all("PRAGMA integrity_check", [])[0]?.["integrity_check"], "ok");
      assert.equal(rowsOf(other), rows);
      other.close();
      database.close();
      const again = open(path);
      assert.equal(rowsOf(again), 0);
      again.close();
    });

    it("copy() leaves no file behind, whether its body is read, cancelled or aborted", async () => {
      const path = file();
      const database = open(path);
      fill(database, 4000);
      await new Response((await database.copy!(new AbortController().signal)).body).arrayBuffer();
      await (await database.copy!(new AbortController().signal)).body.cancel();
      const breaking = new AbortController();
      const copying = database.copy!(breaking.signal);
      const reason = new Error("nobody wants it");
      breaking.abort(reason);
      await assert.rejects(copying, (error) => error === reason);
      const { base } = parse(path);
      assert.deepEqual(filesOf(path), [base, `${base}-wal`]);
      database.close();
    });

    it("the log is merged into the file again after a copy() that failed", async () => {
      // So long a name that there is none for the copy.
      const path = join(folder, `jobs-${"x".repeat(220)}.db`);
      const database = open(path);
      fill(database, 100);
      await assert.rejects(database.copy!(new AbortController().signal), (error) => {
        assert.ok(error instanceof StoreError);
        assert.match(error.message, /^Cannot copy database 'jobs-x+\.db': .+$/);
        return true;
      });
      for (let at = 0; at < 16; at++) fill(database, 2000);
      assert.ok(statSync(`${path}-wal`).size < statSync(path).size);
      database.close();
    });

    it("copy() follows no link that was put in its way", async () => {
      const path = file();
      const victim = file();
      writeFileSync(victim, "precious");
      symlinkSync(victim, `${path}-copy`);
      const database = open(path);
      fill(database, 100);
      await (await database.copy!(new AbortController().signal)).body.cancel();
      assert.equal(readFileSync(victim, "utf8"), "precious");
      assert.ok(lstatSync(`${path}-copy`).isSymbolicLink());
      database.close();
    });

    it("the log stays within its limit while commits and reads go on", () => {
      const path = file();
      const database = open(path);
      let longest = 0;
      for (let at = 0; at < 300; at++) {
        fill(database, 200);
        database.all("SELECT count(*) FROM t WHERE a IS NULL", []);
        longest = Math.max(longest, statSync(`${path}-wal`).size);
      }
      assert.ok(statSync(path).size > 48 * 1024 * 1024, "the load was too small");
      assert.ok(longest > 15 * 1024 * 1024, `merged too early, at ${longest} bytes`);
      assert.ok(longest <= 17 * 1024 * 1024, `the log had ${longest} bytes`);
      database.close();
    });

    it("the log shrinks again after a large transaction", () => {
      const path = file();
      const database = open(path);
      fill(database, 30_000);
      assert.ok(statSync(`${path}-wal`).size > 20_000_000);
      fill(database, 1);
      assert.ok(statSync(`${path}-wal`).size <= 16 * 1024 * 1024);
      database.close();
    });

    it("compact() frees space piece by piece, with writes in between", () => {
      const path = file();
      const database = open(path);
      fill(database, 4000);
      database.run("DELETE FROM t WHERE rowid > 1000", []);
      const before = sizeOf(database);
      let pieces = 0;
      for (const _ of database.compact!()) {
        pieces++;
        database.run("INSERT INTO t VALUES (?)", [bytes]);
      }
      assert.ok(pieces > 1);
      assert.ok(statSync(path).size < before / 2);
      assert.equal(rowsOf(database), 1000 + pieces);
      assert.equal(database.all("PRAGMA integrity_check", [])[0]?.["integrity_check"], "ok");
      assert.deepEqual([...database.compact!()], []);
      database.close();
    });

    it("compact() frees space of a file that was made without auto_vacuum", () => {
      const path = file();
      const database = open(path);
      fill(database, 4000);
      database.script("PRAGMA auto_vacuum = NONE; VACUUM");
      database.run("DELETE FROM t WHERE rowid > 1000", []);
      const before = sizeOf(database);
      assert.deepEqual([...database.compact!()], []);
      assert.ok(statSync(path).size < before / 2);
      database.run("DELETE FROM t WHERE rowid > 500", []);
      assert.ok([...database.compact!()].length >= 1);
      database.close();
    });

    it("copy() and compact() wait for a transaction that stays open over many turns", async () => {
      const path = file();
      const database = open(path);
      fill(database, 4000);
      database.run("DELETE FROM t WHERE rowid > 1000", []);
      const compacting = database.compact!()[Symbol.iterator]();
      assert.equal(compacting.next().done, false);
      const pages = sizeOf(database);
      const transaction = database.begin!();
      const copying = database.copy!(new AbortController().signal);
      database.run("INSERT INTO t VALUES (?)", [bytes]);
      for (let at = 0; at < 3; at++) assert.equal(compacting.next().done, false);
      assert.equal(sizeOf(database), pages, "it freed pages in the open transaction");
      transaction.commit();
      await (await copying).body.cancel();
      while (!compacting.next().done);
      assert.ok(sizeOf(database) < pages);
      assert.equal(rowsOf(database), 1001);

      database.begin!().rollback();
      assert.deepEqual([...database.compact!()], []);
      database.close();
    });

    it("begin() is refused while the file is gone", () => {
      const path = file();
      const database = open(path);
      fill(database, 1);
      renameSync(path, `${path}.moved`);
      assert.throws(() => database.check!(), UnusableStoreError);
      assert.throws(() => database.begin!(), UnusableStoreError);
      renameSync(`${path}.moved`, path);
      database.begin!().rollback();
      database.close();
    });

    it("compact() rebuilds a large file that was made without auto_vacuum if it may block", () => {
      const path = file();
      const database = open(path);
      fill(database, 20_000);
      database.script("PRAGMA auto_vacuum = NONE; VACUUM");
      database.run("DELETE FROM t WHERE rowid > 1000", []);
      const before = sizeOf(database);
      assert.throws(() => [...database.compact!()], {
        name: "StoreError",
        message: /^Database 'jobs-\d+\.db' was made without 'auto_vacuum = INCREMENTAL'/,
      });
      assert.equal(sizeOf(database), before);
      assert.deepEqual([...database.compact!({ mayBlock: true })], []);
      assert.ok(statSync(path).size < before / 2);
      database.close();
    });

    describeFile({ open, file });

    it("open() makes a file for its owner only, and leaves the mode of one that is there", {
      skip: process.platform === "win32" && "there are no modes",
    }, () => {
      const path = file();
      const modeOf = (path: string) => statSync(path).mode & 0o777;
      const database = open(path);
      fill(database, 1);
      assert.deepEqual([modeOf(path), modeOf(`${path}-wal`)], [0o600, 0o600]);
      database.close();
      chmodSync(path, 0o640);
      const again = open(path);
      fill(again, 1);
      assert.deepEqual([modeOf(path), modeOf(`${path}-wal`)], [0o640, 0o640]);
      again.close();
    });

    it("a database in memory has no check(), copy() or compact()", () => {
      const database = open(":memory:");
      assert.deepEqual([database.check, database.copy, database.compact], [
        undefined,
        undefined,
        undefined,
      ]);
      database.close();
    });

    describeOpening(create);
  });
}

/** How large the file will be when its log was merged into it. */
function sizeOf(database: SyncDatabase): number {
  const read = (pragma: string) => Number(Object.values(database.all(pragma, [])[0]!)[0]);
  return read("PRAGMA page_count") * read("PRAGMA page_size");
}

function thrower(error: Error): never {
  throw error;
}
