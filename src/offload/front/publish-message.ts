/**
 * A message that was published: what goes with its request, so that its end can be told, and it can be sent again by hand.
 *
 * @module
 */

import type { HttpFailure, HttpFailureKind } from "../failure.ts";
import type { HttpJobSettings, HttpRequest } from "../http-options.ts";
import { fromBase64, toBase64 } from "../payloads/base64.ts";
import type { InlineBody } from "../records.ts";
import type { Delivery, PublishRequest } from "./publish-request.ts";

/** The name of the callback of all that is published. */
export const publishName = "publish";

/** How everything is sent that comes through a front. */
export interface PublishPlan {
  /** The wait before the first retry, in ms; it doubles. */
  readonly baseMs: number;
  /** The longest wait, in ms. */
  readonly maxMs: number;
  /** How often a message is tried again that does not say so. */
  readonly retries: number;
  /** How long a try may take that does not say so, in ms. */
  readonly timeoutMs: number;
  /** How many redirects are followed. */
  readonly maxRedirects: number;
  /** The signers. */
  readonly sign: readonly string[];
  /** The queue of the requests. */
  readonly queue?: string;
  /** The queue of the callbacks. */
  readonly callbackQueue?: string;
}

/** A message, as it goes with its request. It is JSON. */
export interface PublishedMessage extends Delivery {
  /** The body: as text if it is one, else in base64. */
  readonly body: InlineBody;
  /** When it was published, in ms since the epoch. */
  readonly createdAt: number;
  /** When it is sent first, in ms since the epoch. */
  readonly notBefore: number;
  /** Labels, which are tags of its jobs. */
  readonly labels: readonly string[];
  /** Who is told of an answer. */
  readonly callback?: Delivery;
  /** Who is told that all tries failed. */
  readonly failureCallback?: Delivery;
  /** How it is sent. */
  readonly plan: PublishPlan;
}

/**
 * The statuses after which a message is sent again: all that are not a success, as far as somebody uses them. A list, as it
 * stands in each job.
 */
const unwanted = [
  ...range(300, 308),
  ...range(400, 431),
  ...[440, 444, 449, 451, 460, 463, 494, 495, 496, 497, 498, 499],
  ...range(500, 511),
  ...range(520, 530),
  ...[561, 598, 599],
].filter((status) => status !== 304);

/** The kinds of failure after which it is. */
const passing: readonly HttpFailureKind[] = ["timeout", "connection", "tls", "protocol"];

/** Whether a message that failed so was sent again, as often as it says. */
export function isRetried(failure: HttpFailure): boolean {
  return failure.kind === "http"
    ? unwanted.includes(failure.response.status)
    : passing.includes(failure.kind);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** Makes a message of what was asked for. */
export function toMessage(
  asked: PublishRequest,
  body: Uint8Array,
  { now, plan }: { readonly now: number; readonly plan: PublishPlan },
): PublishedMessage {
  const { deduplicationId: _id, isDeduplicatedByContent: _is, delayMs = 0, ...rest } = asked;
  return {
    ...rest,
    body: toInline(body),
    createdAt: now,
    notBefore: asked.notBefore ?? now + delayMs,
    plan,
  };
}

/**
 * What is said of the request of a message.
 *
 * @param message The message.
 * @param job What its job has besides.
 */
export function toRequestOptions(
  message: PublishedMessage,
  job: HttpJobSettings = {},
): HttpRequest<PublishedMessage> {
  const { plan, retries = plan.retries, timeoutMs = plan.timeoutMs, labels } = message;
  const body = toBytes(message.body);
  return {
    headers: message.headers,
    ...body.length > 0 && { body },
    timeoutMs,
    maxRedirects: plan.maxRedirects,
    httpErrors: "error",
    retry: {
      limit: retries,
      statuses: unwanted,
      kinds: passing,
      baseMs: plan.baseMs,
      maxMs: plan.maxMs,
    },
    sign: plan.sign,
    job: {
      tags: labels,
      ...plan.queue !== undefined && { queue: plan.queue },
      ...job,
    },
    callback: publishName,
    callbackArgs: message,
    callbackJob: {
      tags: labels,
      ...plan.callbackQueue !== undefined && { queue: plan.callbackQueue },
    },
  };
}

/** Makes the message that tells of the end of another one. Nobody is told of its own end. */
export function toTelling(
  of: PublishedMessage,
  { headers, delayMs = 0, ...to }: Delivery,
  { now, statement }: { readonly now: number; readonly statement: unknown },
): PublishedMessage {
  return {
    ...to,
    headers: { "content-type": "application/json", ...headers },
    body: { text: JSON.stringify(statement) },
    createdAt: now,
    notBefore: now + delayMs,
    labels: of.labels,
    plan: of.plan,
  };
}

/** A body for a job. */
export function toInline(bytes: Uint8Array): InlineBody {
  try {
    // As it came: a mark of the byte order is a part of it.
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: toBase64(bytes) };
  }
}

/** The body of a message. */
export function toBytes(body: InlineBody): Uint8Array {
  return "text" in body ? new TextEncoder().encode(body.text) : fromBase64(body.base64);
}
