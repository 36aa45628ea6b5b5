/**
 * The settings that may be changed while the broker runs: one row each, from which follow what a value has to be, what is
 * shown, and what is stored.
 *
 * To let one more be changed, add a row here; whatever reads it must read it from the settings each time.
 *
 * @module
 */

import { backoffSchema, toBackoffWire } from "../../protocol/backoff.ts";
import type { Backoff } from "../../protocol/job.ts";
import { readAs } from "../../protocol/schema.ts";
import { checkRange, type NumberSetting, type Settings } from "./settings.ts";

/** A setting that may be changed. */
export interface ConfigRow {
  /** Its name on the wire, and in the database. */
  readonly key: string;
  readonly name: NumberSetting | "defaultBackoff";
  /** What it counts. */
  readonly unit:
    | "ms"
    | "days"
    | "jobs"
    | "retries"
    | "deliveries"
    | "entries"
    | "percent"
    | "budgets"
    | "backoff";
}

/** The rows, sorted by their keys. */
// deno-fmt-ignore
export const configRows: readonly ConfigRow[] = [
  { key: "completed_limit",                name: "completedLimit",              unit: "jobs" },
  { key: "default_backoff",                name: "defaultBackoff",              unit: "backoff" },
  { key: "default_completed_retention_ms", name: "defaultCompletedRetentionMs", unit: "ms" },
  { key: "default_dead_retention_ms",      name: "defaultDeadRetentionMs",      unit: "ms" },
  { key: "default_retry_limit",            name: "defaultRetryLimit",           unit: "retries" },
  { key: "global_in_flight_limit",         name: "globalInFlightLimit",         unit: "jobs" },
  { key: "grace_ms",                       name: "leaseGraceMs",                unit: "ms" },
  { key: "heartbeat_interval_ms",          name: "heartbeatIntervalMs",         unit: "ms" },
  { key: "history_limit",                  name: "historyLimit",                unit: "entries" },
  { key: "lease_ms",                       name: "leaseMs",                     unit: "ms" },
  { key: "max_budgets",                    name: "maxBudgets",                  unit: "budgets" },
  { key: "max_deliveries",                 name: "maxDeliveries",               unit: "deliveries" },
  { key: "max_worker_age_ms",              name: "maxWorkerAgeMs",              unit: "ms" },
  { key: "reaper_interval_ms",             name: "reaperIntervalMs",            unit: "ms" },
  { key: "stats_days",                     name: "statsDays",                   unit: "days" },
  { key: "stream_in_flight_percent",       name: "streamInFlightPercent",       unit: "percent" },
];

const byKey: ReadonlyMap<string, ConfigRow> = new Map(configRows.map((row) => [row.key, row]));

/** The row of a key. */
export function configRow(key: string): ConfigRow | undefined {
  return byKey.get(key);
}

/** A value as it was read, or why it cannot be. */
export type ConfigReading =
  | { readonly value: number | Backoff }
  | { readonly problem: string };

/** Reads a value as the wire and the database spell it. */
export function readConfig({ key, name }: ConfigRow, wire: unknown): ConfigReading {
  if (name === "defaultBackoff") return readBackoff(key, wire);
  const wanted = checkRange(name, wire);
  if (wanted === undefined) return { value: wire as number };
  return { problem: `config '${key}' is ${show(wire)}, must be ${wanted}` };
}

/** The wire's spelling of the value that a setting has. */
export function toConfigWire({ name }: ConfigRow, settings: Settings): unknown {
  return name === "defaultBackoff" ? toBackoffWire(settings[name]) : settings[name];
}

function readBackoff(key: string, wire: unknown): ConfigReading {
  try {
    return { value: readAs(backoffSchema, wire) };
  } catch (error) {
    const wanted = "must have a number exponent and integers base_ms and jitter_ms";
    const detail = (error as Error).message;
    return { problem: `config '${key}' is ${show(wire)}, ${wanted}: ${detail}` };
  }
}

/** Long enough to recognise a value, short enough for a line. */
const shownLength = 60;

function show(value: unknown): string {
  // A whole number that was sent as a float is a bigint here (docs/protocol.md, section 2.3).
  const text = typeof value === "bigint" ? `the float ${value}` : JSON.stringify(value) ?? "absent";
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}
