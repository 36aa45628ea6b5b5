/**
 * The bodies of `PUT /jobs/{id}`, `POST /jobs/{id}/requeue` and `POST /jobs/{id}/success`, as a client writes them.
 *
 * @module
 */

import type { BudgetUse } from "./budget-request.ts";
import { type Dependency, toDependencyWire } from "./dependency.ts";
import type { EnqueueRequest } from "./enqueue.ts";
import { toMembersWire } from "./members-wire.ts";
import { checkInteger, max16, max32, maxExact } from "./integer.ts";
import type { Backoff, Batch, Retention } from "./job.ts";

/**
 * A job that is put under an id. If there is a job of this id, it keeps what is left out here; but without a time it is due
 * now. Null takes away what the job has, or goes back to the default of the broker.
 */
export interface PutRequest extends
  Omit<
    EnqueueRequest,
    "queue" | "retryLimit" | "backoff" | "retention" | "uniqueKey" | "batch" | "budgets"
  > {
  /** The queue that it waits in; the same rules as for `type`. Needed for a new job. */
  readonly queue?: string | undefined;
  /** How many retries it has before it is dead. */
  readonly retryLimit?: number | null | undefined;
  /** How long it waits before each retry. */
  readonly backoff?: Backoff | null | undefined;
  /** How long it is kept when it is finished. */
  readonly retention?: Retention | null | undefined;
  /** At most one job with this key waits (or runs, or exists: `uniqueWhile`) at a time. */
  readonly uniqueKey?: string | null | undefined;
  /** Folds it into the waiting job of the same batch if it is new, and later ones into it; not with `uniqueKey`. */
  readonly batch?: Batch | null | undefined;
  /** The budgets that it draws on. */
  readonly budgets?: readonly BudgetUse[] | null | undefined;
}

/** What becomes of a job that is there already: it is written over, or stays as it is. */
export type PutConflict = "replace" | "keep";

/** Where a job is moved by hand, and what else changes. What is left out stays; without a time, it is due now. */
export interface RequeueRequest {
  /** The queue that it moves to. */
  readonly queue?: string | undefined;
  /** When it becomes ready, in ms since the epoch. */
  readonly readyAt?: number | undefined;
  /** How long until it becomes ready, in ms, by the clock of the broker; counts before `readyAt`. */
  readonly delayMs?: number | undefined;
  /** From 0 to 65535; lower runs first. */
  readonly priority?: number | undefined;
  /** How many retries it has before it is dead. */
  readonly retryLimit?: number | undefined;
  /** A payload that replaces the stored one; null is one. */
  readonly payload?: unknown;
  /** Tags that take the place of those that it has. */
  readonly tags?: readonly string[] | undefined;
  /** The jobs that it waits for, instead of those that it waits for now; an empty list is none. */
  readonly dependsOn?: readonly (string | Dependency)[] | undefined;
  /**
   * Whether each of these jobs has to be there.
   *
   * @default {false}
   */
  readonly strictDependencies?: boolean | undefined;
}

/** Where a job goes on when its run is over. Without a time, it is due now. */
export interface NextStep {
  /** The queue; may be the one that it is in. */
  readonly queue: string;
  /** When it becomes ready there, in ms since the epoch. */
  readonly readyAt?: number | undefined;
  /** How long until it becomes ready there, in ms, by the clock of the broker; counts before `readyAt`. */
  readonly delayMs?: number | undefined;
  /** The jobs that it waits for there. */
  readonly dependsOn?: readonly (string | Dependency)[] | undefined;
  /**
   * Whether each of these jobs has to be there.
   *
   * @default {false}
   */
  readonly strictDependencies?: boolean | undefined;
}

/**
 * Writes the body of `PUT /jobs/{id}`.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toPutWire(request: PutRequest, onConflict: PutConflict | undefined): object {
  // These two are of an enqueue alone.
  const { history: _, childOf: __, ...members } = request;
  return {
    ...toMembersWire(members),
    payload: request.payload ?? null,
    on_conflict: onConflict,
  };
}

/**
 * Writes the body of `POST /jobs/{id}/requeue`.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toRequeueWire(
  { priority, retryLimit, payload, tags, ...step }: RequeueRequest,
): object {
  return {
    ...toNextWire(step),
    priority: checkInteger("priority", priority, max16),
    retry_limit: checkInteger("retryLimit", retryLimit, max32),
    payload,
    tags,
  };
}

/**
 * Writes where a job goes on.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toNextWire(
  { queue, readyAt, delayMs, dependsOn, strictDependencies }: Omit<
    RequeueRequest,
    "priority" | "retryLimit" | "payload" | "tags"
  >,
): object {
  return {
    queue,
    ready_at: checkInteger("readyAt", readyAt, maxExact),
    delay_ms: checkInteger("delayMs", delayMs, maxExact),
    depends_on: dependsOn?.map(toDependencyWire),
    strict_dependencies: strictDependencies,
  };
}
