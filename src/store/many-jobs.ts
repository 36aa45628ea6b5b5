/**
 * Reading many jobs with their payloads: fast where they are plain, as most are, and in a bounded amount of memory.
 *
 * First the columns that most jobs use are read. The few jobs that have more are read once more; a large payload is only
 * measured, and read by itself when it is needed (`withLargePayloads`).
 *
 * @module
 */

import type { JobRecord, PayloadField } from "../protocol/record.ts";
import type { SqlValue } from "./database.ts";
import { isOneOf } from "./dialect.ts";
import { type ColumnMember, columnOf, jobColumns } from "./jobs-table.ts";
import { jobRows } from "./jobs.ts";
import { rows, rowValues, type Transition } from "./transition.ts";

/** A payload of more bytes is large. */
const largeBytes = 64 * 1024;

/** What most jobs have, in the order in which `toRecord` reads it. The payload follows, and whether there is more. */
const plainMembers = [
  "seq",
  "id",
  "type",
  "queue",
  "priority",
  "status",
  "readyAt",
  "attempts",
  "retryLimit",
  "dequeuedAt",
  "deliveries",
] as const;

/** A column that most jobs use, besides that of the payload. */
export type PlainMember = typeof plainMembers[number];

/** What few jobs have. */
const otherMembers: readonly ColumnMember[] = [
  "backoff",
  "failedAt",
  "retention",
  "purgeAt",
  "completedAt",
  "uniqueKey",
  "batch",
  "budgets",
];

/** How many bytes a payload has, in SQL. */
export const payloadBytes = "coalesce(octet_length(payload_json), octet_length(payload_pack))";
const isPlain = [
  ...otherMembers.map((member) => `${columnOf[member]} IS NULL`),
  `${payloadBytes} <= ${largeBytes}`,
].join(" AND ");

/** Stands in the place of the traits of a job that has more than is read at first. */
const notPlain = -1;

const inline = (column: string) =>
  `CASE WHEN octet_length(${column}) <= ${largeBytes} THEN ${column} END`;

/** Columns in whose places other expressions stand. */
export type Replaced = Partial<Record<PlainMember, string>>;

/** Reads jobs by a statement. */
export interface ManyJobsReader {
  /**
   * Runs the statement.
   *
   * @param end The statement from `FROM` on.
   * @param params The values of its parameters, those of replaced columns first.
   */
  read(end: string, params: readonly SqlValue[]): Transition<JobRecord[]>;
  /**
   * Runs a statement that changes jobs, and gives these as they are then.
   *
   * @param change The statement, to which a `RETURNING` is added.
   * @param params The values of its parameters.
   */
  change(change: string, params: readonly SqlValue[]): Transition<JobRecord[]>;
}

/** Creates a reader; `replaced` puts other expressions in the places of columns. */
export function createManyJobsReader(replaced: Replaced = {}): ManyJobsReader {
  // PostgreSQL gives rows by the names of their columns, so each needs one.
  const columns = plainMembers.map((member) =>
    `${replaced[member] ?? columnOf[member]} AS "${member}"`
  );
  const list = `${columns.join(", ")}, ${inline("payload_json")} AS json,
    ${
    inline("payload_pack")
  } AS pack, CASE WHEN ${isPlain} THEN traits ELSE ${notPlain} END AS traits`;

  function* run(sql: string, params: readonly SqlValue[]): Transition<JobRecord[]> {
    const found = yield* rowValues(sql, params);
    const jobs = found.map(toRecord);
    const others = jobs.filter((_, at) => found[at]!.at(-1) === notPlain);
    return others.length === 0 ? jobs : yield* withOthers(jobs, others);
  }

  return {
    read: (end, params) => run(`SELECT ${list} ${end}`, params),
    change: (change, params) => run(`${change} RETURNING ${list}`, params),
  };
}

function toRecord(row: readonly SqlValue[]): JobRecord {
  return {
    id: row[1] as string,
    seq: row[0] as number,
    type: row[2] as string,
    queue: row[3] as string,
    priority: row[4] as number,
    status: row[5] as number,
    readyAt: row[6] as number,
    attempts: row[7] as number,
    retryLimit: row[8] as number | null,
    backoff: null,
    dequeuedAt: row[9] as number | null,
    failedAt: null,
    retention: null,
    purgeAt: null,
    completedAt: null,
    uniqueKey: null,
    uniqueWhile: null,
    batch: null,
    budgets: null,
    deliveries: row[10] as number,
    traits: row[13] as number,
    payloadJson: row[11] as string | null,
    payloadPack: row[12] as Uint8Array<ArrayBuffer> | null,
  };
}

const otherColumns = jobColumns({
  payloadJson: "NULL",
  payloadPack: "NULL",
  largeBytes: `CASE WHEN ${payloadBytes} > ${largeBytes} THEN ${payloadBytes} END`,
});
const selectOthers = `SELECT ${otherColumns} FROM jobs WHERE ${isOneOf("seq", "integers")}`;

/** Adds to some of the jobs what only few jobs have. */
function* withOthers(
  jobs: readonly JobRecord[],
  others: readonly JobRecord[],
): Transition<JobRecord[]> {
  const found = yield* jobRows(selectOthers, [JSON.stringify(others.map(({ seq }) => seq))]);
  const bySeq = new Map(found.map((job) => [job.seq, job]));
  return jobs.map((job) => {
    const other = bySeq.get(job.seq);
    if (other === undefined) return job;
    const { backoff, failedAt, retention, purgeAt, completedAt } = other;
    const { uniqueKey, uniqueWhile, batch, budgets, traits, largeBytes } = other;
    return {
      ...job,
      backoff,
      failedAt,
      retention,
      purgeAt,
      completedAt,
      uniqueKey,
      uniqueWhile,
      batch,
      budgets,
      traits,
      largeBytes: largeBytes ?? null,
    };
  });
}

/** Reads the large payloads of jobs that were read without them. */
export function* withLargePayloads(jobs: readonly JobRecord[]): Transition<readonly JobRecord[]> {
  if (!jobs.some(isCut)) return jobs;
  const whole: JobRecord[] = [];
  for (const job of jobs) whole.push(isCut(job) ? yield* withPayload(job) : job);
  return whole;
}

function isCut({ largeBytes }: JobRecord): boolean {
  return largeBytes != null;
}

function* withPayload(job: JobRecord): Transition<JobRecord> {
  const [payload] = yield* rows<Pick<JobRecord, PayloadField>>(
    `SELECT payload_json AS "payloadJson", payload_pack AS "payloadPack" FROM jobs WHERE seq = ?`,
    [job.seq],
  );
  return { ...job, ...payload, largeBytes: null };
}

/** How much memory the payload of a job takes, about: bytes, or characters of a text. */
export function payloadSize({ largeBytes, payloadJson, payloadPack }: JobRecord): number {
  return largeBytes ?? payloadJson?.length ?? payloadPack?.length ?? 0;
}

/** The job, with the size of its payload in the place of that if it has more bytes than may be shown. */
export function withMaxPayload(job: JobRecord, maxPayload: number): JobRecord {
  const size = payloadSize(job);
  if (size <= maxPayload) return job;
  const extra = { ...job.extra, payloadBytes: size };
  return { ...job, payloadJson: null, payloadPack: null, largeBytes: null, extra };
}
