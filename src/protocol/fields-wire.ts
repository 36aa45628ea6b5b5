/**
 * Fields of a job as a client sends them.
 *
 * @module
 */

import { toBackoffWire } from "./backoff.ts";
import { type BudgetUse, toBudgetUseWire } from "./budget-request.ts";
import type { Backoff } from "./job.ts";
import type { FieldKind, JobField } from "./job-fields.ts";
import { type RetentionPatch, toRetentionWire } from "./retention.ts";
import { checkInteger, max16, max32, maxExact } from "./integer.ts";

/** How the value of a kind is written; a kind that is left out is written as it is. Null never gets here. */
const writers: Partial<Record<FieldKind, (value: never, name: string) => unknown>> = {
  u16: (value: number, name) => checkInteger(name, value, max16),
  u32: (value: number, name) => checkInteger(name, value, max32),
  ms: (value: number, name) => checkInteger(name, value, maxExact),
  backoff: (value: Backoff) => toBackoffWire(value),
  retention: (value: RetentionPatch) => toRetentionWire(value),
  budgets: (value: readonly BudgetUse[]) => value.map(toBudgetUseWire),
};

/**
 * Writes those fields of a request that it has; null is a value.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toFieldsWire(fields: readonly JobField[], request: object): object {
  const wire: Record<string, unknown> = {};
  for (const { name, wire: member, kind } of fields) {
    const value = (request as Record<string, unknown>)[name];
    if (value === undefined) continue;
    wire[member] = value === null ? null : writers[kind]?.(value as never, name) ?? value;
  }
  return wire;
}
