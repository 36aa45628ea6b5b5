/**
 * The fields of a job to be stored that hold integers. The protocol refuses a float there even when it is whole
 * (`1.0`, `1e3`), which a decoded value no longer tells: the scans look for them, outside payloads.
 *
 * @module
 */

import { DecodeError } from "./codec.ts";

const names = "priority|ready_at|retry_limit|base_ms|jitter_ms|completed_ms|dead_ms";
const field = new RegExp(`^(?:${names})$`);
const memberOfJson = new RegExp(`"(${names})"\\s*:\\s*-?[0-9]+$`);

/** Enough for a name, some white space and any integer. */
const lookBack = 80;

/** Refuses the fraction or exponent at `at` if it belongs to such a field. */
export function refuseJsonFloat(text: string, at: number): void {
  const name = memberOfJson.exec(text.slice(Math.max(0, at - lookBack), at))?.[1];
  if (name !== undefined) throw floatRefused(name);
}

/** Refuses a float under this key. */
export function refusePackFloat(key: string): void {
  if (field.test(key)) throw floatRefused(key);
}

function floatRefused(name: string): DecodeError {
  return new DecodeError(`${name}: expected an integer, got a float`);
}
