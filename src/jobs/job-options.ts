/**
 * What a definition is made from, and what an enqueue may say besides.
 *
 * @module
 */

import type { Duration } from "../async/duration.ts";
import type { Names } from "../options.ts";
import type { BatchRequest } from "../protocol/batch.ts";
import type { BudgetUse } from "../protocol/budget-request.ts";
import type { DependencyUse } from "../protocol/dependency.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { Backoff, UniqueWhile } from "../protocol/job.ts";
import type { JobMeta } from "../protocol/meta.ts";
import type { RetentionSettings } from "../protocol/retention.ts";
import type { OlderPayload } from "./older-payload.ts";
import type { StandardSchema } from "./standard-schema.ts";

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
   * The delay between tries: of {@linkcode fixed}, {@linkcode polynomial} or {@linkcode exponential}, or the numbers of the
   * protocol's formula.
   *
   * @default {the broker's: `polynomial()`}
   */
  readonly backoff?: Backoff | undefined;
  /**
   * How long it is kept when it is finished: `{ completed: "1h", dead: "30d" }`.
   *
   * @default {the broker's: not at all after success, 7 days when it is dead}
   */
  readonly retention?: RetentionSettings | undefined;
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
  /**
   * Adds it to the waiting job of this batch, if there is one and its rule says so; not with a unique key. With a delay, a
   * Millrace broker collects for so long; other servers keep each delayed job for itself.
   */
  readonly batch?: BatchRequest | undefined;
  /** The jobs that it waits for: it is `blocked` until each of them has succeeded. */
  readonly dependsOn?: readonly DependencyUse[] | undefined;
}

/** The names of a definition, as its functions are told them. */
export interface JobNames {
  /** The type of its jobs. */
  readonly type: string;
  /** The queue that they wait in. */
  readonly queue: string;
}

/** A batch whose key may depend on the payload. */
export interface BatchOptions<Payload> extends Omit<BatchRequest, "key"> {
  /** Which jobs belong together; undefined for one that stays alone. */
  readonly key: string | PayloadFunction<Payload, string>;
}

/** Gives something for a payload, or a promise of it; undefined for nothing. */
export type PayloadFunction<Payload, Value> = (
  payload: Payload,
  job: JobNames,
) => Value | undefined | Promise<Value | undefined>;

/**
 * Settings of a definition: each is a value, or a function that gives it for a payload, undefined for the broker's default.
 */
export type PayloadSettings<Payload> = {
  readonly [Name in keyof JobSettings]:
    | JobSettings[Name]
    | ((payload: Payload, job: JobNames) => JobSettings[Name]);
};

/** What a definition is made from. */
export interface JobOptions<Payload = unknown, Output = Payload, Result = unknown>
  extends PayloadSettings<Payload> {
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
   * How long one run of the handler may take, in ms or as text (`"30s"`); then its signal is aborted. A function gives it for a
   * payload as it was enqueued, undefined for no limit.
   *
   * @default {no limit}
   */
  readonly timeout?:
    | Duration
    | ((payload: Payload, job: JobNames) => Duration | undefined)
    | undefined;
  /** The unique key of a payload; undefined for one that needs none. `uniqueBy` makes one of all or a part of it. */
  readonly uniqueKey?: PayloadFunction<Payload, string> | undefined;
  /**
   * The batch of a payload; `batchBy` gathers a list. With a `delay` besides, the first job of a batch waits for so long and
   * takes in those that come meanwhile.
   */
  readonly batch?: BatchOptions<Payload> | undefined;
  /**
   * Sees every request with its payload before it is sent, after all settings, and gives the one that is sent.
   *
   * @default {the request as it is}
   */
  readonly request?:
    | ((request: EnqueueRequest, payload: Payload) => EnqueueRequest | Promise<EnqueueRequest>)
    | undefined;
  /**
   * Older shapes that a payload may have when it arrives, the newest of them first; made by `liftFrom`.
   *
   * @default {[]}
   */
  readonly older?: readonly OlderPayload<NoInfer<Payload>>[] | undefined;
  /**
   * What becomes of a job that arrives with a payload of none of the shapes. With `retry` it fails like any other, and is
   * tried again: while a release is rolled out, an old worker meets new payloads. With `dead` it is dead at once.
   *
   * @default {"retry"}
   */
  readonly unfit?: "retry" | "dead" | undefined;
}

/** The settings of a definition. */
export const settingNames: Names<JobSettings> = {
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
export const enqueueNames: Names<EnqueueSettings> = /* @__PURE__ */ (() => ({
  ...settingNames,
  readyAt: 1,
  uniqueKey: 1,
  batch: 1,
  dependsOn: 1,
  idempotencyKey: 1,
  signal: 1,
  timeoutMs: 1,
}))();

/** What a definition is made from. */
export const definitionNames = (): Names<JobOptions> => ({
  ...settingNames,
  type: 1,
  queue: 1,
  payload: 1,
  result: 1,
  timeout: 1,
  uniqueKey: 1,
  batch: 1,
  request: 1,
  older: 1,
  unfit: 1,
});
