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
import type { ReadyRange } from "./ready-range.ts";
import { rows, rowValues, type Transition } from "./transition.ts";

/** A payload of more bytes is large. */
const largeBytes = 64 * 1024;

/** What most jobs have, in the order in which `toRecord` reads it. The payload follows, and whether there is more. */
const plainMembers = [
  "seq",
  "id",
  "type",
  "priority",
  "readyAt",
  "attempts",
  "retryLimit",
  "deliveries",
] as const;

/** The same of what follows behind all that, and may be known of all jobs that a statement gives. */
const placeMembers = ["queue", "status", "dequeuedAt"] as const;

/** Where values stand in the rows of jobs that are read. */
export const inRow: Readonly<Record<"seq" | "priority" | "json" | "pack", number>> = {
  seq: plainMembers.indexOf("seq"),
  priority: plainMembers.indexOf("priority"),
  json: plainMembers.length,
  pack: plainMembers.length + 1,
};

/** What may be known of jobs before they are read: then the database does not have to give it for each. */
export type KnownPlace = Pick<JobRecord, typeof placeMembers[number]>;

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
   * @param params The values of its parameters, without those of the range `ready`.
   * @param place What all the jobs have, or will have once they are changed; read if it is left out.
   * @param ready Which jobs these are, if they are ready and draw on no budget.
   */
  read(
    end: string,
    params: readonly SqlValue[],
    place?: KnownPlace,
    ready?: ReadyRange,
  ): Transition<JobRecord[]>;
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
  const places = placeMembers.map((member) => `${columnOf[member]} AS "${member}"`);
  const list = `${columns.join(", ")}, ${inline("payload_json")} AS json,
    ${
    inline("payload_pack")
  } AS pack, CASE WHEN ${isPlain} THEN traits ELSE ${notPlain} END AS traits`;
  const whole = `${list}, ${places.join(", ")}`;

  /** The last statement: most are run again and again, and a new text for each would be hashed anew. */
  let last = { end: "", isPlaced: false, sql: "" };
  const toSelect = (end: string, isPlaced: boolean): string => {
    if (last.end !== end || last.isPlaced !== isPlaced) {
      last = { end, isPlaced, sql: `SELECT ${isPlaced ? list : whole} ${end}` };
    }
    return last.sql;
  };

  function* run(
    sql: string,
    params: readonly SqlValue[],
    place?: KnownPlace,
    ready?: ReadyRange,
  ): Transition<JobRecord[]> {
    const jobs = (yield* rowValues(sql, params, ready)).map((row) =>
      toRecord(row, place ?? toPlace(row))
    );
    const others = jobs.filter(({ traits }) => traits === notPlain);
    return others.length === 0 ? jobs : yield* withOthers(jobs, others);
  }

  return {
    read: (end, params, place, ready) =>
      run(toSelect(end, place !== undefined), params, place, ready),
    change: (change, params) => run(`${change} RETURNING ${whole}`, params),
  };
}

function toPlace(row: readonly SqlValue[]): KnownPlace {
  return {
    queue: row[11] as string,
    status: row[12] as number,
    dequeuedAt: row[13] as number | null,
  };
}

function toRecord(
  row: readonly SqlValue[],
  { queue, status, dequeuedAt }: KnownPlace,
): JobRecord {
  return {
    id: row[1] as string,
    seq: row[0] as number,
    type: row[2] as string,
    queue,
    priority: row[3] as number,
    status,
    readyAt: row[4] as number,
    attempts: row[5] as number,
    retryLimit: row[6] as number | null,
    backoff: null,
    dequeuedAt,
    failedAt: null,
    retention: null,
    purgeAt: null,
    completedAt: null,
    uniqueKey: null,
    uniqueWhile: null,
    batch: null,
    budgets: null,
    deliveries: row[7] as number,
    traits: row[10] as number,
    payloadJson: row[8] as string | null,
    payloadPack: row[9] as Uint8Array<ArrayBuffer> | null,
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

/** The same of several jobs. */
export function payloadSizes(jobs: readonly JobRecord[]): number {
  let sum = 0;
  for (const job of jobs) sum += payloadSize(job);
  return sum;
}

/** The job, with the size of its payload in the place of that if it has more bytes than may be shown. */
export function withMaxPayload(job: JobRecord, maxPayload: number): JobRecord {
  const size = payloadSize(job);
  if (size <= maxPayload) return job;
  const extra = { ...job.extra, payloadBytes: size };
  return { ...job, payloadJson: null, payloadPack: null, largeBytes: null, extra };
}
