/**
 * When a database looks for its files.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createFileGuard } from "../../adapters/sqlite/file-guard.ts";

describe("createFileGuard", () => {
  let folder = "";
  before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-guard-"))));
  after(() => rmSync(folder, { recursive: true }));

  function setUp(name: string) {
    const path = join(folder, name);
    writeFileSync(path, "");
    writeFileSync(`${path}-wal`, "");
    const watch = { now: 0, saved: 0 };
    const guard = createFileGuard({
      file: path,
      name,
      saveLog: () => void watch.saved++,
      logBytes: 1000,
      now: () => watch.now,
    });
    guard.remember();
    return { path, watch, guard };
  }

  it("checkOften() looks every 10 ms, and each time while the file is gone", () => {
    const { path, watch, guard } = setUp("a.db");
    guard.checkOften();
    renameSync(path, `${path}.moved`);
    watch.now = 9.9;
    guard.checkOften();
    watch.now = 10;
    assert.throws(() => guard.checkOften(), /^StoreError: Database 'a\.db' is gone/);
    renameSync(`${path}.moved`, path);
    guard.checkOften();
  });

  it("check() looks each time, and throws one instance for one problem", () => {
    const { path, guard } = setUp("b.db");
    guard.check();
    renameSync(path, `${path}.moved`);
    let first: unknown;
    assert.throws(() => guard.check(), (error) => (first = error) !== undefined);
    assert.throws(() => guard.check(), (error) => error === first);
    renameSync(`${path}.moved`, path);
    guard.check();
    renameSync(path, `${path}.moved`);
    assert.throws(() => guard.check(), (error) => error !== first);
  });

  it("saves the log once when that is gone", () => {
    const { path, watch, guard } = setUp("c.db");
    rmSync(`${path}-wal`);
    for (let at = 0; at < 3; at++) assert.throws(() => guard.check(), /has lost its log/);
    assert.equal(watch.saved, 1);
  });

  it("finds the log of a database that was opened through a symbolic link", () => {
    const { path } = setUp("d.db");
    const link = join(folder, "link.db");
    symlinkSync(path, link);
    const guard = createFileGuard({ file: link, name: "link.db", saveLog() {}, logBytes: 1000 });
    guard.remember();
    guard.check();
    rmSync(`${path}-wal`);
    assert.throws(() => guard.check(), /has lost its log/);
  });

  it("does not miss a log that it could not see in the first place", () => {
    const path = join(folder, "f.db");
    writeFileSync(path, "");
    const guard = createFileGuard({ file: path, name: "f.db", saveLog() {}, logBytes: 1000 });
    guard.remember();
    guard.check();
    rmSync(path);
    assert.throws(() => guard.check(), /is gone/);
  });

  it("says nothing before it knows the files and after it forgot them", () => {
    const { path, guard } = setUp("e.db");
    guard.forget();
    rmSync(path);
    guard.checkOften();
  });
});
