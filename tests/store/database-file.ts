/**
 * What the store expects of a database whose file was removed, replaced or damaged while it is open.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { it } from "node:test";
import { UnusableStoreError } from "../../src/store/unusable.ts";
import { type CreateDatabase, fill, rowsOf } from "./sample-rows.ts";

/** Defines the tests. */
export function describeFile({ open, file }: {
  /** Opens a database. */
  readonly open: CreateDatabase;
  /** Gives the path of a file that is not there yet. */
  readonly file: () => string;
}): void {
  it("check() throws when the file was removed or replaced", () => {
    const path = file();
    const database = open(path);
    database.check!();
    renameSync(path, `${path}.moved`);
    const gone = /^Database 'jobs-\d+\.db' is gone: its file was removed or replaced$/;
    assert.throws(() => database.check!(), { name: "StoreError", message: gone });
    copyFileSync(`${path}.moved`, path);
    assert.throws(() => database.check!(), { name: "StoreError", message: gone });
    database.close();
  });

  it("transaction() is refused while the file is gone, and works when it is back", () => {
    const path = file();
    const database = open(path);
    fill(database, 1);
    renameSync(path, `${path}.moved`);
    const gone = /^Database 'jobs-\d+\.db' is gone: its file was removed or replaced$/;
    assert.throws(() => database.check!(), UnusableStoreError);
    assert.throws(() => fill(database, 1), (error) => {
      assert.ok(error instanceof UnusableStoreError);
      assert.match(error.message, gone);
      assert.throws(() => fill(database, 1), (again) => again === error);
      return true;
    });
    assert.equal(rowsOf(database), 1, "reading goes on");
    renameSync(`${path}.moved`, path);
    fill(database, 1);
    database.check!();
    assert.equal(rowsOf(database), 2);
    database.close();
  });

  it("what was committed is in the file when its log was removed, and no more is taken", () => {
    const path = file();
    const database = open(path);
    fill(database, 3);
    rmSync(`${path}-wal`);
    assert.throws(() => database.check!(), {
      name: "StoreError",
      message: /^Database 'jobs-\d+\.db' has lost its log: .+, restart the broker$/,
    });
    assert.throws(() => fill(database, 1), UnusableStoreError);
    // As after a crash: another process would find the file as it is now.
    copyFileSync(path, `${path}.found`);
    const found = open(`${path}.found`);
    assert.equal(rowsOf(found), 3);
    found.close();
    database.close();
    const again = open(path);
    fill(again, 1);
    assert.equal(rowsOf(again), 4);
    again.close();
  });

  it("no more is taken once its log was cut, and the file is not damaged", () => {
    for (const written of [false, true]) {
      const path = file();
      const first = open(path);
      fill(first, 1000);
      first.close();
      const database = open(path);
      fill(database, 300);
      database.check!();
      truncateSync(`${path}-wal`, 0);
      // As within the 10 ms in which nobody looks.
      if (written) database.run("DELETE FROM t WHERE rowid = 600", []);
      const cut = {
        name: "StoreError",
        message: /^Database 'jobs-\d+\.db' has lost its log: .+, restart the broker$/,
      };
      assert.throws(() => database.check!(), cut);
      assert.throws(() => fill(database, 1), UnusableStoreError);
      assert.throws(() => database.check!(), cut);
      database.close();
      const again = open(path);
      const [checked] = again.all("PRAGMA integrity_check", []);
      assert.equal(checked?.["integrity_check"], "ok");
      fill(again, 1);
      assert.equal(rowsOf(again), 1001);
      again.close();
    }
  });

  it("what is before a cut of its log is there after the next start", () => {
    const path = file();
    const database = open(path);
    fill(database, 300);
    database.check!();
    const { size } = statSync(`${path}-wal`);
    fill(database, 100);
    database.check!();
    truncateSync(`${path}-wal`, size + 100);
    assert.throws(() => database.check!(), UnusableStoreError);
    assert.equal(statSync(`${path}-wal`).size, size + 100, "there is no hole");
    copyFileSync(path, `${path}.found`);
    copyFileSync(`${path}-wal`, `${path}.found-wal`);
    const found = open(`${path}.found`);
    assert.equal(rowsOf(found), 300);
    found.close();
    database.close();
  });

  it("a log that that SQLite made shorter was not cut", async () => {
    const path = file();
    const database = open(path);
    fill(database, 300);
    database.check!();
    await (await database.copy!(new AbortController().signal)).body.cancel();
    database.check!();
    fill(database, 300);
    database.run("DELETE FROM t", []);
    for (const _ of database.compact!());
    database.check!();
    fill(database, 1);
    assert.equal(rowsOf(database), 1);
    fill(database, 30_000);
    database.check!();
    fill(database, 1);
    assert.ok(statSync(`${path}-wal`).size <= 16 * 1024 * 1024);
    database.check!();
    database.close();
  });

  it("no transaction is taken once a page was found damaged, what can be read is", () => {
    const path = file();
    const whole = open(path);
    whole.script("CREATE TABLE u (a)");
    whole.run("INSERT INTO u VALUES (?)", [7]);
    fill(whole, 1000);
    whole.close();
    const content = readFileSync(path);
    content.fill(0xff, content.length / 2, content.length - 4096);
    writeFileSync(path, content);

    const database = open(path);
    database.transaction(() => database.run("UPDATE u SET a = a + 1", []));
    const damaged = (error: unknown) => {
      assert.ok(error instanceof UnusableStoreError);
      assert.match(
        error.message,
        /^Database 'jobs-\d+\.db' is damaged: database disk image is malformed$/,
      );
      return true;
    };
    assert.throws(() => rowsOf(database), damaged);
    const write = () => database.transaction(() => database.run("UPDATE u SET a = a + 1", []));
    assert.throws(write, damaged);
    assert.throws(write, damaged);
    assert.equal(database.all("SELECT a FROM u", [])[0]?.["a"], 8);
    database.close();
  });
}
