/**
 * A step of a flow with the function that does its work: it gets the results of the steps before it, and returns its own.
 *
 * @module
 */

import type { Job } from "../protocol/job.ts";
import type { ParentResults, StepTypes } from "../protocol/step-types.ts";
import type { JobContext } from "./context.ts";
import {
  handle,
  type Handleable,
  type HandleOptions,
  type HandlerFunction,
  type JobHandler,
} from "./handle.ts";
import { isOutcome, isResult, type Outcome, result } from "./outcome.ts";

/** What the handler of a step knows of its job. */
export interface StepContext<Parents> extends JobContext {
  /** What the steps before it came to, by their names. */
  readonly parents: ParentResults<Parents>;
}

/** Does the work of a step, and returns what it came to, or an outcome. */
export type StepFunction<Input, Result, Parents> = (
  payload: Input,
  context: StepContext<Parents>,
) => Result | Outcome | Promise<Result | Outcome>;

/**
 * Says what to do with the jobs of a step. What the function returns is the result of the step.
 *
 * @param step What kind of job it is.
 * @param run Does the work.
 * @param options How it is run.
 * @throws {TypeError} If the timeout is no duration.
 * @throws {RangeError} If the timeout is negative or not finite.
 *
 * @example
 * ```ts
 * import { defineStep } from "@millrace/millrace/client";
 * import { handleStep } from "@millrace/millrace/worker";
 *
 * const count = defineStep<string, number>({ type: "count", queue: "words" });
 * const sum = defineStep<null, number, { counts: (typeof count)[] }>({ type: "sum", queue: "words" });
 *
 * const handlers = [
 *   handleStep(count, (text) => text.split(" ").length),
 *   handleStep(sum, (_, { parents }) => parents.counts.reduce((a, b) => a + b, 0)),
 * ];
 * console.log(handlers.length); // 2
 * ```
 */
export function handleStep<Input, Result, Parents>(
  step: Handleable<Input> & StepTypes<Result, Parents>,
  run: StepFunction<NoInfer<Input>, NoInfer<Result>, NoInfer<Parents>>,
  options?: HandleOptions,
): JobHandler {
  const work: HandlerFunction<Input> = async (payload, context) => {
    const parents = toParents(context.job) as ParentResults<Parents>;
    const returned = await run(payload, withParents(context, parents));
    if (returned === undefined || isOutcome(returned) || isResult(returned)) return returned;
    return result(returned);
  };
  return handle(step as Handleable<Input>, work, options);
}

/** The context with one member more: the others are read when they are asked for, as some are made then. */
function withParents<Parents>(
  context: JobContext,
  parents: ParentResults<Parents>,
): StepContext<Parents> {
  return new Proxy(context, {
    get: (_, name) => name === "parents" ? parents : Reflect.get(context, name, context),
    has: (_, name) => name === "parents" || name in context,
  }) as StepContext<Parents>;
}

/** The results that a job was shown; those of a list stand under their places. */
function toParents({ id, parentResults = {}, moreLinks }: Job): object {
  if (moreLinks === true) {
    throw new Error(`Job ${id} has parents with more than 1 MiB of results, which it is not shown`);
  }
  const parents: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parentResults)) {
    const [, list, place] = /^(.*)\[(\d+)\]$/s.exec(name) ?? [];
    if (list === undefined) parents[name] = value;
    else ((parents[list] ??= []) as unknown[])[Number(place)] = value;
  }
  return parents;
}
