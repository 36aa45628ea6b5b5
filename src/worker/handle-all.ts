/**
 * Handlers for all definitions of a group.
 *
 * @module
 */

import type { JobContext } from "./context.ts";
import {
  handle,
  type Handleable,
  type HandleOptions,
  type HandlerFunction,
  type JobHandler,
} from "./handle.ts";
import type { JobResult, Outcome } from "./outcome.ts";

/** What the handler of a definition gets. */
export type PayloadOf<Definition> = Definition extends Handleable<infer Output, infer _Result>
  ? Output
  : never;

/** What the handler of a definition may return: anything, unless the definition says what its jobs come to. */
export type ReturnOf<Definition> = Definition extends Handleable<unknown, infer Result>
  ? unknown extends Result ? unknown
  : Result | Outcome | JobResult | Promise<Result | Outcome | JobResult>
  : unknown;

/** A function for each definition of a group, or what `handle` made of it. */
export type HandlerMap<Jobs> = {
  readonly [Name in keyof Jobs]:
    | ((payload: PayloadOf<Jobs[Name]>, context: JobContext) => ReturnOf<Jobs[Name]>)
    | JobHandler;
};

/**
 * Says what to do with the jobs of a group: a function for each of its definitions, by its name, as with `handle`. One that
 * is missing does not compile, nor does one too many.
 *
 * @param jobs The definitions, of `defineJobs` or in an object of your own.
 * @param handlers A function for each, or a handler that `handle` made, for one that has options.
 * @param options How they are run; those that `handle` made have their own.
 * @returns The handlers, for a worker.
 * @throws {TypeError} If one is missing, or there is one too many.
 *
 * @example
 * ```ts
 * import * as v from "valibot";
 * import { defineJobs } from "@millrace/millrace/client";
 * import { handle, handleAll } from "@millrace/millrace/worker";
 *
 * const jobs = defineJobs({
 *   mail: { payload: v.object({ to: v.string() }) },
 *   resize: { payload: v.object({ file: v.string() }) },
 * }, { queue: "default" });
 *
 * const handlers = handleAll(jobs, {
 *   mail: ({ to }, { log }) => log.info("Mail", { to }),
 *   resize: handle(jobs.resize, ({ file }) => console.log(file), { timeout: "1m" }),
 * });
 * console.log(handlers.map(({ type }) => type)); // [ "mail", "resize" ]
 * ```
 */
export function handleAll<Jobs extends object>(
  jobs: Jobs,
  handlers: HandlerMap<Jobs>,
  options?: HandleOptions,
): JobHandler[] {
  const definitions = Object.entries<Handleable<unknown>>(jobs as never);
  const given = handlers as Readonly<Record<string, JobHandler | HandlerFunction<unknown>>>;
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(jobs, name)) continue;
    const names = definitions.map(([name]) => `'${name}'`).join(", ");
    throw new TypeError(`Cannot handle '${name}', which is none of the jobs: expected ${names}`);
  }
  return definitions.map(([name, definition]) => {
    const handler = Object.hasOwn(given, name) ? given[name] : undefined;
    if (handler === undefined) {
      throw new TypeError(`Cannot handle the jobs without '${name}': expected a handler for each`);
    }
    if (typeof handler === "function") return handle(definition, handler, options);
    if (handler.type === definition.type) return handler;
    throw new TypeError(
      `Cannot handle '${name}' by a handler of type '${handler.type}': expected '${definition.type}'`,
    );
  });
}
