/**
 * The filters of the protocol as conditions in SQL.
 *
 * @module
 */

import type { JobQuery } from "../protocol/query.ts";
import type { Range } from "../protocol/range.ts";
import type { SqlValue } from "./database.ts";
import { isOneOf } from "./dialect.ts";
import { keyOfId } from "./job-key.ts";
import { toBytes } from "./text-bytes.ts";
import { traits } from "./traits.ts";

/** Selects jobs: what a query asks for, without its payload filter, which is not evaluated in SQL. */
export interface JobSelection extends Omit<JobQuery, "filter"> {
  /** The keys of the rows. */
  readonly seq?: readonly number[] | undefined;
}

/** A condition with the values of its placeholders. */
export interface Condition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** The condition that a job is still seen at `now`, in ms since the epoch. */
export function isVisibleAt(now: number): Condition {
  return { sql: "(purge_at IS NULL OR purge_at > ?)", params: [now] };
}

/** The condition that a key comes behind another, and not behind the end. */
export function isBetween(
  order: "asc" | "desc",
  behind: number | undefined,
  end?: number,
): Condition[] {
  const conditions: Condition[] = [];
  const [after, upTo] = order === "asc" ? [">", "<="] : ["<", ">="];
  if (behind !== undefined) conditions.push({ sql: `seq ${after} ?`, params: [behind] });
  if (end !== undefined) conditions.push({ sql: `seq ${upTo} ?`, params: [end] });
  return conditions;
}

/** The condition that all of some are met; `1 = 1` when there are none. */
export function all(conditions: readonly Condition[]): Condition {
  return {
    sql: ["1 = 1", ...conditions.map(({ sql }) => sql)].join(" AND "),
    params: conditions.flatMap(({ params }) => params),
  };
}

/** The condition that a job of the selection meets. */
export function whereMatches(selection: JobSelection): Condition {
  return all([
    ...hasOneOf("status", selection.status, "integers"),
    ...hasOneOf("queue", selection.queue, "texts"),
    ...hasOneOf("type", selection.type, "texts"),
    ...hasId(selection.id),
    ...hasOneOf("seq", selection.seq, "integers"),
    ...isWithin("priority", selection.priority),
    ...isWithin("ready_at", selection.readyAt),
    ...isWithin("attempts", selection.attempts),
    ...drawsOn(selection.budget),
    ...isInGroup(selection.failureGroup),
    ...hasTag(selection.tag),
    ...hasTraitBit(traits.tracked, selection.tracked),
  ]);
}

function hasOneOf(
  column: string,
  values: readonly SqlValue[] | undefined,
  kind: "texts" | "integers",
): Condition[] {
  if (values === undefined) return [];
  if (values.length === 1) return [{ sql: `${column} = ?`, params: values }];
  return [{ sql: isOneOf(column, kind), params: [JSON.stringify(values)] }];
}

/** Only the rows that the ids lead to are read. */
function hasId(ids: readonly string[] | undefined): Condition[] {
  if (ids === undefined) return [];
  const texts = JSON.stringify(ids);
  const seqs = JSON.stringify(ids.map(keyOfId).filter((key) => key !== undefined));
  return [{
    sql: `(${isOneOf("seq", "integers")} OR (named = 1 AND ${isOneOf("id", "texts")}))
      AND ${isOneOf("id", "texts")}`,
    params: [seqs, texts, texts],
  }];
}

function drawsOn(keys: readonly string[] | undefined): Condition[] {
  return hasOneOf("key", keys, "texts").map(({ sql, params }) => ({
    sql: `id IN (SELECT job_id FROM bindings WHERE ${sql})`,
    params,
  }));
}

/** Only dead jobs are looked up in the table of groups. */
function isInGroup(group: string | undefined): Condition[] {
  if (group === undefined) return [];
  return [{
    sql: `(traits & ${traits.grouped}) <> 0
      AND EXISTS (SELECT 1 FROM failures WHERE failures.job = jobs.seq AND failure_group = ?)`,
    params: [toBytes(group)],
  }];
}

/** Job by job: a tag that many jobs have leads nowhere. Where few have it, they are looked up (`keysTagged`). */
function hasTag(tags: readonly string[] | undefined): Condition[] {
  return hasOneOf("tag", tags, "texts").map(({ sql, params }) => ({
    sql: `(${
      hasBit(traits.tagged)
    } AND EXISTS (SELECT 1 FROM job_tags WHERE job = jobs.seq AND ${sql}))`,
    params,
  }));
}

function hasTraitBit(trait: number, wanted: boolean | undefined): Condition[] {
  if (wanted === undefined) return [];
  return [{ sql: wanted ? hasBit(trait) : `NOT ${hasBit(trait)}`, params: [] }];
}

function hasBit(trait: number): string {
  return `(traits & ${trait}) <> 0`;
}

function isWithin(column: string, { min, max }: Range = {}): Condition[] {
  const conditions: Condition[] = [];
  if (min !== undefined) conditions.push({ sql: `${column} >= ?`, params: [min] });
  if (max !== undefined) conditions.push({ sql: `${column} <= ?`, params: [max] });
  return conditions;
}
