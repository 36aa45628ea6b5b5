/**
 * What the layers around a handler leave for each other and for the handler, while a job runs.
 *
 * @module
 */

/** A place in the state of a run; made by {@linkcode defineState}. */
export interface StateKey<Value> {
  /** What it is called in error messages. */
  readonly name: string;
  /** For the compiler only. */
  readonly types?: { readonly value: Value } | undefined;
}

/** What is shared while a job runs. */
export interface ContextState {
  /**
   * Gives what stands at a place.
   *
   * @throws {Error} If nothing does: the layer that sets it does not run, or runs later.
   */
  get<Value>(key: StateKey<Value>): Value;
  /** Whether something stands at a place. */
  has(key: StateKey<unknown>): boolean;
  /** Puts something at a place. */
  set<Value>(key: StateKey<Value>, value: NoInfer<Value>): void;
}

/**
 * Defines a place in the state of a run, with the type of what stands there. Each is a place of its own, also with the same
 * name.
 *
 * @param name What it is called in error messages.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { defineState, handle, type Middleware } from "@millrace/millrace/worker";
 *
 * const tenant = defineState<{ name: string }>("tenant");
 *
 * const withTenant: Middleware = async ({ meta, state }, next) => {
 *   state.set(tenant, { name: meta["tenant"] ?? "nobody" });
 *   await next();
 * };
 *
 * const bill = defineJob<{ month: string }>({ type: "bill", queue: "default" });
 * const handler = handle(bill, ({ month }, { state, log }) => {
 *   log.info(`Bill of ${state.get(tenant).name} for ${month}`);
 * });
 * console.log(handler.type, withTenant.length); // bill 2
 * ```
 */
export function defineState<Value>(name: string): StateKey<Value> {
  return Object.freeze({ name });
}

/** Creates an empty state. */
export function createState(): ContextState {
  const values = new Map<StateKey<unknown>, unknown>();
  return {
    get<Value>(key: StateKey<Value>) {
      if (values.has(key)) return values.get(key) as Value;
      throw new Error(`Cannot get state '${key.name}': no middleware has set it for this job`);
    },
    has: (key) => values.has(key),
    set: (key, value) => void values.set(key, value),
  };
}
