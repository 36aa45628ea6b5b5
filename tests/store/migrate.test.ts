/** Bringing databases of earlier versions up to date, with all that is in them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError } from "../../src/errors.ts";
import { farFuture } from "../../src/store/add-saturating.ts";
import { budgetsOfSet } from "../../src/store/budget-set.ts";
import { listErrors } from "../../src/store/error-records.ts";
import type { SqlRow, SqlValue } from "../../src/store/database.ts";
import { createExecutor } from "../../src/store/executor.ts";
import { completeJobs } from "../../src/store/finish.ts";
import { recoverJobs } from "../../src/store/release.ts";
import { registerBroker } from "../../src/store/holders.ts";
import { getGroup } from "../../src/store/crons.ts";
import { listBudgets } from "../../src/store/budgets-table.ts";
import { getJob } from "../../src/store/read.ts";
import { migrations } from "../../src/store/schema.ts";
import { insertRows, rows, run, toInsert, type Transition } from "../../src/store/transition.ts";
import { describePglite, openPglite } from "./pglite.ts";
import { openMemory } from "./sqlite.ts";
import { openTestStore, start, type TestDatabase } from "./transitions/test-store.ts";

const columns = [
  "id",
  "type",
  "queue",
  "priority",
  "status",
  "ready_at",
  "attempts",
  "retry_limit",
  "backoff",
  "retention",
  "dequeued_at",
  "failed_at",
  "purge_at",
  "completed_at",
  "payload_json",
  "payload_pack",
];

/** A job of an earlier version: its id, its status, and what is not as usual. */
type OldJob = Readonly<Record<string, SqlValue>> & { readonly id: string; readonly status: number };

const plain: readonly OldJob[] = [
  { id: "completed", status: 3, dequeued_at: 7, completed_at: 8, purge_at: farFuture },
  { id: "dead", status: 4, attempts: 2, dequeued_at: 7, failed_at: 9, purge_at: farFuture },
  { id: "flying", status: 2, attempts: 3, dequeued_at: 7 },
  { id: "packed", status: 1, payload_json: null, payload_pack: new Uint8Array([0, 255]) },
  { id: "ready", status: 1, backoff: "{}", retention: "{}", retry_limit: 5, priority: 65_535 },
  { id: "scheduled", status: 0, ready_at: farFuture, attempts: 1, dequeued_at: 7, failed_at: 8 },
];

const draws = '[{"key":"b","cost":2}]';
const batch = '{"key":"k","when":"true","fold":"$new"}';
const bound: readonly OldJob[] = [
  { id: "bound", status: 1, budgets: draws, lane: '["b"]' },
  { id: "flying-bound", status: 2, dequeued_at: 7, budgets: draws, lane: '["b"]' },
  { id: "head", status: 1, batch, batch_key: "ключ", heads_batch: 1 },
  { id: "keyed", status: 1, unique_key: "ä€😀", unique_while: "queued", holds_key: 1 },
  { id: "let-go", status: 2, dequeued_at: 7, unique_key: "k", unique_while: "queued" },
];

function* insertOld(jobs: readonly OldJob[], more: readonly string[] = []): Transition<void> {
  const usual: Readonly<Record<string, SqlValue>> = {
    type: "t",
    queue: "q",
    priority: 5,
    ready_at: 6,
    attempts: 0,
    payload_json: '"p"',
    holds_key: 0,
    heads_batch: 0,
    lane: "",
  };
  const all = [...columns, ...more];
  yield* insertRows(
    toInsert("jobs", all),
    jobs.flatMap((job) =>
      all.map((column) => job[column] ?? (column in job ? null : usual[column] ?? null))
    ),
  );
}

/** Makes a database of version 1 or 2, with one of everything. */
async function makeOld(database: TestDatabase, version: 1 | 2): Promise<void> {
  const executor = createExecutor(database);
  await executor.open();
  await executor.commit([function* () {
    yield { kind: "script", sql: "CREATE TABLE schema_version (version INTEGER NOT NULL)" };
    yield* run("INSERT INTO schema_version (version) VALUES (?)", [version]);
    for (const migration of migrations.slice(0, version)) yield { kind: "script", sql: migration };
    yield* insertOld(plain);
    yield* run(
      `INSERT INTO errors (job_id, attempt, message, error_type, backtrace, dequeued_at, failed_at)
       VALUES ('dead', 1, 'mëssage', 'T', NULL, 1, 2), ('dead', 2, '', NULL, 'at x', 7, 9)`,
    );
    if (version === 1) return;
    yield* insertOld(bound, [
      "unique_key",
      "unique_while",
      "holds_key",
      "batch",
      "batch_key",
      "heads_batch",
      "budgets",
      "lane",
    ]);
    yield* run(
      `INSERT INTO budgets (key, allocation, duration_ms, burst, created_at, updated_at, drawn, tokens, credit,
         refilled_at) VALUES ('b', 5, NULL, NULL, 1, 2, 2, 0, 0, 3), ('r', 5, 1000, 9, 1, 2, 0, 4, 17, 3)`,
    );
    yield* run(
      "INSERT INTO bindings (key, job_id, cost) VALUES ('b', 'bound', 2), ('b', 'flying-bound', 2)",
    );
    yield* run(
      "INSERT INTO cron_groups (name, timezone, paused, paused_at) VALUES ('g', 'Asia/Tokyo', 1, 4)",
    );
    yield* run(
      `INSERT INTO cron_entries (cron_group, name, expression, paused, next_enqueue_at, last_enqueue_at, type, queue,
         priority, retry_limit, unique_key, unique_while, batch, budgets, payload_json)
       VALUES ('g', 'e', '@daily', 0, 99, 88, 't', 'q', 5, 3, 'ä€', 'active', ?, ?, '"p"')`,
      [batch, draws],
    );
  }]);
}

/** The old columns of a job as they are now; texts that are bytes now are texts again. */
function toOld(row: SqlRow, job: OldJob): Record<string, unknown> {
  const text = (value: SqlValue | undefined) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
  const { lane, ...rest } = { ...job };
  const kept = Object.keys(rest).map((column) => {
    const isKey = column === "unique_key" || column === "batch_key";
    const value = row[column];
    if (value instanceof Uint8Array && !isKey) return [column, new Uint8Array(value)];
    return [column, isKey ? text(value) : value];
  });
  return Object.fromEntries(lane === undefined ? kept : [...kept, ["lane", row["budget_set"]]]);
}

function describeMigrations(openDatabase: () => TestDatabase): void {
  for (const version of [1, 2] as const) {
    const jobs = version === 1 ? plain : [...plain, ...bound];
    const openOld = async () => {
      const database = openDatabase();
      await makeOld(database, version);
      return await openTestStore(() => database);
    };

    it(`a database of version ${version} comes out at the newest, every job as it was`, async () => {
      const store = await openOld();
      const [row] = await store.all("SELECT version FROM schema_version");
      assert.deepEqual(row, { version: migrations.length });
      const ids = (await store.all("SELECT id FROM jobs ORDER BY id")).map(({ id }) => id);
      assert.deepEqual(ids, jobs.map(({ id }) => id).sort());
      for (const job of jobs) assert.deepEqual(toOld((await store.row(job.id))!, job), job);
      assert.equal((await store.read(getJob("ready", start)))!.payloadJson, '"p"');
      await store.close();
    });

    it(`a database of version ${version}: deliveries count those there have been`, async () => {
      const store = await openOld();
      const deliveries = async (id: string) => (await store.row(id))!["deliveries"];
      assert.deepEqual(
        [await deliveries("ready"), await deliveries("flying"), await deliveries("scheduled")],
        [0, 4, 1],
      );
      await store.close();
    });

    it(`a database of version ${version}: jobs in flight are recovered, and finish`, async () => {
      const store = await openOld();
      const flying = jobs.filter(({ status }) => status === 2).map(({ id }) => id).sort();
      await store.write(() => recoverJobs(store.broker, farFuture, store.terms()));
      const found = await store.all("SELECT id FROM jobs WHERE status = 2");
      assert.deepEqual(found, []);
      const { ids } = await store.take();
      assert.deepEqual(flying.filter((id) => !ids.includes(id)), []);
      assert.deepEqual(
        await store.write(() => completeJobs(flying.map((id) => ({ id })), store.terms())),
        [],
      );
      await store.close();
    });

    it(`a database of version ${version}: error records keep their texts`, async () => {
      const store = await openOld();
      const page = { from: undefined, order: "asc", limit: 9 } as const;
      const errors = await store.read(listErrors("dead", page));
      assert.deepEqual(
        errors.map(({ attempt, message, errorType, backtrace }) => {
          return [attempt, message, errorType, backtrace];
        }),
        [[1, "mëssage", "T", undefined], [2, "", undefined, "at x"]],
      );
      assert.deepEqual(errors.map(({ dequeuedAt, failedAt }) => [dequeuedAt, failedAt]), [
        [1, 2],
        [7, 9],
      ]);
      await store.close();
    });
  }

  it("a database of version 2 keeps unique keys, batches, budgets and cron entries", async () => {
    const database = openDatabase();
    await makeOld(database, 2);
    const store = await openTestStore(() => database);
    const unique = { uniqueKey: "ä€😀", uniqueWhile: "queued" };
    const fold = { key: "ключ", when: "true", fold: "$existing + $new" };
    const stored = await store.enqueue(
      { id: "z1", ...unique },
      { id: "z2", payload: '"x"', batch: fold },
    ) as readonly { job: { id: string }; duplicate: boolean; folded: boolean }[];
    assert.deepEqual(stored.map(({ job, duplicate, folded }) => [job.id, duplicate, folded]), [
      ["keyed", true, false],
      ["head", false, true],
    ]);
    const budgets = await store.read(listBudgets());
    assert.deepEqual(
      budgets.map(({ key, drawn, tokens, credit, refilledAt }) => {
        return [key, drawn, tokens, credit, refilledAt];
      }),
      [["b", 2, 0, 0, 3], ["r", 0, 4, 17, 3]],
    );
    const { group, entries } = (await store.read(getGroup("g")))!;
    assert.deepEqual([group.timezone, group.paused, group.pausedAt], ["Asia/Tokyo", 1, 4]);
    const { uniqueKey, nextAt, lastAt, batch: kept, budgets: drawn } = entries[0]!;
    assert.deepEqual([uniqueKey, nextAt, lastAt, kept, drawn], ["ä€", 99, 88, batch, draws]);
    assert.deepEqual(budgetsOfSet((await store.row("bound"))!["budget_set"] as string), ["b"]);
    await store.write(() => recoverJobs(store.broker, farFuture, store.terms()));
    assert.equal((await store.all("SELECT drawn FROM budgets WHERE key = 'b'"))[0]!["drawn"], 0);
    await store.close();
  });

  it("a database of a newer version is refused, and left as it is", async () => {
    const database = openDatabase();
    const executor = createExecutor(database);
    await executor.open();
    await executor.commit([function* () {
      yield { kind: "script", sql: "CREATE TABLE schema_version (version INTEGER NOT NULL)" };
      yield* run("INSERT INTO schema_version (version) VALUES (99)");
    }]);
    await assert.rejects(openTestStore(() => database), (error) => {
      assert.ok(error instanceof StoreError);
      assert.match(
        error.message,
        /^Cannot open a database of schema version 99: this Millrace knows/,
      );
      return true;
    });
    const found = await executor.read(
      rows<{ version: number }>("SELECT version FROM schema_version"),
    );
    assert.deepEqual(found.map(({ version }) => version), [99]);
    await executor.close();
  });
}

describe("migrations on SQLite", () => describeMigrations(openMemory));

describePglite("migrations on PGlite", () => {
  describeMigrations(() => openPglite());

  it("a broker waits for one that migrates: it locks the version before it looks at it", async () => {
    const database = openPglite();
    const sql: string[] = [];
    const watched: typeof database = {
      ...database,
      transaction: (body) =>
        database.transaction((connection) => {
          sql.push("BEGIN");
          return body({
            ...connection,
            all: (text, params) => (sql.push(text), connection.all(text, params)),
            script: (text) => (sql.push(text), connection.script(text)),
          });
        }),
    };
    const store = await openTestStore(() => watched);
    const before = sql.flatMap((text, at) => /CREATE TABLE (jobs|brokers)/.test(text) ? [at] : []);
    assert.ok(before.length >= 2);
    for (const at of before) {
      assert.equal(sql[at - 2], "BEGIN");
      assert.match(sql[at - 1]!, /^SELECT version FROM schema_version FOR UPDATE$/);
    }
    await store.close();
  });

  it("two brokers may migrate one database at once", async () => {
    for (const version of [undefined, 1, 2] as const) {
      const name = `shared_${version ?? "new"}`;
      if (version !== undefined) await makeOld(openPglite(name), version);
      const stores = await Promise.all([1, 2, 3].map(() => openTestStore(() => openPglite(name))));
      const [row] = await stores[0]!.all(
        "SELECT count(*) AS n, max(version) AS version FROM schema_version",
      );
      assert.deepEqual(row, { n: 1, version: migrations.length });
      const brokers = new Set(stores.map(({ broker }) => broker));
      assert.equal(brokers.size, 3);
      assert.ok(await stores[1]!.write(() => registerBroker(start)) > Math.max(...brokers));
      if (version !== undefined) assert.ok(await stores[2]!.row("flying"));
    }
  });
});
