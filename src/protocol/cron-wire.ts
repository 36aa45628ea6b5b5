/**
 * Cron groups and entries as the wire spells them (docs/protocol.md, section 7.1).
 *
 * @module
 */

import type { CronEntryRecord, CronGroupRecord, CronTemplate } from "./cron-record.ts";
import { type FieldKind, fieldsWith } from "./job-fields.ts";
import { payloadAsJson, payloadAsPack } from "./payload.ts";
import { packValue } from "./record-pack.ts";
import { PreEncoded } from "./pre-encoded.ts";

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
    ...toScheduleWire(entry),
    ...pause,
    job: toTemplateWire(entry),
    next_enqueue_at: entry.nextAt ?? undefined,
    last_enqueue_at: entry.lastAt ?? undefined,
    ...toLineageWire(entry),
  };
}

function toScheduleWire(
  { expression, everyMs, startAt, catchUp, backlog }: CronEntryRecord,
): object {
  if (everyMs === null) return { expression };
  return {
    every_ms: everyMs,
    start_at: startAt ?? undefined,
    catch_up: catchUp === 1 ? true : undefined,
    backlog: backlog === 0 ? undefined : backlog,
  };
}

/** What came from an entry is told of those with an interval only: other servers tell nothing of the others. */
function toLineageWire({ everyMs, count, lastJobId }: CronEntryRecord): object {
  return everyMs === null ? {} : { count, last_job_id: lastJobId ?? undefined };
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

const templateFields = fieldsWith("cron");
/** Of these a template holds the JSON text, which leaves as it is. */
const textKinds: readonly FieldKind[] = ["backoff", "retention", "batch", "budgets"];

function toTemplateWire(entry: CronEntryRecord): object {
  const wire: Record<string, unknown> = {};
  for (const { name, wire: member, kind } of templateFields) {
    const value = entry[name as keyof CronTemplate] as string | number | null;
    if (value === null) continue;
    wire[member] = textKinds.includes(kind)
      ? new PreEncoded(() => `${value}`, () => packValue(kind, value))
      : value;
  }
  if (entry.tags !== null) wire["tags"] = JSON.parse(entry.tags);
  if (entry.meta !== null) wire["meta"] = JSON.parse(entry.meta);
  wire["payload"] = new PreEncoded(() => payloadAsJson(entry), () => payloadAsPack(entry));
  return wire;
}
