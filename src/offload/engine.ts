/**
 * From the job of a request to what came of it, and to the job of its callback. It knows no worker: the one that sends requests
 * and the inline mode of tests are the same here.
 *
 * @module
 */

import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { JobMeta } from "../protocol/meta.ts";
import { toSeal } from "./build-request.ts";
import { exchange } from "./exchange/exchange.ts";
import type { ExchangeOutcome, ExchangeResponse } from "./exchange/ports.ts";
import type { HttpFailure } from "./failure.ts";
import { fromBase64 } from "./payloads/base64.ts";
import { createPayloads, type PackedPayload, type Payloads } from "./payloads/create-payloads.ts";
import {
  type CallbackPayload,
  callbackQueue,
  type CallbackRecord,
  callbackType,
  type FailureRecord,
  type InlineBody,
  jobRetries,
  readRecord,
  type RequestPayload,
  type RequestRecord,
  type ResultRecord,
} from "./records.ts";
import { type HttpResult, toHttpResult } from "./result.ts";
import type { SendSettings } from "./send-options.ts";
import { readTraceContext } from "./trace-context.ts";

/** Bodies that stand in what is packed as a whole. */
const inline = createPayloads();

/** A request that is being sent. */
export interface Sending {
  /** The id of its job. */
  readonly id: string;
  /** What goes with its job. */
  readonly meta: JobMeta | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Reads the request of a job.
 *
 * @throws {PayloadError} If it cannot be read.
 */
export async function openRequest(
  payload: unknown,
  payloads: Payloads,
): Promise<{ readonly payload: RequestPayload; readonly record: RequestRecord }> {
  const read = readRecord<RequestPayload>("a request", payload, { callback: "string" });
  if (read.sealed === undefined) {
    readRecord<RequestPayload>("a request", payload, { request: "object" });
    return { payload: read, record: read.request! };
  }
  const bytes = await payloads.unpack(read.sealed, toSeal(String(read.seal)));
  return { payload: read, record: JSON.parse(new TextDecoder().decode(bytes)) };
}

/** Sends a request. */
export async function sendRequest(
  record: RequestRecord,
  { id, meta, signal }: Sending,
  { ports, payloads }: SendSettings,
): Promise<ExchangeOutcome> {
  const { body, idempotencyKey: key } = record;
  const trace = meta && readTraceContext(meta);
  const sink = payloads.sink(toBodySeal(id));
  return await exchange(
    {
      id,
      method: record.method,
      url: record.url,
      headers: record.headers,
      defaultHeaders: trace && { ...trace },
      meta,
      secretParams: record.secretParams ?? {},
      body: body && toBytes(body),
      timeoutMs: record.timeoutMs,
      hopTimeoutMs: record.hopTimeoutMs,
      idleTimeoutMs: record.idleTimeoutMs,
      maxRedirects: record.maxRedirects,
      maxBytes: record.maxBytes,
      sign: record.sign ?? [],
      sensitiveHeaders: record.sensitiveHeaders ?? [],
      allowInsecureRedirects: record.allowInsecureRedirects ?? false,
      transportRetries: record.transportRetries ?? 0,
      idempotencyKey: key === true ? id : key,
    },
    { ...ports, sink },
    signal,
  );
}

/** Bodies that are larger fit no job: a broker takes 64 MiB at a time, and text may become twice as long in JSON. */
const mostInlineBytes = 24 * 1024 * 1024;

/** What came, as it goes into the job of the callback. */
export async function toCallbackRecord(
  outcome: Exclude<ExchangeOutcome, { readonly kind: "stopped" }>,
  { args, httpErrors }: RequestRecord,
): Promise<CallbackRecord> {
  if (outcome.kind === "failure") return { args, failure: toFailureRecord(outcome.failure) };
  const { body, ...facts } = outcome;
  if (body instanceof Uint8Array && body.length > mostInlineBytes) {
    const message =
      `The answer of ${body.length} bytes is too large for a job: give 'payloads' a store`;
    return { args, failure: { ...toFacts(facts), kind: "too_large", message } };
  }
  const result = await toResultRecord(outcome);
  const { status, url, method } = result;
  if (httpErrors === "complete" || Math.floor(status / 100) === 2) return { args, result };
  const message = `Status ${status} of ${method} to '${new URL(url).host}'`;
  return { args, failure: { kind: "http", message, ...toFacts(facts), response: result } };
}

/** What lies in a store of an answer that is delivered to nobody. */
export function toUndelivered(
  body: ExchangeResponse["body"] | PackedPayload | undefined,
): PackedPayload[] {
  if (body === undefined || body instanceof Uint8Array) return [];
  const packed: PackedPayload = "key" in body ? { ref: body } : body;
  return "ref" in packed ? [packed] : [];
}

/** The job of a callback. */
export async function toCallbackJob(
  came: CallbackRecord,
  { id, queue, meta, payload }: Omit<Sending, "signal"> & {
    readonly queue: string;
    readonly payload: RequestPayload;
  },
  { payloads, isPacking }: SendSettings,
): Promise<EnqueueRequest> {
  const packed = isPacking
    ? await payloads.pack(new TextEncoder().encode(JSON.stringify(came)), toCallbackSeal(id))
    : undefined;
  const { callback, callbackJob } = payload;
  return {
    ...callbackJob,
    type: callbackType,
    queue: callbackJob?.queue ?? callbackQueue,
    // Known to the worker of the callback, so that it can tell the last try.
    retryLimit: callbackJob?.retryLimit ?? jobRetries,
    payload: {
      v: 1,
      id,
      callback,
      kind: came.failure === undefined ? "complete" : "error",
      queue,
      ...packed && !("text" in packed) ? { sealed: packed } : { came },
    } satisfies CallbackPayload,
    meta,
  };
}

/** A callback's job, read. */
export interface OpenedCallback {
  readonly payload: CallbackPayload;
  readonly args: unknown;
  readonly what: HttpResult | HttpFailure;
  /** What lies in stores, and is of no use when the callback is done. */
  readonly stored: readonly PackedPayload[];
}

/**
 * Reads the job of a callback.
 *
 * @throws {PayloadError} If it cannot be read.
 */
export async function openCallback(
  job: unknown,
  payloads: Payloads,
): Promise<OpenedCallback> {
  const payload = readRecord<CallbackPayload>("a callback", job, {
    id: "string",
    callback: "string",
  });
  const { id, sealed } = payload;
  let came = payload.came;
  if (sealed !== undefined) {
    const bytes = await payloads.unpack(sealed, toCallbackSeal(id));
    came = JSON.parse(new TextDecoder().decode(bytes)) as CallbackRecord;
  } else readRecord<CallbackPayload>("a callback", job, { came: "object" });

  const { args, result, failure } = came!;
  const answer = result ?? failure?.response;
  const stored = [sealed, answer?.body].filter((packed) => packed !== undefined && "ref" in packed);
  const read = answer && await toResult(answer, id, payloads);
  const what = failure === undefined ? read : { ...failure, requestId: id, response: read };
  return {
    payload,
    args,
    what: what as HttpResult | HttpFailure,
    stored: stored as PackedPayload[],
  };
}

async function toResult(
  { body, ...record }: ResultRecord,
  id: string,
  payloads: Payloads,
): Promise<HttpResult> {
  const bytes = await ("ref" in body ? payloads : inline).unpack(body, toBodySeal(id));
  return toHttpResult({ ...record, body: bytes, requestId: id });
}

async function toResultRecord(
  { status, headers, url, method, redirects, durationMs, body }: ExchangeResponse,
): Promise<ResultRecord> {
  const packed = body instanceof Uint8Array ? await inline.pack(body, "") : { ref: body };
  return { status, headers, url, method, redirects, durationMs, body: packed };
}

function toFailureRecord(failure: HttpFailure): FailureRecord {
  const { kind, message, code } = failure;
  const reason = failure.kind === "redirect" ? failure.reason : undefined;
  return { kind, message, code, reason, ...toFacts(failure) };
}

function toFacts(
  { url, method, durationMs, redirects }: Omit<ExchangeResponse, "kind" | "body"> | HttpFailure,
): Pick<FailureRecord, "url" | "method" | "durationMs" | "redirects"> {
  return { url, method, durationMs, redirects };
}

function toBytes(body: InlineBody): Uint8Array {
  return "text" in body ? new TextEncoder().encode(body.text) : fromBase64(body.base64);
}

function toBodySeal(id: string): string {
  return `http-answer:${id}`;
}

function toCallbackSeal(id: string): string {
  return `http-callback:${id}`;
}
