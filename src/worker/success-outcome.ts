/**
 * Outcomes of a handler that has done its work, and says more than that.
 *
 * @module
 */

import { resolveMany } from "../client/enqueue-args.ts";
import type { Clock } from "../async/clock.ts";
import { checkOptions, show } from "../options.ts";
import { type EnqueueRequest, toEnqueueWire } from "../protocol/enqueue.ts";
import { checkName } from "../protocol/names.ts";
import type { PreparedJob } from "../protocol/prepared-job.ts";
import { type NextStep, toNextWire } from "../protocol/movement.ts";
import { type Outcome, result, successOf, toSuccessOutcome, withSuccess } from "./outcome.ts";

/** Where a job goes on, and with what. */
export interface Advance extends NextStep {
  /** A payload that replaces that of the job, such as what was found; null is one. Left out, it stays. */
  readonly payload?: unknown;
}

/**
 * Sends a job on to its next queue: a pipeline has a queue for each step, and a job goes through all of them. There it has
 * all of its retries before it. Only a Millrace broker knows this; on another server the job is dead at once.
 *
 * @param step The queue, when the job is ready there, what it waits for, and its payload from then on.
 * @returns What the handler has to return.
 * @throws {TypeError} If the queue cannot be one.
 * @throws {RangeError} If a number cannot be sent.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { advance, handle } from "@millrace/millrace/worker";
 *
 * const page = defineJob<{ url: string }>({ type: "page", queue: "fetch" });
 *
 * const handler = handle(page, async ({ url }, { signal }) => {
 *   const text = await (await fetch(url, { signal })).text();
 *   return advance({ queue: "parse", payload: { url, text } });
 * });
 * console.log(handler.queue); // fetch
 * ```
 */
export function advance({ payload, ...next }: Advance): Outcome {
  const complaint = checkName("queue", next.queue);
  if (complaint !== undefined) {
    throw new TypeError(`Cannot advance to ${JSON.stringify(next.queue)}: ${complaint}`);
  }
  toNextWire(next); // Throws here, and not when it is reported.
  return toSuccessOutcome("advanced", `Advanced to queue '${next.queue}'`, { payload, next });
}

/**
 * Ends a job well, and keeps what came of it as its payload for as long as the job is kept (`retention`). Only a Millrace
 * broker knows this; on another server the job is dead at once.
 *
 * @param payload Any JSON value.
 * @returns What the handler has to return.
 * @throws {TypeError} If it is no JSON value.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { complete, handle } from "@millrace/millrace/worker";
 *
 * const count = defineJob<{ text: string }>({
 *   type: "count",
 *   queue: "default",
 *   retention: { completedMs: 3_600_000 },
 * });
 * const handler = handle(count, ({ text }) => complete({ words: text.split(" ").length }));
 * console.log(handler.type); // count
 * ```
 */
export function complete(payload: unknown): Outcome {
  if (JSON.stringify(payload) === undefined) {
    throw new TypeError(`Cannot complete with ${typeof payload} as the payload: expected JSON`);
  }
  return toSuccessOutcome("completed", "Completed", { payload });
}

/** What follows from a job that is done. */
export interface Finish {
  /** The jobs that are stored with its success: put together by the `of` of definitions or by hand; 1000 at most. */
  readonly enqueue: readonly (EnqueueRequest | PreparedJob)[];
  /** What it came to, as {@linkcode result} has it. */
  readonly result?: unknown;
  /** A payload that replaces that of the job, as {@linkcode complete} has it. */
  readonly payload?: unknown;
}

/** More jobs are refused by the broker. */
const mostJobs = 1000;

/**
 * Ends a job well and enqueues others, in one commit: it is done and they are there, or neither, whatever is killed or cut off
 * in between. If the job is not this worker's any more, none is stored. If the broker refuses one of them, none is, and the job
 * has failed. They are stored when the handler is over: one that is to run meanwhile is enqueued by `context.enqueue`.
 *
 * Another server than Millrace is sent the jobs first, each with a unique key (`finish:` and the id and the place), unless it
 * has one or a batch of its own: there they may be stored though the job runs again, but not twice while they are kept. It
 * forgets `result` and `payload`.
 *
 * @param finish The jobs, and what came of this one.
 * @returns What the handler has to return.
 * @throws {TypeError} If an option is of a wrong kind, or something is no JSON value.
 * @throws {RangeError} If there are too many jobs, or the result is too large.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { finish, handle } from "@millrace/millrace/worker";
 *
 * const charge = defineJob<{ order: string }>({ type: "charge", queue: "payments" });
 * const ship = defineJob<{ order: string }>({ type: "ship", queue: "warehouse" });
 *
 * const handler = handle(charge, ({ order }) => {
 *   return finish({ enqueue: [ship.of({ order })], result: "paid" });
 * });
 * console.log(handler.queue); // payments
 * ```
 */
export function finish(finish: Finish): Outcome {
  checkOptions("finish", finish, { enqueue: 1, result: 1, payload: 1 });
  const { enqueue, payload } = finish;
  if (!Array.isArray(enqueue)) {
    throw new TypeError(`Cannot finish with 'enqueue' ${show(enqueue)}: expected a list of jobs`);
  }
  if (enqueue.length > mostJobs) {
    throw new RangeError(
      `Cannot finish with ${enqueue.length} jobs to enqueue: expected up to ${mostJobs}`,
    );
  }
  if (payload !== undefined && JSON.stringify(payload) === undefined) {
    throw new TypeError(`Cannot finish with ${typeof payload} as the payload: expected JSON`);
  }
  const came = finish.result === undefined ? undefined : result(finish.result).value;
  const message = `Completed, with ${enqueue.length} jobs to enqueue`;
  return toSuccessOutcome("completed", message, { payload, result: came, enqueue });
}

/** Whether an outcome has jobs that are to be made into requests, or a result that is to be checked. */
export function isFinish(outcome: Outcome): boolean {
  return successOf(outcome)?.enqueue !== undefined;
}

/**
 * Makes the jobs of an outcome of {@linkcode finish} into requests.
 *
 * @param terms What a delay is counted from, and the check of results that the definition says.
 * @throws {PayloadError} If a payload does not fit.
 * @throws {RangeError} If a number cannot be sent.
 */
export async function toFinished(
  outcome: Outcome,
  { clock, check }: {
    readonly clock: Clock;
    readonly check: ((value: unknown) => unknown) | undefined;
  },
): Promise<Outcome> {
  const success = successOf(outcome)!;
  if (success.result !== undefined) await check?.(success.result);
  const { what } = await resolveMany([success.enqueue!], clock);
  for (const request of what) toEnqueueWire(request, clock.now()); // Throws here, and not when it is reported.
  return withSuccess(outcome, { ...success, enqueue: what });
}
