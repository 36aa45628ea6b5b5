/**
 * What becomes of the answer to a request: functions under a name, as only a name goes with a job.
 *
 * @module
 */

import { describeIssues, type StandardSchema } from "../jobs/standard-schema.ts";
import { PayloadError } from "../errors.ts";
import { checkOptions, type Names, show } from "../options.ts";
import type { JsonOnly } from "../protocol/jsonable.ts";
import { checkName } from "../protocol/names.ts";
import type { JobContext } from "../worker/context.ts";
import type { HttpFailure } from "./failure.ts";
import type { HttpResult } from "./result.ts";

/** What a callback knows besides the answer: the context of its job, and what was given to it when the request was enqueued. */
export interface HttpCallbackContext<Args = unknown> extends JobContext {
  /** The `callbackArgs` of the request; what the schema makes of them, if there is one. */
  readonly args: Args;
  /** The id of the request: what `http.post()` and its like gave. */
  readonly requestId: string;
}

/**
 * Handles an answer, or a failure, in a job of its own: if it throws, the job is tried again, and the request is not sent again.
 * What it returns is taken as what a handler of jobs returns: `finish({ enqueue })` stores what follows.
 */
export type HttpCallbackFunction<What, Args> = (
  what: What,
  context: HttpCallbackContext<Args>,
) => unknown;

/** What {@linkcode defineHttpCallback} makes a callback of. */
export interface HttpCallbackOptions<Args = unknown, Parsed = Args> {
  /**
   * Checks the `callbackArgs`: when the request is enqueued, and again when the answer is there.
   *
   * @default {none: their type is what the programmer says}
   */
  readonly args?: StandardSchema<Args, Parsed> | undefined;
  /** Handles an answer: of any status, unless the request says `httpErrors: "error"`. */
  readonly onComplete: HttpCallbackFunction<HttpResult, NoInfer<Parsed>>;
  /** Handles a request that has no answer. `"discard"` says that nobody wants to know. */
  readonly onError: HttpCallbackFunction<HttpFailure, NoInfer<Parsed>> | "discard";
  /**
   * Is told when the job of the callback has failed for the last time, before it is dead; of answers and of failures. What it
   * throws is logged.
   *
   * @default {nobody is}
   */
  readonly onExhausted?:
    | ((
      what: HttpResult | HttpFailure,
      context: HttpCallbackContext<NoInfer<Parsed>> & { readonly error: unknown },
    ) => unknown)
    | undefined;
}

/** What can be given as the `callback` of a request: what {@linkcode defineHttpCallback} made. */
export interface HttpCallbackOf<Args> {
  /** Its name, which goes with the request. */
  readonly name: string;
  /** Handles an answer. */
  readonly onComplete: HttpCallbackFunction<HttpResult, never>;
  /**
   * Checks `callbackArgs`.
   *
   * @param args What was given.
   * @throws {PayloadError} If they do not fit.
   */
  // A property, as the parameters of a method are compared loosely.
  readonly checkArgs: (args: Args) => unknown;
}

/** A callback: made by {@linkcode defineHttpCallback}. */
export interface HttpCallback<Args = unknown, Parsed = Args> extends HttpCallbackOf<Args> {
  /** Handles an answer. */
  readonly onComplete: HttpCallbackFunction<HttpResult, Parsed>;
  /** Handles a failure. */
  readonly onError: HttpCallbackFunction<HttpFailure, Parsed> | "discard";
  /** Is told when its job is given up. */
  readonly onExhausted?: HttpCallbackOptions<Args, Parsed>["onExhausted"];
}

/** Any callback: what a worker has a list of. */
// deno-lint-ignore no-explicit-any
export type AnyHttpCallback = HttpCallback<any, any>;

const callbackNames: Names<HttpCallbackOptions> = {
  args: 1,
  onComplete: 1,
  onError: 1,
  onExhausted: 1,
};

/**
 * Defines what becomes of answers. The worker that handles them is given it (`callbacks`); who enqueues requests needs its name
 * only, and its type.
 *
 * @param name Its name, the same for as long as there are requests with it; the rules of a job's `type`.
 * @param options The functions, and the schema of what is given to them.
 * @throws {TypeError} If the name cannot be one, or a function is missing.
 *
 * @example
 * ```ts
 * import { defineHttpCallback } from "@millrace/millrace/offload";
 * import * as v from "valibot";
 *
 * const saveReply = defineHttpCallback("save-reply", {
 *   args: v.object({ chatId: v.string() }),
 *   onComplete(result, { args, log }) {
 *     log.info("Reply", { chat: args.chatId, text: result.text() });
 *   },
 *   onError(failure, { args, log }) {
 *     log.warn(failure.message, { chat: args.chatId, kind: failure.kind });
 *   },
 * });
 * console.log(saveReply.name); // save-reply
 * ```
 */
export function defineHttpCallback<Args extends JsonOnly<Args> = unknown, Parsed = Args>(
  name: string,
  options: HttpCallbackOptions<Args, Parsed>,
): HttpCallback<Args, Parsed> {
  checkOptions("defineHttpCallback", options, callbackNames);
  const complaint = checkName("name", name);
  if (complaint !== undefined) {
    throw new TypeError(`Cannot define callback ${JSON.stringify(name)}: ${complaint}`);
  }
  const { args: schema, onComplete, onError, onExhausted } = options;
  if (typeof onComplete !== "function") {
    throw new TypeError(
      `Cannot use 'onComplete' ${show(onComplete)} of callback '${name}': expected a function`,
    );
  }
  if (typeof onError !== "function" && onError !== "discard") {
    throw new TypeError(
      `Cannot use 'onError' ${
        show(onError)
      } of callback '${name}': expected a function, or 'discard' if nobody wants to know of failures`,
    );
  }
  return {
    name,
    onComplete,
    onError,
    onExhausted,
    async checkArgs(args): Promise<Parsed> {
      if (schema === undefined) return args as unknown as Parsed;
      const { issues, value } = await schema["~standard"].validate(args) as {
        readonly issues?: Parameters<typeof describeIssues>[0];
        readonly value: Parsed;
      };
      if (issues === undefined) return value;
      throw new PayloadError(
        `Arguments of callback '${name}' do not fit: ${describeIssues(issues)}`,
      );
    },
  };
}
