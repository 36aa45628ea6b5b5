/**
 * A step of a flow: a job definition that says, for the compiler, what the job comes to and which results it is given.
 *
 * @module
 */

import type { JsonOnly } from "../protocol/jsonable.ts";
import type { NoParents, StepTypes } from "../protocol/step-types.ts";
import { defineJob, type JobDefinition } from "./define-job.ts";
import type { JobOptions } from "./job-options.ts";

/** A job definition with the types of its result and of the steps that come before it. */
export interface StepDefinition<Input, Result, Parents = NoParents>
  extends Omit<JobDefinition<Input, Input, Result>, "types">, StepTypes<Result, Parents> {}

/**
 * Defines a step of a flow. `createFlows` puts steps together, and `handleStep` does their work.
 *
 * @param options What the jobs are, and how they are run.
 * @throws {TypeError} If an option is of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { defineStep } from "@millrace/millrace/client";
 *
 * const count = defineStep<{ part: string }, number>({ type: "count", queue: "words" });
 * const sum = defineStep<null, number, { counts: (typeof count)[] }>({
 *   type: "sum",
 *   queue: "words",
 * });
 * console.log(count.type, sum.type); // count sum
 * ```
 */
export function defineStep<Input extends JsonOnly<Input>, Result, Parents = NoParents>(
  options: JobOptions<Input, Input, Result>,
): StepDefinition<Input, Result, Parents> {
  return defineJob<Input, Input, Result>(options) as StepDefinition<Input, Result, Parents>;
}
