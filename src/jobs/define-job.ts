/**
 * A job definition: the one thing that the code which enqueues and the code which handles share.
 *
 * It imports nothing of the worker, so that an edge function that only enqueues stays small.
 *
 * @module
 */

import { type Clock, systemClock } from "../async/clock.ts";
import { type Duration, toMs } from "../async/duration.ts";
import { PayloadError } from "../errors.ts";
import { type EnqueueRequest, toEnqueueWire } from "../protocol/enqueue.ts";
import type { BudgetUse } from "../protocol/budget-request.ts";
import type { Backoff, Batch, Retention, UniqueWhile } from "../protocol/job.ts";
import { checkName } from "../protocol/names.ts";
import { describeIssues, type SchemaResult, type StandardSchema } from "./standard-schema.ts";

/** How a job is run; each setting of an enqueue beats that of the definition, which beats the broker's. */
export interface JobSettings {
  /** 0 to 65535, lower runs first; default 32768. */
  readonly priority?: number | undefined;
  /** How long it waits before it becomes ready, in ms or as text (`"10m"`); default not at all. */
  readonly delay?: Duration | undefined;
  /** Retries before it is dead; default the broker's (25). 0 makes the first failure the last. */
  readonly retryLimit?: number | undefined;
  /** Delay between tries; default the broker's. */
  readonly backoff?: Backoff | undefined;
  /** How long it is kept when finished; default the broker's (gone after success, 7 days after death). */
  readonly retention?: Retention | undefined;
  /** While what a unique key is held, if there is one; default `queued`. */
  readonly uniqueWhile?: UniqueWhile | undefined;
  /** The budgets that it draws on; all of them must be able to pay before it runs. */
  readonly budgets?: readonly BudgetUse[] | undefined;
}

/** Settings of one enqueue. */
export interface EnqueueSettings extends JobSettings {
  /** When it becomes ready, in ms since the epoch; instead of `delay`, not with it. */
  readonly readyAt?: number | undefined;
  /** An enqueue while this key is held stores nothing and gives the job that holds it; over all queues and types. */
  readonly uniqueKey?: string | undefined;
  /** Folds it into the job of this batch that waits, if there is one and that wants it; not with a unique key. */
  readonly batch?: Batch | undefined;
}

/** A batch whose key may depend on the payload. */
export interface BatchOptions<Payload> extends Omit<Batch, "key"> {
  /** Which jobs belong together; undefined for one that stays alone. */
  readonly key: string | ((payload: Payload) => string | undefined);
}

/** What a definition says besides the payload. */
export interface JobOptions<Payload = unknown> extends JobSettings {
  /** Which handler runs it. Not empty, without commas, NUL and `* ? [ ] { } \`. */
  readonly type: string;
  /** The queue it waits in; same rules as for `type`. */
  readonly queue: string;
  /** How long one run of the handler may take, in ms or as text; then its signal is aborted. Default no limit. */
  readonly timeout?: Duration | undefined;
  /** The unique key of a payload; undefined for one that needs none. */
  readonly uniqueKey?: ((payload: Payload) => string | undefined) | undefined;
  /** The batch of a payload. */
  readonly batch?: BatchOptions<Payload> | undefined;
}

/** What a definition with a schema says. */
export interface CheckedJobOptions<Input, Output> extends JobOptions<Input> {
  /** What a payload must look like: a schema of any library that follows Standard Schema. */
  readonly payload: StandardSchema<Input, Output>;
}

/**
 * A kind of job. `Input` is what is enqueued, and what travels; `Output` is what the schema makes of it for the
 * handler. Without a transforming schema they are the same.
 */
export interface JobDefinition<Input = unknown, Output = Input> {
  /** Which handler runs it. */
  readonly type: string;
  /** The queue it waits in. */
  readonly queue: string;
  /** How long one run of the handler may take, in ms; undefined is no limit. */
  readonly timeoutMs: number | undefined;
  /**
   * Checks a payload and gives the request that stores it; a promise if the schema is asynchronous. Throws
   * {@linkcode PayloadError} when it does not fit and `TypeError` or `RangeError` for settings that cannot be.
   *
   * @param clock What a `delay` is counted from; default the machine's clock.
   */
  toRequest(
    payload: Input,
    settings?: EnqueueSettings,
    clock?: Clock,
  ): EnqueueRequest | Promise<EnqueueRequest>;
  /**
   * Checks a payload that arrived and gives what the schema makes of it; a promise if the schema is asynchronous.
   * Throws {@linkcode PayloadError} when it does not fit.
   */
  parse(payload: unknown): Output | Promise<Output>;
}

/**
 * Defines a kind of job whose payload a schema checks, before it is enqueued and again before it is handled.
 *
 * Throws `TypeError` for a name that cannot be one and `RangeError` for settings out of range.
 *
 * @example
 * ```ts
 * import * as v from "valibot";
 * import { createClient, defineJob } from "@millrace/millrace/client";
 *
 * const resize = defineJob({
 *   type: "resize",
 *   queue: "images",
 *   payload: v.object({ file: v.string(), width: v.number() }),
 *   retryLimit: 5,
 * });
 *
 * const request = await resize.toRequest({ file: "cat.png", width: 640 }, { priority: 10 });
 * console.log(request.queue, request.priority); // images 10
 * ```
 */
export function defineJob<Input, Output>(
  options: CheckedJobOptions<Input, Output>,
): JobDefinition<Input, Output>;
/** Defines a kind of job whose payload nobody checks: its type is a promise of the programmer's. */
export function defineJob<Payload = unknown>(
  options: JobOptions<Payload>,
): JobDefinition<Payload, Payload>;
export function defineJob<Input, Output>(
  options: JobOptions<Input> & Partial<CheckedJobOptions<Input, Output>>,
): JobDefinition<Input, Output> {
  const { type, queue, payload: schema } = options;
  const complaint = checkName("type", type) ?? checkName("queue", queue);
  if (complaint !== undefined) {
    throw new TypeError(`Cannot define job ${JSON.stringify(type)}: ${complaint}`);
  }

  const check = (value: unknown): Output | Promise<Output> => {
    if (schema === undefined) return value as Output;
    const result = schema["~standard"].validate(value);
    return result instanceof Promise
      ? result.then((result) => outputOf(type, result))
      : outputOf(type, result);
  };

  const settle = (payload: Input, settings: EnqueueSettings, clock: Clock): EnqueueRequest => ({
    type,
    queue,
    payload,
    priority: settings.priority ?? options.priority,
    readyAt: toReadyAt(settings, options, clock),
    retryLimit: settings.retryLimit ?? options.retryLimit,
    backoff: settings.backoff ?? options.backoff,
    retention: settings.retention ?? options.retention,
    budgets: settings.budgets ?? options.budgets,
  });

  /** What depends on the payload. */
  const belong = (payload: Input, settings: EnqueueSettings): Partial<EnqueueRequest> => {
    const uniqueKey = settings.uniqueKey ?? options.uniqueKey?.(payload);
    return {
      uniqueKey,
      // A scope without a key would be refused.
      uniqueWhile: uniqueKey === undefined
        ? undefined
        : settings.uniqueWhile ?? options.uniqueWhile,
      batch: settings.batch ?? toBatch(payload, options.batch),
    };
  };
  const toWhole = (payload: Input, settings: EnqueueSettings, clock: Clock): EnqueueRequest => ({
    ...settle(payload, settings, clock),
    ...belong(payload, settings),
  });

  // What could never be enqueued fails here, and not at the first enqueue.
  toEnqueueWire(settle(null as Input, {}, systemClock));
  return {
    type,
    queue,
    timeoutMs: options.timeout === undefined ? undefined : toMs(options.timeout, "timeout"),
    toRequest(payload, settings = {}, clock = systemClock) {
      // The payload travels as it was given: what the schema makes of it need not be JSON.
      const checked = check(payload);
      return checked instanceof Promise
        ? checked.then(() => toWhole(payload, settings, clock))
        : toWhole(payload, settings, clock);
    },
    parse: check,
  };
}

function outputOf<Output>(type: string, result: SchemaResult<Output>): Output {
  if (result.issues === undefined) return result.value;
  throw new PayloadError(`Payload of '${type}' does not fit: ${describeIssues(result.issues)}`);
}

function toBatch<Payload>(
  payload: Payload,
  options: BatchOptions<Payload> | undefined,
): Batch | undefined {
  if (options === undefined) return undefined;
  const key = typeof options.key === "string" ? options.key : options.key(payload);
  return key === undefined ? undefined : { ...options, key };
}

function toReadyAt(
  { delay, readyAt }: EnqueueSettings,
  defaults: JobSettings,
  clock: Clock,
): number | undefined {
  if (delay !== undefined && readyAt !== undefined) {
    throw new TypeError("Cannot enqueue with both 'delay' and 'readyAt': give one of them");
  }
  if (readyAt !== undefined) return readyAt;
  const wait = delay ?? defaults.delay;
  return wait === undefined ? undefined : clock.now() + toMs(wait, "delay");
}
