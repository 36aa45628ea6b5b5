/**
 * Request bodies, from bytes to what they mean, as the broker reads them.
 *
 * This is the one file of messages that needs both codecs at hand; the client loads MessagePack only when asked
 * to speak it, so nothing of the client may import this.
 *
 * Every reader throws `DecodeError` for bytes that are not of the format and {@linkcode MessageError} for a
 * value that is not the message.
 *
 * @module
 */

import * as v from "valibot";
import type { Codec, Format } from "./codec.ts";
import {
  type CronEntryPatch,
  cronEntryPatchSchema,
  type CronEntryRequest,
  cronEntrySchema,
  type CronGroupRequest,
  cronGroupSchema,
} from "./cron.ts";
import { besideSchema, type NewJob, newJobSchema, newJobsSchema } from "./new-job.ts";
import { type FailureRequest, failureSchema } from "./failure-request.ts";
import { jsonCodec } from "./json.ts";
import {
  type HeartbeatListRequest,
  heartbeatListSchema,
  type HeartbeatRequest,
  heartbeatSchema,
  type TakeManyRequest,
  takeManySchema,
} from "./lease-request.ts";
import { msgpackCodec } from "./msgpack.ts";
import {
  type RequeueRequest,
  requeueSchema,
  type SuccessRequest,
  successSchema,
} from "./movement-request.ts";
import { type PatchRequest, patchSchema } from "./patch-request.ts";
import { type PutJob, putSchema } from "./put-request.ts";
import { decodeBody, decodeLargeIntegers, decodeWithPayloads } from "./raw-body.ts";
import type { RawPayload } from "./record.ts";
import {
  type ReleaseListRequest,
  releaseListSchema,
  type ReleaseRequest,
  releaseSchema,
  type RunList,
  runListSchema,
  statementSchema,
} from "./release-request.ts";
import { readResults, toResultText } from "./result-request.ts";
import { MessageError, readAs } from "./schema.ts";
import type { WorkerStatement } from "./worker-statement.ts";

/** The bytes of a body. */
export type BodyBytes = Uint8Array<ArrayBuffer>;

/** The codec of a format. */
export const codecs: Readonly<Record<Format, Codec>> = { json: jsonCodec, msgpack: msgpackCodec };

/** Reads the body of `POST /jobs`. */
export function readEnqueue(bytes: BodyBytes, format: Format): NewJob {
  const { value, payloads } = decodeWithPayloads(bytes, format, "single");
  return withPayload(read(newJobSchema, value, { bytes, format }), payloads[0], "");
}

/** Reads the body of `PUT /jobs/{id}`. */
export function readPut(bytes: BodyBytes, format: Format): PutJob {
  const { value, payloads } = decodeWithPayloads(bytes, format, "single");
  return withPayload(read(putSchema, value, { bytes, format }), payloads[0], "");
}

/** Reads the body of `POST /jobs/bulk`. */
export function readEnqueueBulk(bytes: BodyBytes, format: Format): NewJob[] {
  const { value, payloads } = decodeWithPayloads(bytes, format, "bulk");
  const { jobs } = read(newJobsSchema, value, { bytes, format });
  for (let i = 0; i < jobs.length; i++) withPayload(jobs[i]!, payloads[i], `jobs[${i}].`);
  return jobs;
}

/** Reads the body of `POST /jobs/success`. */
export function readRunList(bytes: BodyBytes, format: Format): RunList {
  const body = decodeBody(bytes, format);
  const list = read(runListSchema, body, { bytes, format });
  if ((body as { readonly results?: unknown }).results === undefined) return list;
  // Once more, without the marks that stand for floats.
  const results = readResults(codecs[format].decode(bytes));
  return results === undefined ? list : { ...list, results };
}

/** Reads the body of `POST /jobs/release`. */
export function readReleaseList(bytes: BodyBytes, format: Format): ReleaseListRequest {
  return read(releaseListSchema, decodeBody(bytes, format), { bytes, format });
}

/** Reads the body of `POST /jobs/{id}/release`, which may be left out. */
export function readRelease(bytes: BodyBytes, format: Format): ReleaseRequest {
  return optionalReaderOf(releaseSchema)(bytes, format);
}

/** Reads the body of `POST /jobs/take`, which may be left out. */
export function readTakeMany(bytes: BodyBytes, format: Format): TakeManyRequest {
  const value = bytes.length === 0 ? {} : decodeBody(bytes, format);
  return read(takeManySchema, value, { bytes, format });
}

/** Reads the body of `POST /jobs/{id}/heartbeat`, which may be left out. */
export function readHeartbeat(
  bytes: BodyBytes,
  format: Format,
): HeartbeatRequest & { readonly payload: RawPayload | undefined } {
  if (bytes.length === 0) return { ...readAs(heartbeatSchema, {}), payload: undefined };
  const { value, payloads } = decodeWithPayloads(bytes, format, "single");
  return { ...read(heartbeatSchema, value, { bytes, format }), payload: payloads[0] };
}

/** Reads the body of `POST /jobs/heartbeat`. */
export function readHeartbeatList(bytes: BodyBytes, format: Format): HeartbeatListRequest {
  return read(heartbeatListSchema, decodeBody(bytes, format), { bytes, format });
}

/** Reads the body of `PUT /workers/{run}`. */
export function readStatement(bytes: BodyBytes, format: Format): WorkerStatement {
  return read(statementSchema, decodeBody(bytes, format), { bytes, format });
}

/** Reads the body of `POST /jobs/{id}/failure`. */
export const readFailure: (bytes: BodyBytes, format: Format) => FailureRequest = withNewPayload(
  failureSchema,
);

/** Reads the body of `POST /jobs/{id}/success`, if it has one. */
export function readSuccess(bytes: BodyBytes, format: Format): SuccessRequest {
  const { value, payloads: [payload] } = decodeWithPayloads(bytes, format, "single");
  const message = read(successSchema, value, { bytes, format });
  const { result, enqueue } = value as { readonly result?: unknown; readonly enqueue?: unknown };
  return {
    ...message,
    ...payload !== undefined && { payload },
    ...result !== undefined && { result: readResult(bytes, format) },
    ...enqueue != null && { enqueue: readBeside(bytes, format) },
  };
}

/** Reads what a job came to: once more, without the marks that stand for floats. */
function readResult(bytes: BodyBytes, format: Format): string {
  const { result } = codecs[format].decode(bytes) as { readonly result: unknown };
  return toResultText(result, "result");
}

/** Reads the jobs that are stored with a success: once more, for their payloads. */
function readBeside(bytes: BodyBytes, format: Format): readonly NewJob[] {
  const { value, payloads } = decodeWithPayloads(bytes, format, "beside");
  const { enqueue } = read(besideSchema, value, { bytes, format });
  for (const [i, job] of enqueue.entries()) withPayload(job, payloads[i], `enqueue[${i}].`);
  return enqueue;
}

/** Reads the body of `POST /jobs/{id}/requeue`, which may be left out. */
export function readRequeue(bytes: BodyBytes, format: Format): RequeueRequest {
  return bytes.length === 0 ? readAs(requeueSchema, {}) : readRequeueBody(bytes, format);
}

/** A reader of a message that may bring a payload in the place of the stored one. */
function withNewPayload<Message extends { readonly payload?: RawPayload | undefined }>(
  schema: v.GenericSchema<unknown, Message>,
): (bytes: BodyBytes, format: Format) => Message {
  return (bytes, format) => {
    const { value, payloads } = decodeWithPayloads(bytes, format, "single");
    const message = read(schema, value, { bytes, format });
    return payloads[0] === undefined ? message : { ...message, payload: payloads[0] };
  };
}

const readRequeueBody = withNewPayload(requeueSchema);

/** Reads the body of a `PATCH`. */
export function readPatch(bytes: BodyBytes, format: Format): PatchRequest {
  return read(patchSchema, decodeBody(bytes, format), { bytes, format });
}

/** Reads the body that makes one entry of a cron group. */
export function readCronEntryRequest(bytes: BodyBytes, format: Format): CronEntryRequest {
  const { value, payloads } = decodeWithPayloads(bytes, format, "entry");
  const entry = read(cronEntrySchema, value, { bytes, format });
  withPayload(entry.job, payloads[0], "job.");
  return entry;
}

/** Reads the body of a `PATCH` of one entry of a cron group. */
export function readCronEntryPatch(bytes: BodyBytes, format: Format): CronEntryPatch {
  const { value, payloads: [payload] } = decodeWithPayloads(bytes, format, "entry");
  const patch = read(cronEntryPatchSchema, value, { bytes, format });
  return payload === undefined ? patch : { ...patch, job: { ...patch.job, payload } };
}

/** Reads the body of `PUT /crons/{name}`. */
export function readCronGroupRequest(bytes: BodyBytes, format: Format): CronGroupRequest {
  const { value, payloads } = decodeWithPayloads(bytes, format, "entries");
  const group = read(cronGroupSchema, value, { bytes, format });
  for (const [i, { job }] of group.entries.entries()) {
    withPayload(job, payloads[i], `entries[${i}].job.`);
  }
  return group;
}

/** A reader of any message without payloads. */
export function readerOf<Message>(
  schema: v.GenericSchema<unknown, Message>,
): (bytes: BodyBytes, format: Format) => Message {
  return (bytes, format) => read(schema, decodeBody(bytes, format), { bytes, format });
}

/** The same of a message that may be left out. */
export function optionalReaderOf<Message>(
  schema: v.GenericSchema<unknown, Message>,
): (bytes: BodyBytes, format: Format) => Message {
  return (bytes, format) =>
    read(schema, bytes.length === 0 ? {} : decodeBody(bytes, format), { bytes, format });
}

/** Reads a message, and once more if it was refused and may hold an integer that a number cannot tell from 2^64. */
function read<Message>(
  schema: v.GenericSchema<unknown, Message>,
  value: unknown,
  { bytes, format }: { readonly bytes: BodyBytes; readonly format: Format },
): Message {
  try {
    return readAs(schema, value);
  } catch (refusal) {
    const exact = format === "json" ? decodeLargeIntegers(bytes) : undefined;
    if (exact === undefined) throw refusal;
    return readAs(schema, exact);
  }
}

/** Fills in the payload of a job that was just made, so that no second object is needed. */
function withPayload<Job extends NewJob>(
  job: Job,
  payload: RawPayload | undefined,
  path: string,
): Job {
  if (payload === undefined) throw new MessageError(`${path}payload: is missing`);
  (job as { payload: RawPayload }).payload = payload;
  return job;
}
