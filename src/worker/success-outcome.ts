/**
 * Outcomes of a handler that has done its work, and says more than that.
 *
 * @module
 */

import { checkName } from "../protocol/names.ts";
import { type NextStep, toNextWire } from "../protocol/movement.ts";
import { type Outcome, toSuccessOutcome } from "./outcome.ts";

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
