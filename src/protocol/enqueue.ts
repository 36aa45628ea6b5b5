/**
 * The messages of `POST /jobs` and `POST /jobs/bulk`, as a client writes and reads them.
 *
 * @module
 */

import * as v from "valibot";
import type { ChildOf } from "./child.ts";
import type { BatchRequest } from "./batch.ts";
import type { BudgetUse } from "./budget-request.ts";
import type { DependencyUse } from "./dependency.ts";
import { toMembersWire } from "./members-wire.ts";
import { toInstant } from "./integer.ts";
import type { Backoff, EnqueuedJob, UniqueWhile } from "./job.ts";
import { readEnqueuedJob } from "./job-read.ts";
import type { JobMeta } from "./meta.ts";
import type { RetentionSettings } from "./retention.ts";
import { readAs } from "./schema.ts";

/** One job to be stored. Instants are ms since the epoch. */
export interface EnqueueRequest {
  /** The name of the handler that runs it; not empty, without commas, NUL and `* ? [ ] { } \`. */
  readonly type: string;
  /** The queue that it waits in; the same rules as for `type`. */
  readonly queue: string;
  /** Any JSON value; null is one. */
  readonly payload: unknown;
  /**
   * From 0 to 65535; lower runs first.
   *
   * @default {32768}
   */
  readonly priority?: number | undefined;
  /** When it becomes ready, in ms since the epoch. Left out, it is ready at once. */
  readonly readyAt?: number | undefined;
  /**
   * How long after it is stored it becomes ready, in ms; counts before `readyAt`. A Millrace broker counts it by its own
   * clock; for other servers it is made an instant, by what is known of their clock.
   */
  readonly delayMs?: number | undefined;
  /** How many retries it has before it is dead. Left out, the broker's default holds, which is 25 if nobody changed it. */
  readonly retryLimit?: number | undefined;
  /** How long it waits before each retry. Left out, the broker's default holds. */
  readonly backoff?: Backoff | undefined;
  /** How long it is kept when it is finished. Left out, the broker's default holds. */
  readonly retention?: RetentionSettings | undefined;
  /** At most one job with this key waits (or runs, or exists: `uniqueWhile`) at a time. */
  readonly uniqueKey?: string | undefined;
  /**
   * How long the key is held.
   *
   * @default {"queued"}
   */
  readonly uniqueWhile?: UniqueWhile | undefined;
  /** Folds it into the waiting job of the same batch, if there is one that wants it; not together with `uniqueKey`. */
  readonly batch?: BatchRequest | undefined;
  /** The budgets that it draws on. It runs only when each of them has the tokens. */
  readonly budgets?: readonly BudgetUse[] | undefined;
  /**
   * The jobs that it waits for: it is `blocked` until each of them has succeeded. One that succeeded before, or that is
   * not there, is not waited for. Only a Millrace broker knows this: others run the job at once.
   */
  readonly dependsOn?: readonly DependencyUse[] | undefined;
  /**
   * Whether each of these jobs has to be there: if one is not, the job is refused.
   *
   * @default {false}
   */
  readonly strictDependencies?: boolean | undefined;
  /**
   * Texts by which it is found: 20 at most, of 200 characters at most, under the rules of `type`. Only a Millrace broker
   * knows them.
   */
  readonly tags?: readonly string[] | undefined;
  /**
   * Whether the broker keeps a history of what happens to it. Only a Millrace broker does.
   *
   * @default {false}
   */
  readonly history?: boolean | undefined;
  /**
   * What goes with it besides its payload, such as a tenant or a trace: 32 texts at most, of 1000 characters each and 8 KiB
   * in all. Its handler is shown it. Only a Millrace broker keeps it: others pass it over, and the job runs without.
   */
  readonly meta?: JobMeta | undefined;
  /**
   * The job that runs and stores this one, which is stored once for each of its slots: an enqueue that fills a slot again gives
   * the child that is there, or was. `context.enqueue` of a handler sets it. Only a Millrace broker knows it.
   */
  readonly childOf?: ChildOf | undefined;
}

/**
 * Writes the body of `POST /jobs`, or an item of `POST /jobs/bulk`.
 *
 * @param now What a delay is counted from by servers that know no delays, in ms since the epoch.
 * @throws {RangeError} If a number cannot be sent.
 */
export function toEnqueueWire(request: EnqueueRequest, now: number): object {
  const { delayMs } = request;
  const wire = toMembersWire(request);
  // Undefined has no JSON: null is what it becomes wherever JSON has to say something.
  wire["payload"] ??= null;
  if (delayMs !== undefined) wire["ready_at"] = toInstant(now, delayMs);
  return wire;
}

/** Reads the answer to `POST /jobs/bulk`. */
export function readEnqueuedJobs(value: unknown): EnqueuedJob[] {
  return readAs(jobListSchema, value).jobs.map(readEnqueuedJob);
}

/** Reads `{ jobs: […] }`, and leaves the items as they are. */
export const jobListSchema: v.GenericSchema<unknown, { readonly jobs: unknown[] }> =
  /* @__PURE__ */ v.object(
    { jobs: /* @__PURE__ */ v.custom<unknown[]>(Array.isArray, "a list") },
    "an object",
  );
