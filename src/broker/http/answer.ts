/**
 * Answers in either format. Jobs go from the record to the wire without a value in between.
 *
 * @module
 */

import type { Format } from "../../protocol/codec.ts";
import { PackWriter } from "../../protocol/pack-writer.ts";
import type { PageLinks } from "../../protocol/page.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { jobToJson, type WithPayload } from "../../protocol/record-json.ts";
import { writeJob } from "../../protocol/record-pack.ts";
import { codecs } from "../../protocol/request-body.ts";

const json = { "content-type": "application/json" };
const pack = { "content-type": "application/msgpack" };

/** An answer without a body. */
export function answerNothing(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}

/** Any value. */
export function answerValue(format: Format, status: number, value: unknown): Response {
  if (format === "json") return new Response(JSON.stringify(value), { status, headers: json });
  return new Response(codecs.msgpack.encode(value), { status, headers: pack });
}

/** 200 with one job. */
export function answerJob(format: Format, job: JobRecord, payload: WithPayload): Response {
  if (format === "json") {
    return new Response(jobToJson(job, payload), { status: 200, headers: json });
  }
  const writer = new PackWriter();
  writeJob(writer, job, payload);
  return new Response(writer.end(), { status: 200, headers: pack });
}

/** 200 with a page of jobs and their payloads. */
export function answerJobPage(
  format: Format,
  jobs: readonly JobRecord[],
  pages: PageLinks,
): Response {
  if (format === "json") {
    const items = jobs.map((job) => jobToJson(job, "with payload")).join();
    const text = `{"jobs":[${items}],"pages":${JSON.stringify(pages)}}`;
    return new Response(text, { status: 200, headers: json });
  }
  const writer = new PackWriter();
  writer.map(2);
  writer.text("jobs");
  writer.list(jobs.length);
  for (const job of jobs) writeJob(writer, job, "with payload");
  writer.text("pages");
  writer.raw(codecs.msgpack.encode(pages));
  return new Response(writer.end(), { status: 200, headers: pack });
}

/** 201 with one job that was stored. */
export function answerEnqueued(format: Format, job: JobRecord): Response {
  if (format === "json") return new Response(enqueuedToJson(job), { status: 201, headers: json });
  const writer = new PackWriter();
  writeEnqueued(writer, job);
  return new Response(writer.end(), { status: 201, headers: pack });
}

/** 201 with the jobs that were stored. */
export function answerEnqueuedMany(format: Format, jobs: readonly JobRecord[]): Response {
  if (format === "json") {
    const text = `{"jobs":[${jobs.map(enqueuedToJson).join()}]}`;
    return new Response(text, { status: 201, headers: json });
  }
  const writer = new PackWriter();
  writer.map(1);
  writer.text("jobs");
  writer.list(jobs.length);
  for (const job of jobs) writeEnqueued(writer, job);
  return new Response(writer.end(), { status: 201, headers: pack });
}

function enqueuedToJson(job: JobRecord): string {
  return jobToJson(job, "without payload", ',"duplicate":false,"folded":false');
}

function writeEnqueued(writer: PackWriter, job: JobRecord): void {
  writeJob(writer, job, "without payload", 2);
  writer.text("duplicate");
  writer.bool(false);
  writer.text("folded");
  writer.bool(false);
}
