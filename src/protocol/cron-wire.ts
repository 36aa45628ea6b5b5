/**
 * Cron groups and entries as the wire spells them (section 8.1 of the protocol).
 *
 * @module
 */

import { payloadAsJson, payloadAsPack } from "./payload.ts";
import type { JobRecord } from "./record.ts";
import { packBackoff } from "./record-pack.ts";
import { Verbatim } from "./verbatim.ts";

/** A pause: of a group, or of an entry. */
interface Pausable {
  readonly name: string;
  readonly timezone: string | null;
  /** 0 or 1. */
  readonly paused: number;
  readonly pausedAt: number | null;
  readonly resumedAt: number | null;
}

/** An entry as the broker keeps it. */
interface CronEntry extends
  Pausable,
  Pick<
    JobRecord,
    | "type"
    | "queue"
    | "priority"
    | "retryLimit"
    | "backoff"
    | "retention"
    | "uniqueKey"
    | "uniqueWhile"
    | "batch"
    | "budgets"
    | "payloadJson"
    | "payloadPack"
  > {
  readonly expression: string;
  readonly nextAt: number | null;
  readonly lastAt: number | null;
}

/** A group with its entries, in their order. */
export function toCronGroupWire(
  { group, entries }: { readonly group: Pausable; readonly entries: readonly CronEntry[] },
): object {
  return { ...toPauseWire(group), entries: entries.map(toCronEntryWire) };
}

/** One entry. */
export function toCronEntryWire(entry: CronEntry): object {
  const { name, ...pause } = toPauseWire(entry);
  return {
    name,
    expression: entry.expression,
    ...pause,
    job: toTemplateWire(entry),
    next_enqueue_at: entry.nextAt ?? undefined,
    last_enqueue_at: entry.lastAt ?? undefined,
  };
}

function toPauseWire({ name, timezone, paused, pausedAt, resumedAt }: Pausable) {
  return {
    name,
    paused: paused === 1,
    timezone: timezone ?? undefined,
    paused_at: pausedAt ?? undefined,
    resumed_at: resumedAt ?? undefined,
  };
}

function toTemplateWire(entry: CronEntry): object {
  const { backoff, retention, batch, budgets } = entry;
  return {
    type: entry.type,
    queue: entry.queue,
    payload: new Verbatim(() => payloadAsJson(entry), () => payloadAsPack(entry)),
    priority: entry.priority,
    retry_limit: entry.retryLimit ?? undefined,
    backoff: backoff === null ? undefined : new Verbatim(() => backoff, () => packBackoff(backoff)),
    retention: retention === null ? undefined : JSON.parse(retention),
    unique_key: entry.uniqueKey ?? undefined,
    unique_while: entry.uniqueWhile ?? undefined,
    batch: batch === null ? undefined : JSON.parse(batch),
    budgets: budgets === null ? undefined : JSON.parse(budgets),
  };
}
