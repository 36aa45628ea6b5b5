/**
 * Reads a value from JSON text, or from `nan`, which jq takes too.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { spend, spendSteps } from "../meter.ts";
import { hasExactNumbers, readExactJson } from "./exact-json.ts";
import type { Json } from "./json.ts";

/** Reads one JSON value. */
export function fromJson(text: string): Json {
  spend(text.length << 2);
  try {
    const value = JSON.parse(text) as Json;
    if (!hasExactNumbers(text)) return value;
    spendSteps(text.length >> 1);
    return readExactJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (/^\s*nan\s*$/i.test(text)) return NaN;
  return fail(
    text.trim() === ""
      ? `Expected JSON value (while parsing '${text}')`
      : `Invalid JSON text (while parsing '${text}')`,
  );
}
