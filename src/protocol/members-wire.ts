/**
 * A job as a client sends it: new, put under an id, or changed.
 *
 * @module
 */

import { show } from "../options.ts";
import { toBackoffWire } from "./backoff.ts";
import { type BudgetUse, toBudgetUseWire } from "./budget-request.ts";
import { type DependencyUse, toDependencyWire } from "./dependency.ts";
import { type NamesWith, toWireName } from "./job-fields.ts";
import { toRetentionWire } from "./retention.ts";
import { checkInteger, max16, max32, maxExact } from "./integer.ts";

/** Writes the value of a member, which is not null. */
type Writer = (value: never, name: string) => unknown;

/** Writes an integer from 0 to `max`. */
// @__NO_SIDE_EFFECTS__
function upTo(max: number): Writer {
  return (value: number, name) => checkInteger(name, value, max);
}

/** Writes what is of a kind. */
// @__NO_SIDE_EFFECTS__
function as<Value>(
  kind: "a text" | "a list" | "an object",
  write: (value: Value) => unknown = (value) => value,
): Writer {
  return (value: Value, name) => {
    if ((typeof value === "string" ? "a text" : show(value)) === kind) return write(value);
    throw new TypeError(`Cannot use '${name}' ${JSON.stringify(value)}: expected ${kind}`);
  };
}

/**
 * How each member is written; with null it is sent as it is. The table of a job's fields (`job-fields.ts`) says more of them,
 * which who only enqueues would carry for nothing: the compiler and a test compare the two.
 */
export const memberWriters: Readonly<
  Record<
    | NamesWith<"enqueue">
    | "payload"
    | "delayMs"
    | "dependsOn"
    | "strictDependencies"
    | "tags"
    | "history"
    | "meta"
    | "childOf",
    Writer | null
  >
> = /* @__PURE__ */ (() => {
  const text = as("a text");
  const object = as("an object");
  return {
    type: text,
    queue: text,
    payload: null,
    priority: upTo(max16),
    readyAt: upTo(maxExact),
    delayMs: upTo(maxExact),
    retryLimit: upTo(max32),
    backoff: as("an object", toBackoffWire),
    retention: as("an object", toRetentionWire),
    uniqueKey: text,
    uniqueWhile: text,
    batch: object,
    budgets: as("a list", (uses: readonly BudgetUse[]) => uses.map(toBudgetUseWire)),
    dependsOn: as("a list", (uses: readonly DependencyUse[]) => uses.map(toDependencyWire)),
    strictDependencies: null,
    tags: as("a list"),
    history: null,
    meta: object,
    childOf: object,
  };
})();

const members = /* @__PURE__ */ Object.entries(memberWriters)
  .map(([name, write]) => [name, toWireName(name), write] as const);

/**
 * Writes those members of a request that it has; null is a value.
 *
 * @throws {TypeError} If one is of a wrong kind.
 * @throws {RangeError} If a number cannot be sent.
 */
export function toMembersWire(request: object): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const [name, member, write] of members) {
    const value = (request as Record<string, unknown>)[name];
    if (value !== undefined) {
      wire[member] = value === null || write === null ? value : write(value as never, name);
    }
  }
  return wire;
}
