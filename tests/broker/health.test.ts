/**
 * `GET /health`: 200 only while the store takes commits.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { createFailingDatabase } from "../support/failing-database.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";

const ask = () => new Request("http://broker/health");

describe("GET /health", () => {
  let folder = "";
  before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-health-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("is 503 while commits fail, and 200 again afterwards", async () => {
    const disk = createFailingDatabase(openSqlite(":memory:"));
    await withBroker(async ({ broker, client }) => {
      assert.equal(await client.health(), "ok");
      disk.fail();
      const answer = await broker.fetch(ask());
      assert.equal(answer.status, 503);
      assert.deepEqual(await answer.json(), {
        error: "cannot commit: Database 'jobs.db' failed: disk I/O error",
      });
      disk.heal();
      assert.equal(await client.health(), "ok");
    }, { store: disk.database });
  });

  it("is 503 after a job found no room, though a tiny commit would find some", async () => {
    const driver = openSqlite(":memory:");
    await withBroker(async ({ broker, client }) => {
      await client.enqueue(job());
      const pages = Number(driver.all("PRAGMA page_count", [])[0]?.["page_count"]);
      driver.script(`PRAGMA max_page_count = ${pages + 10}`);
      assert.equal(await client.health(), "ok");
      await assert.rejects(client.enqueue(job({ payload: "x".repeat(100_000) })));
      assert.equal((await client.enqueue(job())).status, "ready");
      const answer = await broker.fetch(ask());
      assert.equal(answer.status, 503);
      assert.deepEqual(await answer.json(), {
        error: "cannot commit: Database ':memory:' failed: database or disk is full",
      });
      driver.script(`PRAGMA max_page_count = ${pages + 1000}`);
      assert.equal(await client.health(), "ok");
    }, { store: driver });
  });

  it("is 503 while the broker cannot start, and 200 when it could", async () => {
    const disk = createFailingDatabase(openSqlite(":memory:"));
    const broker = createBroker({ store: disk.database });
    disk.fail();
    const answer = await broker.fetch(ask());
    assert.equal(answer.status, 503);
    assert.deepEqual(await answer.json(), { error: "broker cannot start" });
    disk.heal();
    assert.equal((await broker.fetch(ask())).status, 200);
    await broker.close();
    assert.equal((await broker.fetch(ask())).status, 503);
  });

  it("writes to the disk, and leaves nothing there", async () => {
    const path = join(folder, "jobs.db");
    await withBroker(async ({ client }) => {
      await client.enqueue(job());
      const before = statSync(`${path}-wal`).size;
      await client.health();
      assert.ok(statSync(`${path}-wal`).size > before);
      assert.equal(await client.count({}), 1);
    }, { store: openSqlite(path) });
    const driver = openSqlite(path);
    driver.open();
    assert.deepEqual(driver.all("SELECT * FROM errors", []), []);
    driver.close();
  });

  it("costs one commit, however many ask at once", async () => {
    const disk = createFailingDatabase(openSqlite(":memory:"));
    await withBroker(async ({ broker, client }) => {
      await broker.start();
      const before = disk.commits();
      await Promise.all([client.health(), client.health(), client.enqueue(job()), client.health()]);
      assert.equal(disk.commits(), before + 1);
      await client.health();
      assert.equal(disk.commits(), before + 2);
    }, { store: disk.database });
  });

  it("is 503 when the file is gone, and so is every change until it is back", async () => {
    const path = join(folder, "gone.db");
    const { logger, errors } = createRecordingLogger();
    await withBroker(async ({ broker, client, clock }) => {
      const { id } = await client.enqueue(job());
      renameSync(path, `${path}.moved`);
      const answer = await broker.fetch(ask());
      assert.equal(answer.status, 503);
      const gone = "Database 'gone.db' is gone: its file was removed or replaced";
      assert.deepEqual(await answer.json(), { error: `cannot commit: ${gone}` });
      const refused = { status: 503, body: { error: gone } };
      assert.deepEqual(await send(broker, "POST", "/jobs", job()), refused);
      const both = { jobs: [job(), job()] };
      assert.deepEqual(await send(broker, "POST", "/jobs/bulk", both), refused);
      assert.deepEqual(await send(broker, "DELETE", "/jobs"), refused);
      assert.deepEqual(await send(broker, "POST", "/reset"), refused);
      assert.equal((await broker.fetch(ask())).status, 503);
      assert.equal((await send(broker, "GET", `/jobs/${id}`)).status, 200);
      assert.deepEqual(errors, [`Refusing all changes: ${gone}`]);

      renameSync(`${path}.moved`, path);
      assert.equal(await client.health(), "ok");
      await client.enqueue(job());
      assert.equal(await client.count({}), 2);
      await clock.settle();
    }, { store: openSqlite(path), logger });
  });
});
