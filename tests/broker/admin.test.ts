/**
 * The admin listener's fetch function: backup and compact.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { silentLogger } from "../../src/log.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { StoreError } from "../../src/errors.ts";
import type { DatabaseCopy, SyncDatabase } from "../../src/store/database.ts";
import { job, withBroker } from "../support/broker.ts";
import { createFailingDatabase } from "../support/failing-database.ts";
import { readBackup } from "../support/read-backup.ts";

const ask = (path: string, headers: Record<string, string> = {}) =>
  new Request(`http://broker${path}`, { method: "POST", headers });

/** A driver in memory whose copies and compactions are done by hand. */
function createHandDriver() {
  const copies: PromiseWithResolvers<DatabaseCopy>[] = [];
  const steps: string[] = [];
  const driver: SyncDatabase = {
    ...openSqlite(":memory:"),
    copy(signal) {
      steps.push("copy");
      const copy = Promise.withResolvers<DatabaseCopy>();
      signal.addEventListener("abort", () => copy.reject(signal.reason));
      copies.push(copy);
      return copy.promise;
    },
    *compact() {
      steps.push("compact");
      yield;
      steps.push("compacted");
    },
  };
  const copy = (): DatabaseCopy => ({ size: 3, body: new Response("abc").body! });
  return { driver, copies, steps, copy };
}

describe("broker.adminFetch", () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-admin-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("gives a backup from which a broker starts with all that was stored", async () => {
    await withBroker(async ({ broker, client, clock }) => {
      const jobs = Array.from({ length: 500 }, (_, index) => job({ payload: { index } }));
      const stored = await client.enqueueMany(jobs);
      const answer = await broker.adminFetch(ask("/backup", { accept: "application/gzip" }));
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "application/gzip");
      assert.equal(
        answer.headers.get("content-disposition"),
        'attachment; filename="backup.tar.gz"',
      );
      await client.deleteMany({ queue: "q" });
      const backup = await readBackup(answer.body!);
      assert.equal(backup.path, "millrace/jobs.db");
      assert.equal(backup.modifiedAt, clock.now());
      writeFileSync(file("restored.db"), backup.file);
      await withBroker(async ({ client }) => {
        const found = await Array.fromAsync(client.list({ limit: 2000 }));
        assert.deepEqual(found.map(({ id }) => id), stored.map(({ id }) => id));
        assert.deepEqual(found.at(-1)?.payload, { index: 499 });
      }, { store: openSqlite(file("restored.db")) });
    }, { store: openSqlite(file("jobs.db")) });
    assert.deepEqual(readdirSync(folder).sort(), ["jobs.db", "restored.db"]);
  });

  it("backup: answers 500 when it fails, and logs the error", async () => {
    const told: unknown[] = [];
    const logger = {
      ...silentLogger,
      error: (...line: unknown[]) => told.push(line),
    };
    await withBroker(async ({ broker }) => {
      const answer = await broker.adminFetch(ask("/backup"));
      assert.equal(answer.status, 500);
      assert.equal(answer.headers.get("content-type"), "text/plain; charset=utf-8");
      assert.equal(await answer.text(), "backup failed");
      const [[message, { error }]] = told as [[string, { error: Error }]];
      assert.equal(message, "Cannot back up");
      assert.equal(error.message, "This database cannot be copied");
    }, { logger });
  });

  it("compact: gives the space of deleted jobs back", async () => {
    await withBroker(async ({ broker, client, clock }) => {
      const jobs = Array.from({ length: 1000 }, () => job({ payload: "x".repeat(1000) }));
      await client.enqueueMany(jobs);
      await client.deleteMany({ queue: "q" });
      const compacting = broker.adminFetch(ask("/compact"));
      await client.enqueue(job());
      await clock.advance(100); // It pauses between its pieces.
      const answer = await compacting;
      assert.equal(answer.status, 204);
      assert.equal(answer.body, null);
      assert.ok(statSync(file("compact.db")).size < 400_000);
      assert.equal(await client.count({}), 1);
    }, { store: openSqlite(file("compact.db")) });
  });

  it("compact: answers 204 for a database in memory", async () => {
    await withBroker(async ({ broker }) => {
      assert.equal((await broker.adminFetch(ask("/compact"))).status, 204);
    });
  });

  it("compact: answers 500 with the reason when it fails", async () => {
    const driver: SyncDatabase = {
      ...openSqlite(":memory:"),
      compact: () => {
        throw new Error("disk full");
      },
    };
    await withBroker(async ({ broker }) => {
      const answer = await broker.adminFetch(ask("/compact"));
      assert.equal(answer.status, 500);
      assert.equal(await answer.text(), "compaction failed");
    }, { store: driver });
  });

  it("compact: says why the database cannot be compacted", async () => {
    const driver: SyncDatabase = {
      ...openSqlite(":memory:"),
      compact: () => {
        throw new StoreError("Database 'jobs.db' is too large");
      },
    };
    await withBroker(async ({ broker }) => {
      const answer = await broker.adminFetch(ask("/compact"));
      assert.equal(answer.status, 500);
      assert.equal(answer.headers.get("content-type"), "text/plain; charset=utf-8");
      assert.equal(await answer.text(), "compaction failed: Database 'jobs.db' is too large");
    }, { store: driver });
  });

  it("runs one backup or compaction at a time", async () => {
    const { driver, copies, steps, copy } = createHandDriver();
    await withBroker(async ({ broker, clock }) => {
      const first = broker.adminFetch(ask("/backup"));
      const compacting = broker.adminFetch(ask("/compact"));
      const second = broker.adminFetch(ask("/backup"));
      await clock.settle();
      assert.deepEqual(steps, ["copy"]);
      copies[0]!.resolve(copy());
      assert.equal((await first).status, 200);
      await clock.settle();
      assert.deepEqual(steps, ["copy", "compact"]);
      await clock.advance(1);
      assert.equal((await compacting).status, 204);
      await clock.settle();
      assert.deepEqual(steps, ["copy", "compact", "compacted", "copy"]);
      copies[1]!.reject(new Error("disk full"));
      assert.equal((await second).status, 500);
    }, { store: driver });
  });

  it("backup: stops when the request is aborted", async () => {
    const { driver, steps } = createHandDriver();
    await withBroker(async ({ broker, clock }) => {
      const leaving = new AbortController();
      const request = new Request(ask("/backup"), { signal: leaving.signal });
      const answer = broker.adminFetch(request);
      await clock.settle();
      assert.deepEqual(steps, ["copy"]);
      leaving.abort();
      assert.equal((await answer).status, 500);
    }, { store: driver });
  });

  it("stop: ends a running backup or compaction, and refuses further ones", async () => {
    const { driver, steps } = createHandDriver();
    await withBroker(async ({ broker, clock }) => {
      const copying = broker.adminFetch(ask("/backup"));
      const waiting = broker.adminFetch(ask("/compact"));
      await clock.settle();
      await broker.close();
      assert.equal((await copying).status, 500);
      assert.equal((await waiting).status, 500);
      assert.deepEqual(steps, ["copy"]);
      const late = await broker.adminFetch(ask("/backup"));
      assert.equal(late.status, 503);
      assert.deepEqual(await late.json(), { error: "broker is closed" });
    }, { store: driver });
  });

  it("backup: works for a broker that cannot start", async () => {
    const disk = createFailingDatabase(openSqlite(file("broken.db")));
    const broker = createBroker({ store: disk.database });
    disk.fail();
    await assert.rejects(broker.start());
    const answer = await broker.adminFetch(ask("/backup"));
    assert.equal(answer.status, 200);
    assert.ok((await readBackup(answer.body!)).file.length > 0);
    await broker.close();
  });

  it("refuses requests with an Origin header", async () => {
    const { driver, steps } = createHandDriver();
    await withBroker(async ({ broker }) => {
      const answer = await broker.adminFetch(ask("/backup", { origin: "http://evil.example" }));
      assert.equal(answer.status, 403);
      assert.deepEqual(await answer.json(), { error: "requests of web pages are refused" });
      assert.deepEqual(steps, []);
    }, { store: driver });
  });

  it("serves no other route, and fetch does not serve its routes", async () => {
    await withBroker(async ({ broker }) => {
      const unknown = await broker.adminFetch(ask("/jobs"));
      assert.equal(unknown.status, 404);
      assert.deepEqual(await unknown.json(), { error: "not found" });
      const method = await broker.adminFetch(new Request("http://broker/backup"));
      assert.equal(method.status, 405);
      assert.equal(method.headers.get("allow"), "POST");
      for (const path of ["/backup", "/compact"]) {
        assert.equal((await broker.fetch(ask(path))).status, 404);
      }
    });
  });
});
