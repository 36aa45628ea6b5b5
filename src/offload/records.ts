/**
 * What stands in the jobs of requests and of their callbacks. All that has a default is resolved when the request is enqueued, so
 * that another version or another configuration does not change it later. A reader that does not know the version says so.
 *
 * @module
 */

import { PayloadError } from "../errors.ts";
import { show } from "../options.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { HttpFailureKind } from "./failure.ts";
import type { HttpRetryOptions } from "./retry-options.ts";
import type { PackedPayload } from "./payloads/create-payloads.ts";
import type { SecretRef } from "./secret.ts";

/** The types of the jobs. */
export const requestType = "http:request";
export const callbackType = "http:callback";
export const discardType = "http:discard";

/** The queues of the jobs, unless somebody says otherwise. */
export const requestQueue = "http";
export const callbackQueue = "http-callbacks";

/** A request is tried again when its job fails for other reasons than the request; the workers count losses themselves. */
export const jobRetries = 25;

/** A body in the job that it belongs to. */
export type InlineBody = { readonly text: string } | { readonly base64: string };

/** When a request is sent again; what is left out has the defaults of this version. */
export type RetryRecord = HttpRetryOptions;

/** A request, as it stands in its job. */
export interface RequestRecord {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | SecretRef>>;
  readonly secretParams?: Readonly<Record<string, SecretRef>> | undefined;
  readonly body?: InlineBody | undefined;
  readonly timeoutMs: number;
  readonly hopTimeoutMs?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly maxRedirects: number;
  readonly maxBytes: number;
  readonly httpErrors: "complete" | "error";
  readonly sign?: readonly string[] | undefined;
  readonly sensitiveHeaders?: readonly string[] | undefined;
  readonly allowInsecureRedirects?: boolean | undefined;
  readonly transportRetries?: number | undefined;
  /** True for the id of the job. */
  readonly idempotencyKey?: string | true | undefined;
  readonly retry?: RetryRecord | undefined;
  readonly args: unknown;
}

/** What the job of the callback has besides its payload. */
export type CallbackJob = Partial<
  Pick<EnqueueRequest, "queue" | "priority" | "retryLimit" | "backoff" | "retention" | "tags">
>;

/** The payload of the job of a request. */
export interface RequestPayload {
  readonly v: 1;
  /** The name of the callback. */
  readonly callback: string;
  readonly callbackJob?: CallbackJob | undefined;
  /** The request itself, if nothing packs it. */
  readonly request?: RequestRecord;
  /** The request as it was packed, and what it was packed for. */
  readonly sealed?: PackedPayload;
  readonly seal?: string;
}

/** An answer, as it stands in the job of its callback. */
export interface ResultRecord {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly url: string;
  readonly method: string;
  readonly redirects: readonly string[];
  readonly durationMs: number;
  /** In the job, or in a store. */
  readonly body: PackedPayload;
}

/** A failure, as it stands there. */
export interface FailureRecord {
  readonly kind: HttpFailureKind;
  readonly message: string;
  readonly code?: string | undefined;
  readonly url: string;
  readonly method: string;
  readonly durationMs: number;
  readonly redirects: readonly string[];
  readonly reason?: string | undefined;
  readonly response?: ResultRecord | undefined;
}

/** What came of a request. */
export interface CallbackRecord {
  readonly args: unknown;
  readonly result?: ResultRecord;
  readonly failure?: FailureRecord;
}

/** The payload of the job of a callback. */
export interface CallbackPayload {
  readonly v: 1;
  /** The id of the request. */
  readonly id: string;
  readonly callback: string;
  readonly kind: "complete" | "error";
  /** The queue of the request, whose workers know the stores of payloads. */
  readonly queue: string;
  readonly came?: CallbackRecord;
  readonly sealed?: PackedPayload;
}

/** The payload of a job that deletes what lies in stores. */
export interface DiscardPayload {
  readonly v: 1;
  readonly payloads: readonly PackedPayload[];
}

/**
 * Reads the payload of a job.
 *
 * @param what What it is to be, for the message.
 * @param payload The payload.
 * @param names Members that have to be there, with the types that they have.
 * @throws {PayloadError} If it is none of this version.
 */
export function readRecord<Payload extends { readonly v: 1 }>(
  what: string,
  payload: unknown,
  names: { readonly [Name in keyof Payload]?: "string" | "object" },
): Payload {
  if (typeof payload !== "object" || payload === null) {
    throw new PayloadError(`Cannot read ${show(payload)} as ${what}: expected an object`);
  }
  const { v } = payload as { v?: unknown };
  if (v !== 1) {
    throw new PayloadError(
      `Cannot read ${what} of version ${show(v)}: this version of Millrace knows 1`,
    );
  }
  for (const [name, type] of Object.entries(names)) {
    const value = (payload as Record<string, unknown>)[name];
    if (typeof value === type && value !== null) continue;
    throw new PayloadError(`Cannot read ${what}: '${name}' is ${show(value)}, expected ${type}`);
  }
  return payload as unknown as Payload;
}
