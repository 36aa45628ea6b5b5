/**
 * Handles the job of a request. The job is the worker's for the whole exchange, and what came of it is handed over by the end of
 * the job: there is no moment in which only memory knows of either.
 *
 * | What comes                                       | What becomes of the job                                       |
 * | ------------------------------------------------ | ------------------------------------------------------------- |
 * | too many requests go to its origin               | it waits, uncharged                                           |
 * | its workers were lost too often                  | it is done; its callback is told `lost`                       |
 * | the broker did not take what came of it          | it is done; its callback is told `config`, with no settings   |
 * | an answer or a failure that is tried again       | it is tried again, later                                      |
 * | another answer or failure                        | it is done; its callback is told                              |
 * | somebody cancels it                              | it is done; its callback is told `aborted`                    |
 * | the worker stops                                 | it goes back, uncharged                                       |
 * | its lease is lost                                | nothing: it is another worker's                               |
 * | a store of payloads fails                        | it fails, and is tried again by its own rules                 |
 *
 * @module
 */

import type { Client } from "../client/client.ts";
import { isMillraceError } from "../errors.ts";
import type { JobContext } from "../worker/context.ts";
import { byError, type Outcome, snooze } from "../worker/outcome.ts";
import type { AnyHttpCallback } from "./define-http-callback.ts";
import {
  openRequest,
  sendRequest,
  toCallbackJob,
  toCallbackRecord,
  toUndelivered,
} from "./engine.ts";
import type { ExchangeOutcome, ExchangeResponse } from "./exchange/ports.ts";
import { finishAlso, toDiscardJobs } from "./finish-with.ts";
import type { HttpMonitor, HttpRequestEndEvent, HttpRequestEvent } from "./http-events.ts";
import type { Origins } from "./origins.ts";
import type { CallbackRecord, RequestPayload, RequestRecord } from "./records.ts";
import { HttpRetry, readTries, retryDelay, type Tries } from "./retry-rules.ts";
import type { SendSettings } from "./send-options.ts";

/** What the handler needs. */
export interface RequestHandlerOptions {
  readonly settings: SendSettings;
  /** Lists the failures of jobs. */
  readonly client: Pick<Client, "errors"> | undefined;
  readonly callbacks: readonly AnyHttpCallback[];
  readonly origins: Origins;
  readonly maxRecoveries: number;
  readonly monitor: HttpMonitor;
  readonly recall: Recall;
}

/** Calls requests back that are being sent. */
export interface Recall {
  /** The exchanges that go on. */
  readonly running: Set<AbortController>;
  /** Jobs that are given back, and of which the broker has not said that it knows. */
  readonly releasing: Set<string>;
  /** Why those that would begin now do not, once it is too late. */
  reason?: WorkerStopped;
}

/** Why an exchange is ended: its worker stops, and somebody else makes it again. */
export class WorkerStopped extends Error {
  /** The literal name of this class. */
  override readonly name = "WorkerStopped";
}

/** What is known of a request that is handled. */
interface Handled {
  readonly context: JobContext;
  readonly payload: RequestPayload;
  readonly record: RequestRecord;
  readonly event: HttpRequestEvent;
}

/** Creates the handler. */
export function createRequestHandler(
  options: RequestHandlerOptions,
): (payload: unknown, context: JobContext) => Promise<unknown> {
  const { settings, client, origins, monitor, recall, maxRecoveries } = options;
  const { payloads, clock, random } = settings;
  const discarding = new Set(
    options.callbacks.filter(({ onError }) => onError === "discard").map(({ name }) => name),
  );

  /** Hands over what came. */
  const deliver = async (handled: Handled, came: CallbackRecord): Promise<unknown> => {
    const { context, payload, event } = handled;
    const { job } = context;
    const { failure, result } = came;
    const isWanted = failure === undefined || !discarding.has(payload.callback);
    const traced = settings.ports.tracing?.meta();
    const meta = traced === undefined ? job.meta : { ...job.meta, ...traced };
    const of = { id: job.id, queue: job.queue, meta, payload };
    const jobs = [
      ...isWanted ? [await toCallbackJob(came, of, settings)] : [],
      ...toDiscardJobs([
        ...toUndelivered(payload.sealed),
        ...isWanted ? [] : toUndelivered(failure?.response?.body),
      ], job.queue),
    ];
    const ended = finishAlso(undefined, { jobs, context });
    if (failure === undefined) {
      const { status, durationMs } = result!;
      monitor.emit("completed", { ...event, status, durationMs });
      context.log.debug("Request was answered", { target: event.target, status, durationMs });
    } else {
      const { kind, message, durationMs } = failure;
      monitor.emit("failed", { ...event, kind, message, durationMs });
      context.log.warn("Request failed", { target: event.target, kind, message, durationMs });
    }
    return ended;
  };

  const toFailed = (
    { record: { args, url, method } }: Handled,
    kind: "lost" | "config" | "unknown",
    message: string,
  ): CallbackRecord => ({
    args,
    failure: { kind, message, url, method, durationMs: 0, redirects: [] },
  });

  /** Sends it, and can be called back meanwhile. */
  const send = async ({ context, record, event }: Handled): Promise<ExchangeOutcome> => {
    const { job, signal } = context;
    const controller = new AbortController();
    const abort = () => controller.abort(signal.reason);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    // A server that takes no job back alone gets it by the end of the stream.
    if (job.deliveries !== undefined) {
      recall.running.add(controller);
      if (recall.reason !== undefined) controller.abort(recall.reason);
    }
    monitor.emit("requestStart", event);
    try {
      const sending = { id: job.id, meta: job.meta, signal: controller.signal };
      return await sendRequest(record, sending, settings);
    } finally {
      signal.removeEventListener("abort", abort);
      recall.running.delete(controller);
    }
  };

  /** What becomes of the job by what came. */
  const decide = async (
    handled: Handled,
    outcome: ExchangeOutcome,
    { tries, startedAt }: { readonly tries: Tries; readonly startedAt: number },
  ): Promise<unknown> => {
    const { context, record, event } = handled;
    const durationMs = Math.round(clock.monotonic() - startedAt);
    const end = (how: HttpRequestEndEvent["outcome"]) =>
      monitor.emit("requestEnd", { ...event, outcome: how, durationMs });
    if (outcome.kind === "stopped") {
      end(isMillraceError(outcome.reason, "lease_lost") ? "lost" : "released");
      return outcome.reason instanceof WorkerStopped ? giveBack(context) : undefined;
    }
    if (outcome.kind === "failure") {
      const { kind, message } = outcome.failure;
      monitor.emit("requestError", { ...event, kind, message, durationMs });
    }
    const terms = { tries, tookMs: durationMs, now: clock.now(), random };
    const delayMs = retryDelay(outcome, record.retry, terms);
    end(delayMs === undefined ? outcome.kind : "retry");
    if (delayMs !== undefined) {
      if (outcome.kind === "response") await drop(outcome.body, context);
      return again(outcome, event, delayMs);
    }
    return await deliver(handled, await toCallbackRecord(outcome, record));
  };

  /** Deletes an answer that is not taken for one. What cannot be deleted is left to the sweep. */
  const drop = async (body: ExchangeResponse["body"], { log }: JobContext): Promise<void> => {
    try {
      for (const packed of toUndelivered(body)) await payloads.discard(packed);
    } catch (error) {
      log.warn("Answer that is not needed could not be deleted", { error });
    }
  };

  const giveBack = ({ job }: JobContext): Outcome => {
    recall.releasing.add(job.id);
    return snooze(0);
  };

  const handle = async (handled: Handled): Promise<unknown> => {
    const { context, event } = handled;
    const tries = await readTries(context.job, { client, signal: context.signal });
    if (tries.losses > maxRecoveries) {
      const message = `The workers that sent it were lost, ${tries.losses} times`;
      return await deliver(handled, toFailed(handled, "lost", message));
    }
    if (tries.refusal !== undefined) {
      // Sent again, it would be refused again.
      const payload = { ...handled.payload, callbackJob: undefined };
      const message = `The broker did not take what came of it: ${tries.refusal}`;
      return await deliver({ ...handled, payload }, toFailed(handled, "config", message));
    }
    if (tries.losses > 0) monitor.emit("recovered", { ...event, losses: tries.losses });
    const startedAt = clock.monotonic();
    let outcome: ExchangeOutcome;
    try {
      outcome = await send(handled);
    } catch (error) {
      const durationMs = Math.round(clock.monotonic() - startedAt);
      monitor.emit("requestEnd", { ...event, outcome: "failure", durationMs });
      throw error;
    }
    return await decide(handled, outcome, { tries, startedAt });
  };

  return async (given, context) => {
    const { payload, record } = await openRequest(given, payloads);
    const { origin, host, pathname } = new URL(record.url);
    const event = { requestId: context.job.id, method: record.method, target: host + pathname };
    const handled = { context, payload, record, event };
    const delayMs = origins.enter(origin);
    if (delayMs !== undefined) {
      monitor.emit("capacity", { ...event, delayMs });
      return snooze(delayMs);
    }
    try {
      return await handle(handled);
    } catch (error) {
      if (!isLastTry(context) || context.signal.aborted) throw error;
      context.log.error("Request is given up", { target: event.target, error });
      return await deliver(handled, toFailed(handled, "unknown", toMessage(error)));
    } finally {
      origins.leave(origin);
    }
  };
}

/** Whether the job is dead if it fails now. */
export function isLastTry({ job }: JobContext): boolean {
  return job.retryLimit !== undefined && job.attempts >= job.retryLimit;
}

function again(outcome: ExchangeOutcome, event: HttpRequestEvent, delayMs: number): Outcome {
  const what = outcome.kind === "response"
    ? `status ${outcome.status}`
    : outcome.kind === "failure"
    ? outcome.failure.kind
    : "nothing";
  const error = new HttpRetry(`${event.method} ${event.target} is sent again after ${what}`);
  return byError("retried", error, { delayMs });
}

/** What is told of an error that is not the request's. */
function toMessage(error: unknown): string {
  const what = error instanceof Error ? error.message : String(error);
  return isMillraceError(error) ? what : `The worker failed: ${what}`;
}
