/**
 * What a caller may do, as the broker tells it (docs/protocol.md, section 17.5).
 *
 * @module
 */

import * as v from "valibot";
import { optional, readAs, text, texts, u32 } from "./schema.ts";

/** Who calls, and what it may do. What is left out is not limited. */
export interface Caller {
  /** What it is called in messages and logs; undefined where the broker lets in everybody. */
  readonly name?: string | undefined;
  /** What it may do: `admin` includes all others. */
  readonly scopes: readonly string[];
  /** The only queues that it may do that with: names, or beginnings of names with a `*` behind them. */
  readonly queues?: readonly string[] | undefined;
  /** The only types of jobs. */
  readonly types?: readonly string[] | undefined;
  /** The only budgets that its new jobs may draw on. */
  readonly budgets?: readonly string[] | undefined;
  /** The only unique keys, and keys of batches, that its new jobs may have. */
  readonly uniqueKeys?: readonly string[] | undefined;
  /** The lowest number that it may give a job as its priority. */
  readonly leastPriority?: number | undefined;
  /** How many calls it may make in a second. */
  readonly callsPerSecond?: number | undefined;
  /** How many jobs it may store in a second. */
  readonly jobsPerSecond?: number | undefined;
}

/** Writes the answer of `GET /whoami`. */
export function toCallerWire(caller: Caller): object {
  return {
    name: caller.name ?? null,
    scopes: caller.scopes,
    queues: caller.queues,
    types: caller.types,
    budgets: caller.budgets,
    unique_keys: caller.uniqueKeys,
    least_priority: caller.leastPriority,
    calls_per_second: caller.callsPerSecond,
    jobs_per_second: caller.jobsPerSecond,
  };
}

const callerSchema: v.GenericSchema<unknown, Caller> = v.pipe(
  v.object({
    name: v.nullish(text),
    scopes: texts,
    queues: optional(texts),
    types: optional(texts),
    budgets: optional(texts),
    unique_keys: optional(texts),
    least_priority: optional(u32),
    calls_per_second: optional(v.number("a number")),
    jobs_per_second: optional(v.number("a number")),
  }, "an object"),
  v.transform((wire): Caller => ({
    name: wire.name ?? undefined,
    scopes: wire.scopes,
    queues: wire.queues ?? undefined,
    types: wire.types ?? undefined,
    budgets: wire.budgets ?? undefined,
    uniqueKeys: wire.unique_keys ?? undefined,
    leastPriority: wire.least_priority ?? undefined,
    callsPerSecond: wire.calls_per_second ?? undefined,
    jobsPerSecond: wire.jobs_per_second ?? undefined,
  })),
);

/** Reads the same. */
export function readCaller(value: unknown): Caller {
  return readAs(callerSchema, value);
}
