/**
 * A job definition: what the code that enqueues and the code that handles share.
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
import type { DependencyUse } from "../protocol/dependency.ts";
import type { Backoff, Batch, Retention, UniqueWhile } from "../protocol/job.ts";
import type { JsonOnly } from "../protocol/jsonable.ts";
import type { JobMeta } from "../protocol/meta.ts";
import { checkOptions, type Names, show } from "../options.ts";
import { checkName } from "../protocol/names.ts";
import { demandFit } from "../protocol/unfit.ts";
import { describeIssues, type SchemaResult, type StandardSchema } from "./standard-schema.ts";

/** How a job is run. A setting of an enqueue beats that of the definition, which beats that of the broker. */
export interface JobSettings {
  /**
   * 0 to 65535, lower runs first.
   *
   * @default {32768}
   */
  readonly priority?: number | undefined;
  /**
   * How long it waits before it becomes ready, in ms or as text (`"10m"`).
   *
   * @default {0}
   */
  readonly delay?: Duration | undefined;
  /**
   * Retries before it is dead. With 0 it is dead after its first failure.
   *
   * @default {the broker's: 25}
   */
  readonly retryLimit?: number | undefined;
  /**
   * The delay between tries.
   *
   * @default {the broker's}
   */
  readonly backoff?: Backoff | undefined;
  /**
   * How long it is kept when it is finished.
   *
   * @default {the broker's: not at all after success, 7 days when it is dead}
   */
  readonly retention?: Retention | undefined;
  /**
   * How long it keeps its unique key, if it has one.
   *
   * @default {"queued"}
   */
  readonly uniqueWhile?: UniqueWhile | undefined;
  /** The budgets that it draws on. It runs when all of them have the tokens that it costs. */
  readonly budgets?: readonly BudgetUse[] | undefined;
  /** Texts by which it is found: 20 at most, of 200 characters at most. Those of an enqueue take the place of all others. */
  readonly tags?: readonly string[] | undefined;
  /**
   * What goes with it besides its payload: its handler is shown it (`context.meta`). Those of an enqueue are added to those of
   * the definition. Only a Millrace broker keeps it; elsewhere the job runs without.
   */
  readonly meta?: JobMeta | undefined;
}

/** Settings of one enqueue. */
export interface EnqueueSettings extends JobSettings {
  /** When it becomes ready, in ms since the epoch; instead of `delay`, not with it. */
  readonly readyAt?: number | undefined;
  /** While a job has this key, another enqueue with it stores nothing and gives that job; over all queues and types. */
  readonly uniqueKey?: string | undefined;
  /** Adds it to the waiting job of this batch, if there is one and its rule says so; not with a unique key. */
  readonly batch?: Batch | undefined;
  /** The jobs that it waits for: it is `blocked` until each of them has succeeded. */
  readonly dependsOn?: readonly DependencyUse[] | undefined;
}

/** A batch whose key may depend on the payload. */
export interface BatchOptions<Payload> extends Omit<Batch, "key"> {
  /** Which jobs belong together; undefined for one that stays alone. */
  readonly key: string | ((payload: Payload) => string | undefined);
}

/** What a definition is made from. */
export interface JobOptions<Payload = unknown, Output = Payload, Result = unknown>
  extends JobSettings {
  /** Which handler runs it. Not empty, without commas, NUL and `* ? [ ] { } \`. */
  readonly type: string;
  /** The queue it waits in; same rules as for `type`. */
  readonly queue: string;
  /**
   * What a payload must look like: a schema of any library that follows Standard Schema.
   *
   * @default {none: a payload is what the programmer says it is}
   */
  readonly payload?: StandardSchema<Payload, Output> | undefined;
  /**
   * What a job comes to: a schema of what its handler returns, which is checked, and kept as the result of the job if its
   * retention keeps it. A job whose handler returns something else has failed.
   *
   * @default {none: what a handler returns is kept if it is JSON}
   */
  readonly result?: StandardSchema<Result, unknown> | undefined;
  /**
   * How long one run of the handler may take, in ms or as text (`"30s"`); then its signal is aborted.
   *
   * @default {no limit}
   */
  readonly timeout?: Duration | undefined;
  /** The unique key of a payload; undefined for one that needs none. */
  readonly uniqueKey?: ((payload: Payload) => string | undefined) | undefined;
  /** The batch of a payload. */
  readonly batch?: BatchOptions<Payload> | undefined;
}

/**
 * A kind of job. `Input` is the type of payload that is enqueued and stored; `Output` is what the schema makes of it
 * for the handler. They are the same unless the schema transforms.
 */
export interface JobDefinition<Input = unknown, Output = Input, Result = unknown> {
  /** Which handler runs it. */
  readonly type: string;
  /** The queue it waits in. */
  readonly queue: string;
  /** How long one run of the handler may take, in ms; undefined is no limit. */
  readonly timeoutMs: number | undefined;
  /** What a job comes to, if the definition says so. */
  readonly result?: StandardSchema<Result, unknown> | undefined;
  /** For the compiler only: what a job comes to. */
  readonly types?: { readonly result: Result } | undefined;
  /**
   * Checks a payload and gives the request that stores it.
   *
   * @param payload What the job is about.
   * @param settings What this job has besides the settings of the definition.
   * @param clock What a `delay` is counted from; default the machine's clock.
   * @returns The request; a promise of it if the schema is asynchronous.
   * @throws {PayloadError} If the payload does not fit, or JSON does not carry it.
   * @throws {TypeError} If a setting is of a wrong kind, or two of them exclude each other.
   * @throws {RangeError} If a setting is out of range.
   */
  // A property, as the parameters of a method are compared loosely: a payload too wide would fit.
  readonly toRequest: (
    payload: Input,
    settings?: EnqueueSettings,
    clock?: Clock,
  ) => EnqueueRequest | Promise<EnqueueRequest>;
  /**
   * Checks a payload that arrived.
   *
   * @param payload The payload of a job.
   * @returns What the schema makes of it; a promise of that if the schema is asynchronous.
   * @throws {PayloadError} If the payload does not fit.
   */
  parse(payload: unknown): Output | Promise<Output>;
}

/**
 * Defines a kind of job. With a schema, its payload is checked before it is enqueued and again before it is handled;
 * without one, its type is only what the programmer says: `defineJob<{ file: string }>({ … })`. A job that has none is
 * `defineJob<void>({ … })`.
 *
 * @param options What the jobs are, how they are run, and the schema of their payloads.
 * @throws {TypeError} If a name or another option is not allowed.
 * @throws {RangeError} If a number is out of range.
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
export function defineJob<
  Input extends JsonOnly<Input> = unknown,
  Output = Input,
  Result = unknown,
>(
  options: JobOptions<Input, Output, Result>,
): JobDefinition<Input, Output, Result> {
  checkOptions("defineJob", options, definitionNames());
  const { type, queue, payload: schema } = options;
  const complaint = checkName("type", type) ?? checkName("queue", queue);
  if (complaint !== undefined) {
    throw new TypeError(`Cannot define job ${JSON.stringify(type)}: ${complaint}`);
  }

  if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function") {
    throw new TypeError(
      `Cannot use 'payload' ${show(schema)}: expected a schema that follows Standard Schema`,
    );
  }

  const check = (value: unknown): Output | Promise<Output> => {
    if (schema === undefined) return value as Output;
    const result = schema["~standard"].validate(value);
    return result instanceof Promise
      ? result.then((result) => outputOf(type, result))
      : outputOf(type, result);
  };

  const toBaseRequest = (
    payload: Input,
    settings: EnqueueSettings,
    clock: Clock,
  ): EnqueueRequest => ({
    type,
    queue,
    payload,
    priority: settings.priority ?? options.priority,
    ...toTime(settings, options, clock),
    retryLimit: settings.retryLimit ?? options.retryLimit,
    backoff: settings.backoff ?? options.backoff,
    retention: settings.retention ?? options.retention,
    budgets: settings.budgets ?? options.budgets,
    dependsOn: settings.dependsOn,
    tags: settings.tags ?? options.tags,
    meta: settings.meta && options.meta
      ? { ...options.meta, ...settings.meta }
      : settings.meta ?? options.meta,
  });

  /** The unique key and the batch, which may depend on the payload. */
  const toGrouping = (payload: Input, settings: EnqueueSettings): Partial<EnqueueRequest> => {
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
  const toFullRequest = (
    payload: Input,
    settings: EnqueueSettings,
    clock: Clock,
  ): EnqueueRequest => {
    demandFit(payload);
    return { ...toBaseRequest(payload, settings, clock), ...toGrouping(payload, settings) };
  };

  // Settings that no enqueue could send fail here, and not at the first enqueue.
  toEnqueueWire(toBaseRequest(null as Input, {}, systemClock), 0);
  return {
    type,
    queue,
    result: options.result,
    timeoutMs: options.timeout === undefined ? undefined : toMs(options.timeout, "timeout"),
    toRequest(payload, settings, clock = systemClock) {
      if (settings === undefined) settings = {};
      else checkOptions("enqueue", settings, enqueueNames);
      // The payload travels as it was given: what the schema makes of it need not be JSON.
      const checked = check(payload);
      return checked instanceof Promise
        ? checked.then(() => toFullRequest(payload, settings, clock))
        : toFullRequest(payload, settings, clock);
    },
    parse: check,
  };
}

const settingNames: Names<JobSettings> = {
  priority: 1,
  delay: 1,
  retryLimit: 1,
  backoff: 1,
  retention: 1,
  uniqueWhile: 1,
  budgets: 1,
  tags: 1,
  meta: 1,
};

/** Also what an enqueue may have that is for the call and not for the job. */
const enqueueNames: Names<EnqueueSettings> = /* @__PURE__ */ (() => ({
  ...settingNames,
  readyAt: 1,
  uniqueKey: 1,
  batch: 1,
  dependsOn: 1,
  idempotencyKey: 1,
  signal: 1,
  timeoutMs: 1,
}))();

const definitionNames = (): Names<JobOptions> => ({
  ...settingNames,
  type: 1,
  queue: 1,
  payload: 1,
  result: 1,
  timeout: 1,
  uniqueKey: 1,
  batch: 1,
});

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

function toTime(
  { delay, readyAt }: EnqueueSettings,
  defaults: JobSettings,
  clock: Clock,
): Pick<EnqueueRequest, "readyAt" | "delayMs"> {
  if (delay !== undefined && readyAt !== undefined) {
    throw new TypeError("Cannot enqueue with both 'delay' and 'readyAt': give one of them");
  }
  const wait = readyAt === undefined ? delay ?? defaults.delay : undefined;
  if (wait === undefined) return { readyAt };
  const delayMs = toMs(wait, "delay");
  return { readyAt: clock.now() + delayMs, delayMs };
}
