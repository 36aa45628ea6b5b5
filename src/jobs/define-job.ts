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
import { checkOptions, show } from "../options.ts";
import type { BatchRequest } from "../protocol/batch.ts";
import { type EnqueueRequest, toEnqueueWire } from "../protocol/enqueue.ts";
import type { JsonOnly } from "../protocol/jsonable.ts";
import { checkName } from "../protocol/names.ts";
import type { PreparedJob } from "../protocol/prepared-job.ts";
import { demandFit } from "../protocol/unfit.ts";
import { checkRequest, naming } from "./check-request.ts";
import {
  type BatchOptions,
  definitionNames,
  enqueueNames,
  type EnqueueSettings,
  type JobNames,
  type JobOptions,
  type JobSettings,
  settingNames,
} from "./job-options.ts";
import type { OlderPayload } from "./older-payload.ts";
import { describeIssues, type SchemaResult, type StandardSchema } from "./standard-schema.ts";

/** What `of` of a definition takes: the payload, which may be left out if the definition has none, and settings. */
export type OfArgs<Input> = undefined extends Input
  ? [payload?: Input, settings?: EnqueueSettings | undefined]
  : [payload: Input, settings?: EnqueueSettings | undefined];

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
  /** The same for a payload as it was enqueued, if it depends on that. */
  readonly timeoutOf?: ((payload: unknown) => Duration | undefined) | undefined;
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
   * @throws {PayloadError} If the payload does not fit, or JSON does not carry it.
   */
  parse(payload: unknown): Output | Promise<Output>;
  /**
   * Puts a job together that is enqueued with others: `client.enqueueMany([mail.of(a), resize.of(b, { priority: 1 })])`.
   *
   * @param args What the job is about, and what it has besides the settings of the definition.
   */
  readonly of: (...args: OfArgs<Input>) => PreparedJob;
  /** The older shapes of its payloads. */
  readonly older?: readonly OlderPayload[] | undefined;
  /** What becomes of a job that arrives with a payload of none of the shapes; left out is `retry`. */
  readonly unfit?: "retry" | "dead" | undefined;
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
  const { type, queue, payload: schema, timeout, unfit } = options;
  const complaint = checkName("type", type) ?? checkName("queue", queue) ?? checkUnfit(unfit);
  if (complaint !== undefined) {
    throw new TypeError(`Cannot define job ${JSON.stringify(type)}: ${complaint}`);
  }
  if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function") {
    throw new TypeError(
      `Cannot use 'payload' ${show(schema)}: expected a schema that follows Standard Schema`,
    );
  }

  const names: JobNames = { type, queue };
  const parse = (value: unknown): Output | Promise<Output> =>
    schema === undefined
      ? value as Output
      : goOn(schema["~standard"].validate(value), (result) => outputOf(type, result));

  const dynamic: (keyof JobSettings)[] = [];
  const plain: Record<string, unknown> = {};
  for (const name of Object.keys(settingNames) as (keyof JobSettings)[]) {
    if (isFunction(options[name])) dynamic.push(name);
    else plain[name] = options[name];
  }
  const isDynamic = dynamic.length > 0 ||
    [options.request, options.uniqueKey, options.batch?.key].some(isFunction);
  /** The settings, each function replaced by what it makes of a payload. */
  const toSettings = (payload: Input): JobSettings =>
    dynamic.reduce((settings, name) => {
      const make = options[name] as (payload: Input, job: JobNames) => unknown;
      return { ...settings, [name]: make(payload, names) };
    }, plain);

  const toFullRequest = (payload: Input, settings: EnqueueSettings, clock: Clock) => {
    demandFit(payload);
    const own = toSettings(payload);
    const time = toTime(settings, own, clock);
    const finish = (key: string | undefined, batch: BatchRequest | undefined) => {
      const request: EnqueueRequest = {
        type,
        queue,
        payload,
        priority: settings.priority ?? own.priority,
        ...time,
        retryLimit: settings.retryLimit ?? own.retryLimit,
        backoff: settings.backoff ?? own.backoff,
        retention: settings.retention ?? own.retention,
        budgets: settings.budgets ?? own.budgets,
        dependsOn: settings.dependsOn,
        tags: settings.tags ?? own.tags,
        meta: settings.meta && own.meta
          ? { ...own.meta, ...settings.meta }
          : settings.meta ?? own.meta,
        uniqueKey: key,
        // A scope without a key would be refused.
        uniqueWhile: key === undefined ? undefined : settings.uniqueWhile ?? own.uniqueWhile,
        // Who delays a batch wants to collect until then.
        batch: batch && time.readyAt !== undefined ? { collect: true, ...batch } : batch,
      };
      if (!isDynamic) return request;
      return goOn(options.request ? options.request(request, payload) : request, checkRequest);
    };
    return goOn(
      settings.uniqueKey ?? options.uniqueKey?.(payload, names),
      (key) =>
        goOn(
          settings.batch ?? toBatch(payload, options.batch, names),
          (batch) => finish(key, batch),
        ),
    );
  };

  const toRequest: JobDefinition<Input>["toRequest"] = (
    payload,
    settings,
    clock = systemClock,
  ) => {
    if (settings !== undefined) checkOptions("enqueue", settings, enqueueNames);
    // The payload travels as it was given: what the schema makes of it need not be JSON.
    return goOn(parse(payload), () => {
      const proceed = () => toFullRequest(payload, settings ?? {}, clock);
      return isDynamic ? naming(type, proceed) : proceed();
    });
  };

  // Settings that no enqueue could send fail here, and not at the first enqueue.
  toEnqueueWire({ ...names, payload: null, ...plain, ...toTime({}, plain, systemClock) }, 0);
  return {
    type,
    queue,
    result: options.result,
    timeoutMs: timeout === undefined || isFunction(timeout) ? undefined : toMs(timeout, "timeout"),
    timeoutOf: isFunction(timeout) ? (payload) => timeout(payload as Input, names) : undefined,
    toRequest,
    parse,
    of: (payload?: unknown, settings?: EnqueueSettings) => ({
      type,
      prepare: (clock) => toRequest(payload as Input, settings, clock),
    }),
    older: options.older,
    unfit,
  };
}

/** Goes on with a value, or with what a promise comes to: a promise for each payload would cost more than all the rest. */
function goOn<Value, Result>(
  value: Value | Promise<Value>,
  proceed: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(proceed) : proceed(value);
}

function checkUnfit(unfit: string | undefined): string | undefined {
  if (unfit === undefined || unfit === "retry" || unfit === "dead") return undefined;
  return `'unfit' is ${JSON.stringify(unfit)}, expected 'retry' or 'dead'`;
}

function isFunction<Value>(value: Value): value is Extract<Value, (...args: never[]) => unknown> {
  return typeof value === "function";
}

function outputOf<Output>(type: string, result: SchemaResult<Output>): Output {
  if (result.issues === undefined) return result.value;
  throw new PayloadError(`Payload of '${type}' does not fit: ${describeIssues(result.issues)}`);
}

function toBatch<Payload>(
  payload: Payload,
  options: BatchOptions<Payload> | undefined,
  names: JobNames,
): BatchRequest | undefined | Promise<BatchRequest | undefined> {
  const key = isFunction(options?.key) ? options.key(payload, names) : options?.key;
  return goOn(key, (key) => options && key !== undefined ? { ...options, key } : undefined);
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
