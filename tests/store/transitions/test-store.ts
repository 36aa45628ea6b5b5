/**
 * A store for the tests of transitions, on whichever engine: short ways to set up, and what was stored and reported.
 *
 * @module
 */

import { defaultSettings } from "../../../src/broker/engine/settings.ts";
import type { BindingRequest } from "../../../src/protocol/binding.ts";
import type { NewJob } from "../../../src/protocol/new-job.ts";
import { isRejection, type Rejection } from "../../../src/protocol/rejection.ts";
import { statusNames } from "../../../src/protocol/status.ts";
import { type Backlog, front } from "../../../src/store/backlog.ts";
import type { Change } from "../../../src/store/changes.ts";
import type { ClaimRequest } from "../../../src/store/claim-builder.ts";
import { type Claimed, claimJobs } from "../../../src/store/claim.ts";
import type {
  AsyncConnection,
  AsyncDatabase,
  SqlRow,
  SqlValue,
  SyncDatabase,
} from "../../../src/store/database.ts";
import { toPostgres } from "../../../src/store/dialect.ts";
import {
  enqueueJobs,
  type EnqueueTerms,
  type NewRecord,
  type StoredJob,
} from "../../../src/store/enqueue.ts";
import { createExpressions } from "../../../src/store/expressions.ts";
import type { CompleteTerms } from "../../../src/store/finish.ts";
import type { ReleaseTerms } from "../../../src/store/release.ts";
import { registerBroker } from "../../../src/store/holders.ts";
import { type FailureTerms, toCreated } from "../../../src/store/job-rules.ts";
import { writeCounts } from "../../../src/store/counts.ts";
import { listBacklogs } from "../../../src/store/read.ts";
import { createStore, type Store } from "../../../src/store/store.ts";
import { rows, type Transition } from "../../../src/store/transition.ts";
import { createTestClock, type TestClock } from "../../../src/testing/test-clock.ts";
import { newJob } from "../../support/new-job.ts";

/** A database that also takes statements outside of a transaction, as another writer would. */
export type TestDatabase = SyncDatabase | (AsyncDatabase & AsyncConnection);

/** Makes an empty database; it is not open yet. */
export type OpenDatabase = () => TestDatabase;

/** When every test begins, in ms since the epoch. */
export const start = 1_000_000;

/** A job to be stored: its id, and what is not as in `newJob`. */
export type JobSketch = Partial<NewJob> & { readonly id: string };

/** What one subscriber asks for. */
export interface TakeSketch extends Partial<ClaimRequest> {
  /** The backlogs that are looked at; all from their front when left out. */
  readonly backlogs?: readonly Backlog[];
  /** The broker that serves it; that of the store when left out. */
  readonly broker?: number;
}

/** A store, and what tests ask of it. */
export interface TestStore extends Pick<Store, "read" | "close"> {
  readonly database: TestDatabase;
  readonly clock: TestClock;
  /** A broker that is registered. */
  readonly broker: number;
  /** Runs a transition. */
  write<Result>(transition: () => Transition<Result>): Promise<Result>;
  /** What transitions depend on, at the time of the clock. */
  terms(): EnqueueTerms & FailureTerms & CompleteTerms & ReleaseTerms;
  /** Stores jobs with one transition. */
  enqueue(...jobs: readonly JobSketch[]): Promise<readonly StoredJob[] | Rejection>;
  /** Stores jobs, none of which may be refused, and forgets what was reported. */
  given(...jobs: readonly JobSketch[]): Promise<void>;
  /** Takes jobs for one subscriber, and gives all that is told of it. */
  take(
    request?: TakeSketch,
  ): Promise<Claimed & { readonly ids: string[]; readonly holder: number }>;
  /** What was reported since the last call, in words: `2 none > ready: a b`. */
  changes(): string[];
  /** What every stored job is, by id: `a ready, b dead`. */
  statuses(): Promise<string>;
  /** Runs one statement for its rows. */
  all(sql: string, ...params: SqlValue[]): Promise<SqlRow[]>;
  /** The row of a job with all columns; undefined when there is none. */
  row(id: string): Promise<SqlRow | undefined>;
}

/** Opens a store on a new database. */
export async function openTestStore(openDatabase: OpenDatabase): Promise<TestStore> {
  const database = openDatabase();
  const clock = createTestClock(start);
  const expressions = createExpressions({
    now: clock.now,
    maxJqSteps: 10_000,
    maxPayloadBytes: 100,
  });
  let reported: string[] = [];
  const store = createStore({
    database,
    clock,
    beforeCommit: writeCounts,
    afterCommit: (changes) => void reported.push(...changes.map(showChange)),
  });
  await store.open();
  const broker = await store.write(() => registerBroker(start));
  const all = async (sql: string, ...params: SqlValue[]) => {
    const text = database.dialect === "postgres" ? toPostgres(sql) : sql;
    // As plain objects: those of some drivers have no prototype.
    return (await database.all(text, params)).map((row) => ({ ...row }));
  };
  const terms = () => ({
    now: clock.now(),
    jitter: 0,
    oneByOne: false,
    takenJob: () => undefined,
    maxDeliveries: 0,
    maxBudgets: 5,
    defaults: defaultSettings,
    expressions,
  });
  const enqueue = (...jobs: readonly JobSketch[]) =>
    store.write(() => enqueueJobs(jobs.map((job) => toEntry(job, clock.now())), terms()));
  return {
    database,
    clock,
    broker,
    write: store.write,
    read: store.read,
    close: store.close,
    terms,
    enqueue,
    async given(...jobs) {
      const stored = await enqueue(...jobs);
      if (isRejection(stored)) throw new Error(stored.message);
      reported = [];
    },
    async take({ backlogs, broker: taker = broker, ...request } = {}) {
      const looked = backlogs ?? (await store.read(listBacklogs())).backlogs
        .filter(({ budgetSet }) => budgetSet !== "")
        .map((backlog) => ({ ...backlog, from: front }));
      const whole = { queues: undefined, limit: 100, holder: undefined, worker: "w", ...request };
      const claimed = await store.write(() =>
        claimJobs([whole], { backlogs: looked, heads: undefined }, {
          now: clock.now(),
          broker: taker,
        })
      );
      const { jobs, holder } = claimed.results[0]!;
      return { ...claimed, ids: jobs.map(({ id }) => id), holder: holder! };
    },
    changes() {
      const shown = reported;
      reported = [];
      return shown;
    },
    async statuses() {
      const found = await all("SELECT id, status FROM jobs ORDER BY id");
      return found.map(({ id, status }) => `${id} ${statusNames[status as number]}`).join(", ");
    },
    all,
    row: async (id) => (await all("SELECT * FROM jobs WHERE id = ?", id))[0],
  };
}

/** A job to be stored, as the broker hands it to the transition. */
export function toEntry({ id, ...job }: JobSketch, now: number): NewRecord {
  const whole = { ...newJob, ...job };
  const created = toCreated(whole, { id, seq: seqOf(id) }, now);
  return {
    job: created,
    named: true,
    bindings: whole.budgets,
    dependsOn: whole.dependsOn,
    isStrict: whole.strictDependencies === true,
  };
}

/** A key for a made-up id; keys have the order of the ids, which differ in their first six bytes. */
export function seqOf(id: string): number {
  const bytes = new TextEncoder().encode(id);
  let seq = 0;
  for (let at = 0; at < 6; at++) seq = seq * 256 + (bytes[at] ?? 0);
  return seq;
}

/** What a job asks of a budget, which it creates when told with what; `durationMs` makes it a rate. */
export function toBinding(
  key: string,
  cost: number,
  createWith?: { readonly allocation: number; readonly durationMs?: number },
): BindingRequest {
  if (createWith === undefined) return { key, cost, createWith: null, bucket: false };
  const { allocation, durationMs = null } = createWith;
  const type = durationMs === null ? "while_in_flight" : "time_based";
  const strategy = { type, durationMs, burst: null };
  return { key, cost, createWith: { allocation, strategy }, bucket: false };
}

/** A change in words. */
export function showChange(change: Change): string {
  if (change.kind === "settlements") return "settlements";
  if (change.kind === "crons" || change.kind === "leases" || change.kind === "cancellations") {
    return `${change.kind} at ${change.nextAt}`;
  }
  if (change.kind === "config") return `config ${change.key}`;
  if (change.kind === "queues") return `queues ${change.settings.queue}`;
  if (change.kind === "budgets") {
    return `budgets ${[...change.keys].sort().join(" ")}${change.refunded ? " refunded" : ""}`;
  }
  if (change.kind === "tags") {
    return `tags ${[...change.tags.values()].map((tags) => tags.join(",")).sort().join(" ")}`;
  }
  const name = (code: number | undefined) => code === undefined ? "none" : statusNames[code];
  const ids = change.jobs.map(({ id }) => id).sort().join(" ");
  return `${change.jobs.length} ${name(change.from)} > ${name(change.to)}: ${ids}`;
}

/** The columns that name the rows of each table. */
const keysOf = {
  jobs: "id",
  job_counts: "queue, type",
  errors: "job_id, attempt",
  failures: "job",
  failure_counts: "failure_group, queue, day",
  statistics: "queue, day",
  history: "entry",
  workers: "id",
  budgets: "key",
  bindings: "key, job_id",
  cron_groups: "name",
  cron_entries: "cron_group, name",
  config: "key",
  queue_settings: "queue",
  spawned: "job",
  brokers: "id",
  holders: "id",
  idempotency_keys: "key",
  dependencies: "parent, state, job",
  results: "job",
  settlements: "parent",
  leases: "job",
  cancellations: "job",
  job_tags: "job, tag",
  job_meta: "job",
  job_progress: "job",
  children: "job, slot",
  tags: "tag",
  tracked: "place",
  outbox: "entry",
  outbox_refused: "entry",
};

/** The content of all tables. */
export function* dumpTables(): Transition<Record<string, readonly SqlRow[]>> {
  const content: Record<string, readonly SqlRow[]> = {};
  for (const [table, keys] of Object.entries(keysOf)) {
    content[table] = yield* rows(`SELECT * FROM ${table} ORDER BY ${keys}`);
  }
  return content;
}
