/**
 * What a callback knows: the context of its job, and what was given to it.
 *
 * @module
 */

import type { JobContext } from "../worker/context.ts";
import type { HttpCallbackContext } from "./define-http-callback.ts";

/** The context of a callback over that of its job, each member of which is read when it is asked for. */
export class CallbackContext<Args> implements HttpCallbackContext<Args> {
  readonly args: Args;
  readonly requestId: string;
  /** Why its job is given up, if it is. */
  readonly error: unknown;
  readonly #context: JobContext;

  constructor(
    context: JobContext,
    own: { readonly args: Args; readonly requestId: string; readonly error?: unknown },
  ) {
    this.#context = context;
    this.args = own.args;
    this.requestId = own.requestId;
    this.error = own.error;
  }

  get job(): JobContext["job"] {
    return this.#context.job;
  }

  get meta(): JobContext["meta"] {
    return this.#context.meta;
  }

  get attempt(): number {
    return this.#context.attempt;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get log(): JobContext["log"] {
    return this.#context.log;
  }

  get leaseEndsAt(): number | undefined {
    return this.#context.leaseEndsAt;
  }

  get heartbeat(): JobContext["heartbeat"] {
    return this.#context.heartbeat;
  }

  get enqueue(): JobContext["enqueue"] {
    return this.#context.enqueue;
  }

  get enqueueMany(): JobContext["enqueueMany"] {
    return this.#context.enqueueMany;
  }

  get progress(): JobContext["progress"] {
    return this.#context.progress;
  }

  get state(): JobContext["state"] {
    return this.#context.state;
  }
}
