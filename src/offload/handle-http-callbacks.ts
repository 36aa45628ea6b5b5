/**
 * Handles the answers to requests, in any worker.
 *
 * @module
 */

import { runGuarded } from "../log.ts";
import { checkOptions, show } from "../options.ts";
import type { JobContext } from "../worker/context.ts";
import type { JobHandler } from "../worker/handle.ts";
import { isOutcome, type Outcome } from "../worker/outcome.ts";
import { CallbackContext } from "./callback-context.ts";
import type { AnyHttpCallback } from "./define-http-callback.ts";
import { openCallback } from "./engine.ts";
import type { HttpFailure } from "./failure.ts";
import { finishAlso, toDiscardJobs } from "./finish-with.ts";
import { createPayloads, type Payloads } from "./payloads/create-payloads.ts";
import { callbackQueue, callbackType } from "./records.ts";
import { isLastTry } from "./request-handler.ts";
import type { HttpResult } from "./result.ts";

/** What {@linkcode handleHttpCallbacks} needs. */
export interface HandleHttpCallbacksOptions {
  /** The callbacks. */
  readonly callbacks: readonly AnyHttpCallback[];
  /**
   * Where large bodies are, and how they are encrypted: the same as where requests are sent.
   *
   * @default {all of it is in the jobs}
   */
  readonly payloads?: Payloads | undefined;
  /**
   * The queue of the callbacks.
   *
   * @default {"http-callbacks"}
   */
  readonly queue?: string | undefined;
}

/**
 * Makes the handler of callbacks for a worker of your own, which may have other handlers too. `createHttpWorker` has one.
 *
 * @param options The callbacks.
 * @returns What `handlers` of a worker takes.
 * @throws {TypeError} If there is no callback, or two have one name.
 *
 * @example
 * ```ts
 * import { createClient } from "@millrace/millrace/client";
 * import { defineHttpCallback, handleHttpCallbacks } from "@millrace/millrace/offload";
 * import { createWorker } from "@millrace/millrace/worker";
 *
 * const noted = defineHttpCallback("noted", {
 *   onComplete: (result) => console.log(result.status),
 *   onError: "discard",
 * });
 * const worker = createWorker({
 *   client: createClient({ url: "http://127.0.0.1:7890" }),
 *   handlers: [handleHttpCallbacks({ callbacks: [noted] })],
 * });
 * console.log(worker.health().state); // idle
 * ```
 */
export function handleHttpCallbacks(options: HandleHttpCallbacksOptions): JobHandler {
  checkOptions("handleHttpCallbacks", options, { callbacks: 1, payloads: 1, queue: 1 });
  const { payloads = createPayloads(), queue = callbackQueue } = options;
  const callbacks = toCallbackMap(options.callbacks);
  if (callbacks.size === 0) {
    throw new TypeError("Cannot use empty 'callbacks': expected at least one");
  }
  const run = async (payload: unknown, context: JobContext): Promise<unknown> => {
    const { what, stored, ...opened } = await openCallback(payload, payloads);
    const { id, callback: name, queue } = opened.payload;
    const callback = callbacks.get(name);
    if (callback === undefined) {
      const known = [...callbacks.keys()].map((name) => `'${name}'`).join(", ");
      throw new Error(`No callback '${name}': this worker has ${known}`);
    }
    const args = await callback.checkArgs(opened.args);
    const own = { args, requestId: id };
    const exhausted = (error: unknown) => {
      const { onExhausted } = callback;
      if (onExhausted === undefined) return;
      const failed = (error: unknown) =>
        context.log.error(`'onExhausted' of callback '${name}' threw`, { error });
      runGuarded(
        () => onExhausted(what, new CallbackContext(context, { ...own, error })),
        failed,
      );
    };
    try {
      const returned = await call(callback, what, new CallbackContext(context, own));
      if (isCancelled(returned)) exhausted(returned);
      return finishAlso(returned, { jobs: toDiscardJobs(stored, queue), context });
    } catch (error) {
      const isDead = isOutcome(error)
        ? isCancelled(error)
        : isLastTry(context) || isUnwanted(context);
      if (isDead) exhausted(error);
      throw error;
    }
  };
  return {
    type: callbackType,
    queue,
    timeoutMs: undefined,
    parse: (payload) => payload,
    run,
  };
}

/** Callbacks by their names. */
export function toCallbackMap(
  callbacks: readonly AnyHttpCallback[],
): ReadonlyMap<string, AnyHttpCallback> {
  if (!Array.isArray(callbacks)) {
    throw new TypeError(`Cannot use 'callbacks' ${show(callbacks)}: expected a list`);
  }
  const map = new Map<string, AnyHttpCallback>();
  for (const callback of callbacks as readonly AnyHttpCallback[]) {
    if (typeof callback?.onComplete !== "function") {
      throw new TypeError(
        `Cannot use 'callbacks' with ${show(callback)}: expected what defineHttpCallback gives`,
      );
    }
    if (map.has(callback.name)) {
      throw new TypeError(`Cannot use two 'callbacks' named '${callback.name}'`);
    }
    map.set(callback.name, callback);
  }
  return map;
}

/** Calls it with an answer, or a failure. */
export function call(
  { onComplete, onError }: AnyHttpCallback,
  what: HttpResult | HttpFailure,
  context: CallbackContext<unknown>,
): unknown {
  if (!("kind" in what)) return onComplete(what, context);
  return onError === "discard" ? undefined : onError(what, context);
}

function isCancelled(value: unknown): value is Outcome {
  return isOutcome(value) && value.kind === "cancelled";
}

/** Whether somebody has cancelled the job: it is dead if it throws. */
function isUnwanted({ signal }: JobContext): boolean {
  return (signal.reason as { readonly code?: unknown } | undefined)?.code === "cancelled";
}
