/**
 * What the store expects of a database's opening and closing, and of the lock on its file: a part of the suite in
 * `database-conformance.ts`.
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
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, parse } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { isMillraceError, StoreError } from "../../src/errors.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { runArguments } from "../support/run-arguments.ts";
import { type CreateDatabase, fill, rowsOf } from "./sample-rows.ts";

const holder = fileURLToPath(new URL("./database-holder.ts", import.meta.url));

/** Starts a process that holds `path` open, and waits until it does. */
async function hold(path: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...runArguments, holder, path], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
  assert.equal(String(line).trim(), "held");
  return child;
}

/** Defines the part of the suite that opens and closes. */
export function describeOpening(create: CreateDatabase): void {
  const open: CreateDatabase = (path, options) => {
    const database = create(path, options);
    database.open();
    return database;
  };
  describe("opening and closing", () => {
    let folder = "";
    let count = 0;
    const file = () => join(folder, `jobs-${count++}.db`);
    before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-opening-"))));
    after(() => rmSync(folder, { recursive: true }));

    const failsToOpen = (path: string, message: RegExp) =>
      assert.throws(() => open(path), (error) => {
        assert.ok(error instanceof StoreError && isMillraceError(error));
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });

    const filesOf = (path: string) =>
      readdirSync(folder).filter((name) => name.startsWith(parse(path).base)).sort();

    it("close() may be called twice, and then nothing else works", async () => {
      for (const path of [":memory:", file()]) {
        const database = open(path);
        database.all("SELECT 1", []);
        database.close();
        database.close();
        await refusesAll(database, `Database '${parse(path).base}' is closed`);
        assert.throws(() => database.open(), {
          name: "StoreError",
          message: `Database '${parse(path).base}' is closed`,
        });
      }
    });

    it("nothing works before open(), and nothing is on the disk", async () => {
      const path = file();
      for (const database of [create(":memory:"), create(path)]) {
        const name = database.check === undefined ? ":memory:" : parse(path).base;
        await refusesAll(database, `Database '${name}' is not open`);
        database.open();
        database.script("CREATE TABLE t (a)");
        database.close();
      }
      const untouched = file();
      const database = create(untouched);
      await refusesAll(database, `Database '${parse(untouched).base}' is not open`);
      assert.deepEqual(filesOf(untouched), []);
    });

    it("open() does nothing when the database is open", () => {
      for (const path of [":memory:", file()]) {
        const database = open(path);
        fill(database, 3);
        database.open();
        assert.equal(rowsOf(database), 3);
        database.close();
      }
    });

    it("open() does not take a file that replaced the one it opened for its own", () => {
      const path = file();
      const database = open(path);
      renameSync(path, `${path}.moved`);
      copyFileSync(`${path}.moved`, path);
      database.open();
      assert.throws(() => database.check!(), StoreError);
      database.close();
    });

    it("open() may be tried again when the file is not locked any more", () => {
      const path = file();
      const first = open(path);
      const second = create(path);
      assert.throws(() => second.open(), /is in use by another broker$/);
      assert.throws(() => second.all("SELECT 1", []), /is not open$/);
      first.script("CREATE TABLE t (a)");
      first.close();
      second.open();
      second.check!();
      fill(second, 1);
      assert.equal(rowsOf(second), 1);
      second.close();
    });

    it("open() may be tried again when the folder or the file was put right", () => {
      const path = join(folder, `later-${count++}`, "jobs.db");
      const database = create(path);
      assert.throws(() => database.open(), /folder '.*' does not exist$/);
      mkdirSync(dirname(path));
      writeFileSync(path, "This is no database at all. ".repeat(200));
      assert.throws(() => database.open(), /file is not a database$/);
      rmSync(path);
      database.open();
      database.check!();
      database.close();
    });

    it("close() before open() touches no file, and open() is refused then", () => {
      const path = file();
      const database = create(path);
      database.close();
      assert.throws(() => database.open(), { name: "StoreError", message: /' is closed$/ });
      assert.deepEqual(filesOf(path), []);
    });

    it("close() after an open() that failed leaves the file to others", () => {
      const path = file();
      const first = open(path);
      const second = create(path);
      assert.throws(() => second.open(), StoreError);
      second.close();
      fill(first, 1);
      first.close();
      open(path).close();
    });

    it("a relative path starts at the folder where the database was created, not opened", () => {
      const path = file();
      const before = process.cwd();
      process.chdir(folder);
      let database: SyncDatabase;
      try {
        database = create(parse(path).base);
      } finally {
        process.chdir(before);
      }
      database.open();
      database.check!();
      assert.equal(filesOf(path).includes(parse(path).base), true);
      database.close();
    });

    it("open() refuses a file that this process has open", () => {
      const path = file();
      const database = open(path);
      failsToOpen(path, /^Database 'jobs-\d+\.db' is in use by another broker$/);
      database.run("CREATE TABLE t (a)", []);
      database.close();
      open(path).close();
    });

    it(
      "open() refuses a file that another process has open, until that is killed",
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
        const database = open(path);
        assert.equal(database.all("SELECT * FROM held", []).length, 1);
        database.close();
      },
    );

    it("open() says why a file cannot be opened", () => {
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

    it("the file stays locked after a copy()", { timeout: 30_000 }, async () => {
      const path = file();
      const database = open(path);
      fill(database, 10);
      await (await database.copy!(new AbortController().signal)).body.cancel();
      await assert.rejects(hold(path), "another process opened the file");
      database.close();
      const child = await hold(path);
      child.kill("SIGKILL");
      await once(child, "exit");
    });

    it("creating a database refuses an empty path and an unknown durability", () => {
      assert.throws(() => open(""), TypeError);
      assert.throws(() => open(":memory:", { durability: "maybe" as never }), {
        name: "TypeError",
        message: "Option 'durability' is 'maybe', expected 'buffered' or 'fsync'",
      });
    });
  });
}

/** Asserts that every call which needs an open database throws a StoreError that says so. */
async function refusesAll(database: SyncDatabase, message: string): Promise<void> {
  const expected = { name: "StoreError", message };
  assert.throws(() => database.all("SELECT 1", []), expected);
  assert.throws(() => database.run("SELECT 1", []), expected);
  assert.throws(() => database.script("SELECT 1"), expected);
  assert.throws(() => database.transaction(() => {}), expected);
  if (database.check !== undefined) assert.throws(() => database.check!(), expected);
  if (database.copy !== undefined) {
    await assert.rejects(database.copy(new AbortController().signal), expected);
  }
  if (database.compact !== undefined) assert.throws(() => [...database.compact!()], expected);
}
