/**
 * Handlers that share something: a pool of connections, a mailer, settings.
 *
 * @module
 */

import type { JobContext } from "./context.ts";
import {
  handle,
  type Handleable,
  type HandleOptions,
  type JobHandler,
  type Returnable,
} from "./handle.ts";
import { handleAll, type PayloadOf, type ReturnOf } from "./handle-all.ts";

/** Does the work of one job, as a handler does, with what handlers share. */
export type RouterFunction<Output, State, Returned = unknown> = (
  payload: NoInfer<Output>,
  context: JobContext,
  state: State,
) => Returned | Promise<Returned>;

/** Makes handlers that share a state; made by {@linkcode createRouter}. */
export interface Router<State> {
  /** As `handle`: the function gets the state as its third argument. */
  handle<Output, Result, const Returned extends Returnable<Returned, Result>>(
    definition: Handleable<Output, Result>,
    run: RouterFunction<Output, State, Returned>,
    options?: HandleOptions,
  ): JobHandler;
  /** As `handleAll`: each function gets the state as its third argument. */
  handleAll<Jobs extends object>(
    jobs: Jobs,
    handlers: {
      readonly [Name in keyof Jobs]:
        | ((
          payload: PayloadOf<Jobs[Name]>,
          context: JobContext,
          state: State,
        ) => ReturnOf<Jobs[Name]>)
        | JobHandler;
    },
    options?: HandleOptions,
  ): JobHandler[];
}

/**
 * Creates what makes handlers that share a state, which each gets as its third argument: so handlers can be in files of their own, import
 * nothing that has to be opened first, and be given another state in a test.
 *
 * @param state What they share.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { createRouter } from "@millrace/millrace/worker";
 *
 * const count = defineJob<{ word: string }>({ type: "count", queue: "default" });
 *
 * const { handle } = createRouter({ counts: new Map<string, number>() });
 * const handlers = [
 *   handle(count, ({ word }, { log }, { counts }) => {
 *     counts.set(word, (counts.get(word) ?? 0) + 1);
 *     log.info("Counted", { word });
 *   }),
 * ];
 * console.log(handlers.length); // 1
 * ```
 */
export function createRouter<State>(state: State): Router<State> {
  const bind = <Output>(run: RouterFunction<Output, State>) =>
  (
    payload: Output,
    context: JobContext,
  ) => run(payload, context, state);
  return {
    handle: (definition, run, options) =>
      handle(definition, bind(run as RouterFunction<unknown, State>) as never, options),
    handleAll: (jobs, handlers, options) =>
      handleAll(
        jobs,
        Object.fromEntries(
          Object.entries(handlers).map((
            [name, run],
          ) => [name, typeof run === "function" ? bind(run as never) : run]),
        ) as never,
        options,
      ),
  };
}
