/**
 * Definitions in groups: the contract between the code that enqueues and the code that handles, by names.
 *
 * @module
 */

import { checkOptions } from "../options.ts";
import type { JsonOnly } from "../protocol/jsonable.ts";
import { defineJob, type JobDefinition } from "./define-job.ts";
import { type JobOptions, type JobSettings, settingNames } from "./job-options.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** What all definitions of a group have, unless they say otherwise themselves. */
export interface GroupOptions extends JobSettings {
  /** The queue. */
  readonly queue?: string | undefined;
  /**
   * What the types begin with; the name in the group follows. A definition that has a `type` of its own keeps it.
   *
   * @default {""}
   */
  readonly prefix?: string | undefined;
}

/** What a definition of a group is made from. */
export interface GroupedJobOptions<Payload>
  extends Omit<JobOptions<Payload>, "type" | "queue" | "payload" | "result"> {
  /**
   * Which handler runs it.
   *
   * @default {the prefix of the group, and the name in it}
   */
  readonly type?: string | undefined;
  /**
   * The queue it waits in.
   *
   * @default {that of the group}
   */
  readonly queue?: string | undefined;
  /**
   * What a payload must look like.
   *
   * @default {none: a payload may be anything}
   */
  // deno-lint-ignore no-explicit-any -- What a schema makes of payloads is inferred beside.
  readonly payload?: StandardSchema<Payload, any> | undefined;
  /**
   * What a job comes to: a schema of what its handler returns.
   *
   * @default {none: what a handler returns is kept if it is JSON}
   */
  // deno-lint-ignore no-explicit-any -- As above.
  readonly result?: StandardSchema<any, unknown> | undefined;
}

/** The definitions of a group, by their names: what each is made from, or one that is made already. */
export type JobGroup<Inputs, Outputs, Results> =
  & {
    readonly [Name in keyof Inputs]:
      // deno-lint-ignore no-explicit-any -- As above.
      | JobDefinition<Inputs[Name], any, any>
      | GroupedJobOptions<Inputs[Name]>;
  }
  & {
    readonly [Name in keyof Outputs]:
      // deno-lint-ignore no-explicit-any -- What is enqueued is inferred beside.
      | JobDefinition<any, Outputs[Name], any>
      // deno-lint-ignore no-explicit-any -- As above.
      | { readonly payload?: StandardSchema<any, Outputs[Name]> | undefined };
  }
  & {
    readonly [Name in keyof Results]:
      // deno-lint-ignore no-explicit-any -- As above.
      | JobDefinition<any, any, Results[Name]>
      | { readonly result?: StandardSchema<Results[Name], unknown> | undefined };
  };

/** The definitions that came of a group. */
export type JobDefinitions<Inputs, Outputs, Results> = {
  readonly [Name in keyof Inputs & keyof Outputs & keyof Results]: JobDefinition<
    Inputs[Name],
    Outputs[Name],
    Results[Name]
  >;
};

/**
 * Defines several kinds of jobs that belong together. The code that enqueues imports the group, and so does the code that
 * handles: `handleAll` of `./worker` wants a handler for each name.
 *
 * @param jobs What each is made from, by names; or what `defineJob` gave.
 * @param options What all of them have.
 * @throws {TypeError} If a name or an option is not allowed, or a job has no queue.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import * as v from "valibot";
 * import { defineJob, defineJobs } from "@millrace/millrace/client";
 *
 * export const jobs = defineJobs({
 *   mail: { payload: v.object({ to: v.string() }), priority: 10 },
 *   resize: { payload: v.object({ file: v.string(), width: v.number() }), queue: "images" },
 *   sweep: defineJob<void>({ type: "sweep", queue: "nightly" }),
 * }, { queue: "default", prefix: "shop.", retryLimit: 5 });
 *
 * // client.enqueue(jobs.mail, { to: "ada@example.com" })
 * console.log(jobs.mail.type, jobs.resize.queue, jobs.sweep.type); // shop.mail images sweep
 * ```
 */
export function defineJobs<
  Inputs extends { readonly [Name in keyof Inputs]: JsonOnly<Inputs[Name]> },
  Outputs,
  Results,
>(
  jobs: JobGroup<Inputs, Outputs, Results>,
  options: GroupOptions = {},
): JobDefinitions<Inputs, Outputs, Results> {
  checkOptions("defineJobs", options, { ...settingNames, queue: 1, prefix: 1 });
  const { prefix = "", queue: ownQueue, ...settings } = options;
  const types = new Map<string, string>();
  const defined = Object.entries<GroupedJobOptions<unknown> | JobDefinition>(jobs).map(
    ([name, job]) => {
      const definition = "toRequest" in job ? job : defineOne(name, job);
      const other = types.get(definition.type);
      if (other !== undefined) {
        throw new TypeError(
          `Cannot define jobs '${other}' and '${name}' of one type '${definition.type}': expected one for each type`,
        );
      }
      types.set(definition.type, name);
      return [name, definition];
    },
  );
  return Object.fromEntries(defined);

  function defineOne(name: string, job: GroupedJobOptions<unknown>): JobDefinition {
    const queue = job.queue ?? ownQueue;
    if (queue === undefined) {
      throw new TypeError(`Cannot define job '${name}' without 'queue': give it or the group one`);
    }
    return defineJob({ ...settings, ...job, type: job.type ?? prefix + name, queue });
  }
}
