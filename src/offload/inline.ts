/**
 * Requests without a broker, for tests and consoles: the same engine sends them at once, and calls their callbacks.
 *
 * @module
 */

import { systemClock } from "../async/clock.ts";
import { wait } from "../async/wait.ts";
import type { Client } from "../client/client.ts";
import type { EnqueueArgs, EnqueueManyArgs } from "../client/enqueue-args.ts";
import { guardLogger } from "../guard-logger.ts";
import type { Logger } from "../log.ts";
import { checkOptions, type Names } from "../options.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { Job } from "../protocol/job.ts";
import { RunningContext } from "../worker/context.ts";
import { isOutcome, successOf } from "../worker/outcome.ts";
import { CallbackContext } from "./callback-context.ts";
import type { HttpTarget } from "./create-http.ts";
import type { AnyHttpCallback } from "./define-http-callback.ts";
import {
  openCallback,
  openRequest,
  sendRequest,
  toCallbackJob,
  toCallbackRecord,
  toUndelivered,
} from "./engine.ts";
import type { ExchangeOutcome } from "./exchange/ports.ts";
import { call, toCallbackMap } from "./handle-http-callbacks.ts";
import { noTries, retryDelay } from "./retry-rules.ts";
import {
  type HttpSendOptions,
  sendNames,
  type SendSettings,
  toSendSettings,
} from "./send-options.ts";

/** What {@linkcode inline} needs. */
export interface InlineOptions extends HttpSendOptions {
  /** The callbacks. */
  readonly callbacks: readonly AnyHttpCallback[];
  /**
   * Stores what callbacks enqueue.
   *
   * @default {a callback that enqueues fails}
   */
  readonly client?: Pick<Client, "enqueue" | "enqueueMany"> | undefined;
  /**
   * Gets what callbacks log.
   *
   * @default {from info on, lines on the console}
   */
  readonly logger?: Logger | false | undefined;
}

const names: Names<InlineOptions> = { ...sendNames, callbacks: 1, client: 1, logger: 1 };

/**
 * Sends each request at once, instead of enqueuing it, and calls its callback before `http.post()` and its like resolve. No job is
 * stored; what the callback throws, they reject with. A `delay` is none here; tries after failures wait by `clock`; all addresses
 * may be asked, unless `guardAddresses` says otherwise.
 *
 * @param options The callbacks, and what is needed to send requests, such as a `fetch` of the test.
 * @returns What `createHttp` takes for a client.
 * @throws {TypeError} If an option is of a wrong kind.
 *
 * @example
 * ```ts
 * import { createHttp, defineHttpCallback, inline } from "@millrace/millrace/offload";
 *
 * const replies: string[] = [];
 * const saveReply = defineHttpCallback("save-reply", {
 *   onComplete: (result) => void replies.push(result.text()),
 *   onError: (failure) => void replies.push(failure.kind),
 * });
 * const fakeFetch: typeof fetch = () => Promise.resolve(new Response("42"));
 *
 * const http = createHttp(inline({ callbacks: [saveReply], fetch: fakeFetch }));
 * await http.get("https://api.example/answer", { callback: saveReply });
 * console.log(replies); // [ "42" ]
 * ```
 */
export function inline(options: InlineOptions): HttpTarget {
  checkOptions("inline", options, names);
  const callbacks = toCallbackMap(options.callbacks);
  // A test asks its own machine.
  const settings = toSendSettings({ guardAddresses: false, ...options });
  const logger = guardLogger(options.logger, "info");
  const { client } = options;
  let count = 0;

  return {
    async enqueue(request, { signal = new AbortController().signal } = {}) {
      const job = toJob(request, `inline-${++count}`);
      const { payload, record } = await openRequest(job.payload, settings.payloads);
      const callback = callbacks.get(payload.callback);
      if (callback === undefined) {
        throw new TypeError(
          `Unknown callback '${payload.callback}', expected one of ${
            [...callbacks.keys()].join(", ")
          }`,
        );
      }
      const sending = { id: job.id, meta: job.meta, signal };
      const outcome = await sendWithRetries(
        () => sendRequest(record, sending, settings),
        { retry: record.retry, settings, signal },
      );
      if (outcome.kind === "stopped") throw outcome.reason;
      const came = await toCallbackRecord(outcome, record);
      const next = await toCallbackJob(came, { ...sending, queue: job.queue, payload }, settings);
      // Through JSON, as that of a job: what cannot be written fails here too.
      const { what, args, stored } = await openCallback(
        JSON.parse(JSON.stringify(next.payload)),
        settings.payloads,
      );
      const context = new RunningContext(toJob(next, `${job.id}-callback`), logger);
      if (client !== undefined) context.powers = toPowers(client);
      const own = { args: await callback.checkArgs(args), requestId: job.id };
      try {
        const returned = await call(callback, what, new CallbackContext(context, own));
        const { enqueue = [] } = isOutcome(returned) && successOf(returned) || {};
        if (enqueue.length > 0) await context.enqueueMany(enqueue);
      } finally {
        for (const packed of [...stored, ...payload.sealed ? [payload.sealed] : []]) {
          await settings.payloads.discard(packed);
        }
      }
      return { id: job.id };
    },
  };
}

async function sendWithRetries(
  send: () => Promise<ExchangeOutcome>,
  { retry, settings, signal }: {
    readonly retry: Parameters<typeof retryDelay>[1];
    readonly settings: SendSettings;
    readonly signal: AbortSignal;
  },
): Promise<ExchangeOutcome> {
  const { clock, random } = settings;
  const startedAt = clock.monotonic();
  for (let retries = 0;; retries++) {
    const outcome = await send();
    const sinceFirstMs = clock.monotonic() - startedAt;
    const delayMs = retryDelay(outcome, retry, {
      tries: { ...noTries, retries, sinceFirstMs },
      tookMs: 0,
      now: clock.now(),
      random,
    });
    if (delayMs === undefined) return outcome;
    const stored = outcome.kind === "response" ? toUndelivered(outcome.body) : [];
    for (const packed of stored) await settings.payloads.discard(packed);
    await wait(delayMs, clock, signal);
  }
}

/** A job that is stored nowhere. */
function toJob({ type, queue, payload, meta }: EnqueueRequest, id: string): Job {
  const now = systemClock.now();
  return {
    id,
    type,
    queue,
    payload: JSON.parse(JSON.stringify(payload)),
    priority: 32_768,
    status: "in_flight",
    readyAt: now,
    dequeuedAt: now,
    attempts: 0,
    ...meta && { meta },
  };
}

function toPowers(
  client: Pick<Client, "enqueue" | "enqueueMany">,
): NonNullable<RunningContext["powers"]> {
  const call = (name: "enqueue" | "enqueueMany", args: EnqueueArgs | EnqueueManyArgs) =>
    (client[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
  return {
    enqueue: (_, args) => call("enqueue", args),
    enqueueMany: (_, args) => call("enqueueMany", args),
    progress() {},
  };
}
