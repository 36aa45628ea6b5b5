/** A database of version 3, whose jobs have no keys: each gets one, in the order of their ids, and all else stays. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createIdentities } from "../../src/broker/engine/ids.ts";
import { statusNames } from "../../src/protocol/status.ts";
import { farFuture } from "../../src/store/add-saturating.ts";
import { sumCounts } from "../../src/store/counts.ts";
import type { SqlValue } from "../../src/store/database.ts";
import { removeJob } from "../../src/store/delete-jobs.ts";
import { enqueueJobs, type StoredJob } from "../../src/store/enqueue.ts";
import { listErrors } from "../../src/store/error-records.ts";
import { createExecutor } from "../../src/store/executor.ts";
import { completeJobs, failJob } from "../../src/store/finish.ts";
import { recoverJobs, releaseHolder } from "../../src/store/release.ts";
import { toCreated } from "../../src/store/job-rules.ts";
import { patchJob } from "../../src/store/patch-jobs.ts";
import { getJob, keyBehind, lastSeq, listJobs } from "../../src/store/read.ts";
import { migrations } from "../../src/store/schema.ts";
import { insertRows, run, toInsert } from "../../src/store/transition.ts";
import { newJob } from "../support/new-job.ts";
import { createRandom } from "../support/random.ts";
import { describePglite, openPglite } from "./pglite.ts";
import { openMemory } from "./sqlite.ts";
import {
  openTestStore,
  start,
  type TestDatabase,
  type TestStore,
} from "./transitions/test-store.ts";

/** A row of the table of version 3: what is not as usual. */
type Row = Readonly<Record<string, SqlValue>>;

const utf8 = (text: string) => new TextEncoder().encode(text);
const draws = '[{"key":"b","cost":2}]';
const batch = '{"key":"k","when":"true","fold":"$existing + $new"}';
/** Ids of version 3 are 25 digits of base 36 too, but no key leads to them. */
const idOf = (name: string) => `03gpvzbsk7${name.padEnd(15, "0")}`;

/** The jobs by short names, in an order that is not that of their ids. */
const jobs: Readonly<Record<string, Row>> = {
  ready: { status: 1, queue: "a" },
  due: { status: 0, queue: "b", ready_at: start + 500 },
  held: { status: 2, queue: "a", holder: 7, deliveries: 1, dequeued_at: 5 },
  lost: { status: 2, queue: "b", type: "u", holder: null, deliveries: 2, dequeued_at: 5 },
  done: { status: 3, queue: "b", completed_at: 8, purge_at: farFuture, deliveries: 1 },
  dead: { status: 4, queue: "c", type: "u", failed_at: 9, attempts: 2, purge_at: farFuture },
  expired: { status: 3, queue: "a", completed_at: 8, purge_at: start - 1 },
  stale: { status: 1, queue: "c", holder: 9 },
  keyed: { status: 1, unique_key: utf8("ä\u0000€"), unique_while: "queued", holds_key: 1 },
  letgo: { status: 2, holder: 7, unique_key: utf8("k"), unique_while: "queued", deliveries: 1 },
  head: { status: 1, batch, batch_key: utf8("k"), heads_batch: 1, payload_json: "[1]" },
  closed: { status: 1, batch, batch_key: utf8("k"), payload_json: "[0]" },
  bound: { status: 1, queue: "c", budgets: draws, budget_set: '["b"]' },
  flying: { status: 2, holder: 7, budgets: draws, budget_set: '["b"]', deliveries: 1 },
  packed: { status: 1, payload_json: null, payload_pack: new Uint8Array([0x91, 0x01]) },
  urgent: { status: 1, priority: 1 },
};
const names = Object.keys(jobs);
const sortedIds = names.map(idOf).sort();

const usual: Row = {
  type: "t",
  queue: "q",
  priority: 5,
  ready_at: 6,
  attempts: 0,
  deliveries: 0,
  payload_json: '"p"',
  holds_key: 0,
  heads_batch: 0,
  budget_set: "",
};
const columns = [...new Set([usual, ...Object.values(jobs)].flatMap(Object.keys))];

async function makeOld(database: TestDatabase): Promise<void> {
  const executor = createExecutor(database);
  await executor.open();
  await executor.commit([function* () {
    yield { kind: "script", sql: "CREATE TABLE schema_version (version INTEGER NOT NULL)" };
    yield* run("INSERT INTO schema_version (version) VALUES (3)");
    for (const migration of migrations.slice(0, 3)) yield { kind: "script", sql: migration };
    const rows = names.map((name): Row => ({ ...usual, ...jobs[name], id: idOf(name) }));
    const all = ["id", ...columns];
    yield* insertRows(
      toInsert("jobs", all),
      rows.flatMap((row) => all.map((column) => row[column] ?? null)),
    );
    yield* run(
      `INSERT INTO errors (job_id, attempt, message, dequeued_at, failed_at)
       VALUES (?, 1, ?, 1, 2), (?, 2, ?, 7, 9)`,
      [idOf("dead"), utf8("first"), idOf("dead"), utf8("second")],
    );
    yield* run(
      `INSERT INTO budgets (key, allocation, created_at, updated_at, drawn) VALUES ('b', 3, 1, 2, 2)`,
    );
    yield* run("INSERT INTO bindings (key, job_id, cost) VALUES ('b', ?, 2), ('b', ?, 2)", [
      idOf("bound"),
      idOf("flying"),
    ]);
    yield* run("INSERT INTO brokers (started_at, seen_at) VALUES (1, 2)");
    for (let holder = 1; holder <= 7; holder++) {
      yield* run("INSERT INTO holders (broker, worker, since) VALUES (1, 'w', 3)");
    }
  }]);
}

function describeKeys(openDatabase: () => TestDatabase): void {
  const withOld = async (test: (store: TestStore) => Promise<void>) => {
    const database = openDatabase();
    await makeOld(database);
    const store = await openTestStore(() => database);
    try {
      await test(store);
    } finally {
      await store.close();
    }
  };
  const idsOf = async (
    store: TestStore,
    behind?: number,
    order: "asc" | "desc" = "asc",
    limit = 100,
  ) => (await store.read(listJobs({}, { behind, order, limit }, 0))).map(({ id }) => id);

  it("has its jobs in the order of their ids, found by id, with all they had", () =>
    withOld(async (store) => {
      assert.deepEqual(await idsOf(store), sortedIds);
      assert.deepEqual(await idsOf(store, undefined, "desc"), sortedIds.toReversed());
      for (const name of names) {
        const row = (await store.row(idOf(name)))!;
        assert.equal((await store.read(getJob(idOf(name), 0)))!.seq, row["seq"]);
        const { holder: _, ...kept } = { ...usual, ...jobs[name] };
        for (const [column, value] of Object.entries(kept)) {
          const found = row[column];
          assert.deepEqual(
            found instanceof Uint8Array ? new Uint8Array(found) : found,
            value,
            `${name}.${column}`,
          );
        }
        assert.equal(row["named"], 1);
      }
      const some = [idOf("ready"), idOf("nothing"), idOf("head")];
      const page = { behind: undefined, order: "asc", limit: 9 } as const;
      const found = await store.read(listJobs({ id: some }, page, 0));
      assert.deepEqual(found.map(({ id }) => id), [idOf("head"), idOf("ready")]);
      assert.equal(await store.read(getJob(idOf("nothing"), 0)), undefined);
    }));

  it("gives pages from each id, and from texts between them", () =>
    withOld(async (store) => {
      const random = createRandom(1);
      const cursors = [
        ...sortedIds,
        ...sortedIds.map((id) => id.slice(0, 10 + random.int(14))),
        ...sortedIds.map((id) => `${id}0`),
        ...["", "0", "z", "zzzzzzzzzzzzzzzzzzzzzzzzz", "job-1", "é"],
      ];
      // And jobs of this version behind them, whose ids lead to their keys.
      const identities = createIdentities({ ...store.clock, now: () => Date.UTC(2026, 10) }, () =>
        random.int(2 ** 30) / 2 ** 30);
      identities.startAfter(await store.read(lastSeq()));
      const made = Array.from({ length: 10 }, () =>
        toCreated(newJob, identities.next(), start));
      const entries = made.map((job) => ({ job, bindings: [] }));
      await store.write(() => enqueueJobs(entries, store.terms()));
      const all = [...sortedIds, ...made.map(({ id }) => id)];
      assert.deepEqual(await idsOf(store), all);
      cursors.push(...made.map(({ id }) => id), ...made.map(({ id }) => id.slice(0, 12)));
      for (const cursor of cursors) {
        const after = await idsOf(store, await store.read(keyBehind(cursor, "asc")), "asc", 3);
        assert.deepEqual(after, all.filter((id) => id > cursor).slice(0, 3), `after '${cursor}'`);
        const before = await idsOf(store, await store.read(keyBehind(cursor, "desc")), "desc", 3);
        assert.deepEqual(
          before,
          all.filter((id) => id < cursor).toReversed().slice(0, 3),
          `before '${cursor}'`,
        );
      }
    }));

  it("has its jobs counted", () =>
    withOld(async (store) => {
      const expected = new Map<string, number>();
      for (const name of names) {
        const { queue, type, status } = { ...usual, ...jobs[name] };
        const key = `${queue} ${type} ${statusNames[status as number]}`;
        expected.set(key, (expected.get(key) ?? 0) + 1);
      }
      const rows = await store.all("SELECT * FROM job_counts");
      const found = rows.flatMap((row) =>
        statusNames.map((name) => [`${row["queue"]} ${row["type"]} ${name}`, row[name]] as const)
          .filter(([, count]) => count !== 0)
      );
      assert.deepEqual(new Map(found.sort()), new Map([...expected].sort()));
      assert.equal((await store.read(sumCounts({}))).count, names.length);
    }));

  it("gives back what was in flight, also what nobody held, and nothing else", () =>
    withOld(async (store) => {
      const flying = names.filter((name) => jobs[name]!["status"] === 2).map(idOf).sort();
      const held = await store.all("SELECT id, holder FROM jobs WHERE holder IS NOT NULL");
      assert.deepEqual(held.map(({ id }) => id).sort(), flying);
      assert.equal(await store.write(() => releaseHolder(7, store.terms())), false);
      assert.equal((await store.row(idOf("lost")))!["status"], 2);
      await store.write(() => recoverJobs(store.broker, farFuture, store.terms()));
      for (const id of flying) {
        const { status, holder } = (await store.row(id))!;
        assert.deepEqual([status, holder], [1, null], id);
      }
      assert.equal((await store.row(idOf("letgo")))!["holds_key"], 1, "its key was free");
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 0);
      assert.equal((await store.read(sumCounts({ status: [2] }))).count, 0);
      assert.equal((await store.row(idOf("lost")))!["deliveries"], 2);
    }));

  it("keeps keys, batches, budgets and error records, which lead to the jobs", () =>
    withOld(async (store) => {
      const stored = await store.enqueue(
        { id: "z1", uniqueKey: "ä\u0000€", uniqueWhile: "queued" },
        { id: "z2", uniqueKey: "k", uniqueWhile: "queued" },
        {
          id: "z3",
          payload: "[2]",
          batch: { key: "k", when: "true", fold: "$existing + $new" },
        },
      ) as readonly StoredJob[];
      assert.deepEqual(
        stored.map(({ job, duplicate, folded }) => [job.id, duplicate, folded]),
        [[idOf("keyed"), true, false], ["z2", false, false], [idOf("head"), false, true]],
      );
      assert.equal((await store.read(getJob(idOf("head"), start)))!.payloadJson, "[1,2]");
      // One token is left of three: the job that waits needs two.
      const { ids, exhaustedBudgets } = await store.take({ queues: ["c"] });
      assert.deepEqual(ids, [idOf("stale")]);
      assert.deepEqual(exhaustedBudgets.map(({ key }) => key), ["b"]);
      await store.write(() => completeJobs([{ id: idOf("flying") }], store.terms()));
      assert.deepEqual((await store.take({ queues: ["c"] })).ids, [idOf("bound")]);
      const page = { from: undefined, order: "asc", limit: 9 } as const;
      const errors = await store.read(listErrors(idOf("dead"), page));
      assert.deepEqual(errors.map(({ message }) => message), ["first", "second"]);
      assert.equal(await store.write(() => removeJob(idOf("dead"))), true);
      assert.deepEqual(await store.read(listErrors(idOf("dead"), page)), []);
    }));

  it("hands its jobs out by priority, then by id, and they end as others do", () =>
    withOld(async (store) => {
      const waiting = ["ready", "stale", "keyed", "head", "closed", "packed"].map(idOf).sort();
      const { ids, results } = await store.take({ backlogs: [] });
      assert.deepEqual(ids, [idOf("urgent"), ...waiting]);
      const packed = results[0]!.jobs.find(({ id }) => id === idOf("packed"))!;
      assert.deepEqual(new Uint8Array(packed.payloadPack!), new Uint8Array([0x91, 0x01]));
      const [first, second, third, ...rest] = results[0]!.jobs;
      assert.deepEqual(await store.write(() => completeJobs([first!, ...rest], store.terms())), []);
      await store.write(() => failJob(second!, { message: "m", kill: true }, store.terms()));
      await store.write(() => patchJob(third!.id, { queue: "elsewhere" }, start));
      assert.equal((await store.row(second!.id))!["status"], 4);
      assert.equal((await store.row(third!.id))!["queue"], "elsewhere");
      assert.equal(await store.row(first!.id), undefined);
    }));
}

describe("a database of version 3 on SQLite", () => describeKeys(openMemory));
describePglite("a database of version 3 on PGlite", () => describeKeys(() => openPglite()));
