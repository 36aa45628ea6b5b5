/**
 * Answers in either format. Jobs go from the record to the wire without a value in between.
 *
 * @module
 */

import type { Format } from "../../protocol/codec.ts";
import { PackWriter } from "../../protocol/pack-writer.ts";
import { wantsExtensions } from "../../protocol/extensions.ts";
import type { PageLinks } from "../../protocol/page.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { jobToJson, type JobView, metadataView, wholeView } from "../../protocol/record-json.ts";
import { writeJob } from "../../protocol/record-pack.ts";
import { encodeWithPreEncoded } from "../../protocol/pre-encoded.ts";
import { codecs } from "../../protocol/request-body.ts";
import type { StoredJob } from "../../store/enqueue.ts";
import { answerPieces, answerWhole } from "./long-answer.ts";

const json = { "content-type": "application/json" };
const pack = { "content-type": "application/msgpack" };

/** An answer without a body. */
export function answerNothing(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}

/** Any value. */
export function answerValue(format: Format, status: number, value: unknown): Response {
  if (format === "json") return answerWhole(JSON.stringify(value), { status, headers: json });
  return answerWhole(codecs.msgpack.encode(value), { status, headers: pack });
}

/** A value with parts that are written as they are. */
export function answerVerbatim(format: Format, status: number, value: object): Response {
  const headers = format === "json" ? json : pack;
  return answerWhole(encodeWithPreEncoded(value, format), { status, headers });
}

/** 200 with one job. */
export function answerJob(format: Format, job: JobRecord, given: JobView): Response {
  const view = viewOf(job, given);
  if (format === "json") {
    return answerWhole(jobToJson(job, view), { status: 200, headers: json });
  }
  const writer = new PackWriter();
  writeJob(writer, job, view);
  return answerWhole(writer.end(), { status: 200, headers: pack });
}

const extendedView: JobView = { payload: true, extensions: true };

/** Jobs with their payloads, and with extensions for who asks for them. */
export function viewFor({ headers }: Request): JobView {
  return wantsExtensions(headers) ? extendedView : wholeView;
}

/** 200 with jobs as their holder is shown them. */
export function answerJobs(format: Format, jobs: readonly JobRecord[]): Response {
  if (format === "json") {
    const text = `{"jobs":[${jobs.map((job) => jobToJson(job, extendedView)).join()}]}`;
    return answerWhole(text, { status: 200, headers: json });
  }
  const writer = new PackWriter();
  writer.map(1);
  writer.text("jobs");
  writer.list(jobs.length);
  for (const job of jobs) writeJob(writer, job, extendedView);
  return answerWhole(writer.end(), { status: 200, headers: pack });
}

/** 200 with a page of jobs; `others` are members besides the jobs and the links. */
export function answerJobPage(
  format: Format,
  jobs: readonly JobRecord[],
  { pages, view, others = {} }: {
    readonly pages: PageLinks;
    readonly view: JobView;
    readonly others?: object;
  },
): Response {
  const members = Object.entries({ ...others, pages });
  if (format === "json") {
    const items = jobs.map((job) => jobToJson(job, viewOf(job, view))).join();
    const rest = members.map(([name, value]) => `,"${name}":${JSON.stringify(value)}`).join("");
    return answerWhole(`{"jobs":[${items}]${rest}}`, { status: 200, headers: json });
  }
  const writer = new PackWriter();
  writer.map(1 + members.length);
  writer.text("jobs");
  writer.list(jobs.length);
  for (const job of jobs) writeJob(writer, job, viewOf(job, view));
  for (const [name, value] of members) {
    writer.text(name);
    writer.raw(codecs.msgpack.encode(value));
  }
  return answerWhole(writer.end(), { status: 200, headers: pack });
}

/** A payload that was left out for its size (`withMaxPayload`) is not shown as if it were null. */
function viewOf({ extra }: JobRecord, view: JobView): JobView {
  return extra?.payloadBytes === undefined ? view : { ...view, payload: false };
}

/** 200 with jobs that are all there is. */
export function answerJobList(
  format: Format,
  jobs: readonly JobRecord[],
  view: JobView,
): Response {
  if (format === "json") {
    const text = `{"jobs":[${jobs.map((job) => jobToJson(job, viewOf(job, view))).join()}]}`;
    return answerWhole(text, { status: 200, headers: json });
  }
  const writer = new PackWriter();
  writer.map(1);
  writer.text("jobs");
  writer.list(jobs.length);
  for (const job of jobs) writeJob(writer, job, viewOf(job, view));
  return answerWhole(writer.end(), { status: 200, headers: pack });
}

/** One job as it is stored: 201 when it is new, 200 when there was one. */
export function answerEnqueued(
  format: Format,
  stored: StoredJob,
  status: 200 | 201 = isNew(stored) ? 201 : 200,
): Response {
  if (format === "json") return answerWhole(enqueuedToJson(stored), { status, headers: json });
  const writer = new PackWriter();
  writeEnqueued(writer, stored);
  return answerWhole(writer.end(), { status, headers: pack });
}

/** Jobs of an answer that are written in one piece. */
const jobsOfPiece = 1000;

/** What a stored job takes in memory, besides what its call held of it. */
const bytesOfJob = 500;

/** Jobs as they are stored: 201 when one is new, or when none was sent, 200 when there were all. */
export function answerEnqueuedMany(
  format: Format,
  jobs: readonly StoredJob[],
  status: 200 | 201 = jobs.length === 0 || jobs.some(isNew) ? 201 : 200,
): Response {
  const headers = format === "json" ? json : pack;
  const pieces = format === "json" ? enqueuedJson(jobs) : enqueuedPack(jobs);
  if (jobs.length > jobsOfPiece) {
    return answerPieces(pieces, { status, headers }, jobs.length * bytesOfJob);
  }
  return answerWhole(pieces.next().value!, { status, headers });
}

function* enqueuedJson(jobs: readonly StoredJob[]): Generator<string> {
  for (let at = 0; at === 0 || at < jobs.length; at += jobsOfPiece) {
    const items = jobs.slice(at, at + jobsOfPiece).map(enqueuedToJson).join();
    const end = at + jobsOfPiece < jobs.length ? "," : "]}";
    yield `${at === 0 ? '{"jobs":[' : ""}${items}${end}`;
  }
}

function* enqueuedPack(jobs: readonly StoredJob[]): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at === 0 || at < jobs.length; at += jobsOfPiece) {
    const writer = new PackWriter();
    if (at === 0) {
      writer.map(1);
      writer.text("jobs");
      writer.list(jobs.length);
    }
    for (const job of jobs.slice(at, at + jobsOfPiece)) writeEnqueued(writer, job);
    yield writer.end();
  }
}

function isNew({ duplicate, folded }: StoredJob): boolean {
  return !duplicate && !folded;
}

function enqueuedToJson({ job, duplicate, folded }: StoredJob): string {
  return jobToJson(job, metadataView, `,"duplicate":${duplicate},"folded":${folded}`);
}

function writeEnqueued(writer: PackWriter, { job, duplicate, folded }: StoredJob): void {
  writeJob(writer, job, metadataView, 2);
  writer.text("duplicate");
  writer.bool(duplicate);
  writer.text("folded");
  writer.bool(folded);
}
