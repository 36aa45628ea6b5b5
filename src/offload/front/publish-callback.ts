/**
 * What becomes of a message that was published: who asked to be told is told, and one that failed stays as a dead letter.
 *
 * | The message            | `Upstash-Callback` is sent  | `Upstash-Failure-Callback` is sent | Its job of the callback is |
 * | ---------------------- | --------------------------- | ---------------------------------- | -------------------------- |
 * | was answered with 2xx  | the answer                  | –                                  | completed                  |
 * | had another answer     | the last answer             | the last answer                    | dead: the dead letter      |
 * | had none               | –                           | status 0 and why                   | dead: the dead letter      |
 * | was cancelled          | –                           | –                                  | completed                  |
 *
 * @module
 */

import { systemClock } from "../../async/clock.ts";
import { cancel } from "../../worker/outcome.ts";
import { createHttp } from "../create-http.ts";
import {
  defineHttpCallback,
  type HttpCallback,
  type HttpCallbackContext,
} from "../define-http-callback.ts";
import { toBase64 } from "../payloads/base64.ts";
import type { HttpResult } from "../result.ts";
import type { Delivery } from "./publish-request.ts";
import {
  isRetried,
  type PublishedMessage,
  publishName,
  toBytes,
  toRequestOptions,
  toTelling,
} from "./publish-message.ts";

/** What is told besides what is known of the message. */
interface End {
  readonly status: number;
  readonly header: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  /** How often the message was sent again, where that is known. */
  readonly retried?: number;
  /** The id of the dead letter. */
  readonly dlqId?: string;
}

/**
 * The callback of all that comes through a {@linkcode createPublishFront}: give it to the worker that handles callbacks.
 *
 * @example
 * ```ts
 * import { createClient } from "@millrace/millrace/client";
 * import { createHttpWorker, publishCallback } from "@millrace/millrace/offload";
 *
 * const worker = createHttpWorker({
 *   client: createClient({ url: "http://127.0.0.1:7890" }),
 *   callbacks: [publishCallback],
 * });
 * console.log(worker.state); // idle
 * ```
 */
export const publishCallback: HttpCallback<PublishedMessage> = /* @__PURE__ */ defineHttpCallback<
  PublishedMessage
>(publishName, {
  async onComplete(result, context) {
    await tell(context.args.callback, toEnd(result), context);
  },
  async onError(failure, context) {
    const { args: { callback, failureCallback }, job } = context;
    if (failure.kind === "aborted") return;
    const answer: End = failure.kind === "http" ? toEnd(failure.response) : {
      status: 0,
      header: {},
      body: toBase64(new TextEncoder().encode(failure.message)),
    };
    const { retries = context.args.plan.retries } = context.args;
    const end = { ...answer, retried: isRetried(failure) ? retries : 0 };
    if (failure.kind === "http") await tell(callback, end, context);
    await tell(failureCallback, { ...end, dlqId: job.id }, context);
    return cancel(failure.message);
  },
});

function toEnd(result: HttpResult): End {
  const header: Record<string, string[]> = {};
  for (const [name, value] of result.headers) (header[name] ??= []).push(value);
  return { status: result.status, header, body: toBase64(result.bytes()) };
}

/** Publishes what is told, once, however often the callback is run. */
async function tell(
  to: Delivery | undefined,
  end: End,
  { args, requestId, enqueue, meta }: HttpCallbackContext<PublishedMessage>,
): Promise<void> {
  if (to === undefined) return;
  const statement = {
    ...end,
    maxRetries: args.retries ?? args.plan.retries,
    sourceMessageId: requestId,
    url: args.url,
    method: args.method,
    sourceHeader: Object.fromEntries(
      Object.entries(args.headers).map(([name, value]) => [name, [value]]),
    ),
    sourceBody: toBase64(toBytes(args.body)),
    notBefore: args.notBefore,
    createdAt: args.createdAt,
  };
  const message = toTelling(args, to, { now: systemClock.now(), statement });
  const http = createHttp({ enqueue: (request, options) => enqueue(request, options) });
  const { url, method, notBefore, createdAt } = message;
  const job = { meta: { ...meta }, ...notBefore > createdAt && { readyAt: notBefore } };
  await http.request(method, url, toRequestOptions(message, job));
}
