/**
 * Cron groups and entries as the wire spells them (docs/protocol.md, section 7.1).
 *
 * @module
 */

import type { CronEntryRecord, CronGroupRecord } from "./cron-record.ts";
import { payloadAsJson, payloadAsPack } from "./payload.ts";
import { packBackoff } from "./record-pack.ts";
import { Verbatim } from "./verbatim.ts";

/** A group with its entries, in their order. */
export function toCronGroupWire(
  { group, entries }: {
    readonly group: CronGroupRecord;
    readonly entries: readonly CronEntryRecord[];
  },
): object {
  return { ...toPauseWire(group), entries: entries.map(toCronEntryWire) };
}

/** One entry. */
export function toCronEntryWire(entry: CronEntryRecord): object {
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

function toPauseWire({ name, timezone, paused, pausedAt, resumedAt }: CronGroupRecord) {
  return {
    name,
    paused: paused === 1,
    timezone: timezone ?? undefined,
    paused_at: pausedAt ?? undefined,
    resumed_at: resumedAt ?? undefined,
  };
}

function toTemplateWire(entry: CronEntryRecord): object {
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
