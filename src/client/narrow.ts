/**
 * Two filters as one: what fits both.
 *
 * @module
 */

import type { JobFilter } from "../protocol/filter.ts";
import type { Range } from "../protocol/range.ts";

/** Of which a job has one value, so that it must be in both lists. */
const single = ["status", "queue", "type", "id"] as const;

const ranges = ["priority", "readyAt", "attempts"] as const;

/**
 * The filter of what fits two filters.
 *
 * @throws {TypeError} If they have a member that says something else in each, and no filter can say both.
 */
export function narrow(first: JobFilter, second: JobFilter): JobFilter {
  let both: JobFilter = first;
  for (const [name, value] of Object.entries(second)) {
    if (value === undefined) continue;
    const before = both[name as keyof JobFilter];
    both = { ...both, ...before === undefined ? { [name]: value } : meet(name, before, value) };
  }
  return both;
}

/** What no job fits. */
const nothing: JobFilter = { id: [] };

function meet(name: string, before: unknown, value: unknown): JobFilter {
  if ((single as readonly string[]).includes(name)) {
    const values = toList(value);
    return { [name]: toList(before).filter((one) => values.includes(one)) };
  }
  if ((ranges as readonly string[]).includes(name)) {
    const [a, b] = [toRange(before as number | Range), toRange(value as number | Range)];
    const min = Math.max(a.min ?? 0, b.min ?? 0);
    const max = Math.min(a.max ?? Infinity, b.max ?? Infinity);
    return min > max ? nothing : { [name]: { min, max: max === Infinity ? undefined : max } };
  }
  // By the first output of each, as a filter alone; a comment at its end must not hide what follows.
  if (name === "filter") return { filter: `first(${before}\n) and first(${value}\n)` };
  if (JSON.stringify(before) === JSON.stringify(value)) return {};
  throw new TypeError(
    `Cannot narrow by '${name}' ${JSON.stringify(value)}: ` +
      `the query has ${JSON.stringify(before)} already, and a filter says one of them`,
  );
}

function toRange(value: number | Range): Range {
  return typeof value === "number" ? { min: value, max: value } : value;
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
