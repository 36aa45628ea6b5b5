/**
 * Settings of the broker that were changed while it ran.
 *
 * @module
 */

import { report, rows, run, type Transition } from "./transition.ts";

/** A setting that was changed, and its value as JSON text. */
export interface ConfigEntry {
  readonly key: string;
  readonly value: string;
}

/** All of them. */
export function* listConfig(): Transition<ConfigEntry[]> {
  return yield* rows<ConfigEntry>("SELECT key, value FROM config ORDER BY key");
}

/** Keeps a value. */
export function* putConfig(key: string, value: string): Transition<void> {
  yield* run(
    "INSERT INTO config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [key, value],
  );
  yield report({ kind: "config", key, value });
}

/** Forgets a value. */
export function* removeConfig(key: string): Transition<void> {
  const removed = yield* run("DELETE FROM config WHERE key = ?", [key]);
  if (removed > 0) yield report({ kind: "config", key, value: undefined });
}
