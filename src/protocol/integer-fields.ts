/**
 * The fields of a job to be stored that hold integers. The protocol refuses a float there even when it is whole
 * (`1.0`, `1e3`), which a decoded value no longer tells: the scans look for them, outside payloads.
 *
 * @module
 */

import { DecodeError } from "./codec.ts";

const names = "priority|ready_at|retry_limit|base_ms|jitter_ms|completed_ms|dead_ms";
const field = new RegExp(`^(?:${names})$`);
const memberOfJson = new RegExp(`"(${names})"\\s*:\\s*(-?[0-9]+)$`);
const restOfNumber = /[0-9.eE+-]+/y;

/** Enough for a name, some white space and any integer. */
const lookBack = 80;

/** Refuses the number that has its fraction or exponent at `at`, if it is whole and in such a field. */
export function refuseJsonFloat(text: string, at: number): void {
  const found = memberOfJson.exec(text.slice(Math.max(0, at - lookBack), at));
  if (found === null) return;
  restOfNumber.lastIndex = at;
  const number = `${found[2]}${restOfNumber.exec(text)?.[0]}`;
  // One that is not whole is refused with more words when the value is read.
  if (Number.isInteger(Number(number))) throw floatRefused(found[1]!, number);
}

/** Refuses a whole float under such a key. */
export function refusePackFloat(key: string, value: number): void {
  if (Number.isInteger(value) && field.test(key)) throw floatRefused(key, `the float ${value}`);
}

function floatRefused(name: string, given: string): DecodeError {
  return new DecodeError(`${name}: expected an integer, got ${given}`);
}
