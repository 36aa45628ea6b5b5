/**
 * The small vocabulary that the schemas of all messages are written in, and how a mismatch is told.
 *
 * A schema's message is what was expected (`an integer from 0 to 65535`); {@linkcode readAs} adds where it was
 * and what was there instead.
 *
 * @module
 */

import * as v from "valibot";
import { max16, max32, maxExact } from "./integer.ts";
import { MessageError } from "./message-error.ts";

export { MessageError };

/** Reads `value` as the schema's message. Throws {@linkcode MessageError} at the first mismatch. */
export function readAs<Output>(schema: v.GenericSchema<unknown, Output>, value: unknown): Output {
  // Not by `v.safeParse`, which makes three objects for each message, and asks the application for its settings.
  const read = schema["~run"]({ value }, firstIssueOnly);
  if (read.issues === undefined) return read.value;
  throw new MessageError(describe(read.issues[0]));
}

const firstIssueOnly = { abortEarly: true };

/** One line such as `jobs[3].priority: expected an integer from 0 to 65535, got 1.5`. */
function describe(issue: v.BaseIssue<unknown>): string {
  const path = issue.path?.reduce(
    (path, { key }) => typeof key === "number" ? `${path}[${key}]` : `${path}${path && "."}${key}`,
    "",
  );
  const where = path ? `${path}: ` : "";
  if (issue.input === undefined) return `${where}is missing`;
  return `${where}expected ${issue.message}, got ${show(issue.input)}`;
}

/** Long enough to recognise a value, short enough for a line. */
const shownLength = 60;

/** A value as JSON, cut to a readable length. */
function show(value: unknown): string {
  const text = typeof value === "bigint"
    ? `the float ${value}` // The mark of 'integral-float.ts'.
    : typeof value === "object" && value !== null
    ? Array.isArray(value) ? "a list" : "an object"
    : typeof value === "string"
    ? JSON.stringify(value.slice(0, shownLength + 1))
    : String(value);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

/** Any text. */
export const text: v.GenericSchema<unknown, string> = /* @__PURE__ */ v.string("a text");

/**
 * Creates the schema of a list whose items are of one kind. Most lists are right, and may be long: they are looked at
 * without the vocabulary, which takes ten times as long; it tells what is wrong with the others.
 *
 * @param item The schema of an item; it gives the item as it is.
 * @param isItem Whether a value is one.
 */
// @__NO_SIDE_EFFECTS__
function listOf<Item>(
  item: v.GenericSchema<unknown, Item>,
  isItem: (value: unknown) => boolean,
): v.GenericSchema<unknown, Item[]> {
  const list: v.GenericSchema<unknown, Item[]> = v.array(item, "a list");
  const run: typeof list["~run"] = (dataset, config) => {
    const { value } = dataset;
    return Array.isArray(value) && value.every(isItem)
      ? { typed: true, value }
      : list["~run"](dataset, config);
  };
  return { ...list, "~run": run };
}

/** True or false. */
export const bool: v.GenericSchema<unknown, boolean> = /* @__PURE__ */ v.boolean("true or false");

/** An integer from 0 to 2^16 − 1. */
export const u16: v.GenericSchema<unknown, number> = integer(max16);

/** An integer from 0 to 2^32 − 1. */
export const u32: v.GenericSchema<unknown, number> = integer(max32);

/**
 * An integer from 0 to 2^64 − 1, as an answer spells it: there 2^64 can only be 2^64 − 1, to which it is the nearest
 * number. Requests have a schema of their own (`request-integer.ts`).
 */
export const u64: v.GenericSchema<unknown, number> = largeInteger(2 ** 64);

/**
 * Creates the schema of an integer of 64 bits. Above 2^53 − 1, where a JavaScript number is no longer exact, it is read
 * as 2^53 − 1. Only instants and durations in ms are of this kind: 2^53 ms are 285,000 years.
 *
 * @param max The highest number that is accepted.
 */
// @__NO_SIDE_EFFECTS__
export function largeInteger(max: number): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.custom<number>(
      (value) => isIntegerUpTo(max, value),
      "an integer from 0 to 18446744073709551615",
    ),
    v.transform((value) => Math.min(value, maxExact)),
  );
}

// @__NO_SIDE_EFFECTS__
function integer(max: number): v.GenericSchema<unknown, number> {
  return v.custom<number>((value) => isIntegerUpTo(max, value), `an integer from 0 to ${max}`);
}

/** Texts. */
export const texts: v.GenericSchema<unknown, string[]> = listOf(
  text,
  (value) => typeof value === "string",
);

/** Texts, and nulls in the places of some. */
export const textsOrNulls: v.GenericSchema<unknown, (string | null)[]> = listOf(
  /* @__PURE__ */ v.custom<string | null>(
    (value) => value === null || typeof value === "string",
    "a text or null",
  ),
  (value) => value === null || typeof value === "string",
);

/** Integers from 0 to 2^32 − 1. */
export const u32s: v.GenericSchema<unknown, number[]> = listOf(
  u32,
  (value) => isIntegerUpTo(max32, value),
);

/** Whether a value is an integer from 0 to `max`. */
export function isIntegerUpTo(max: number, value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}

/**
 * One of some texts.
 *
 * @param expected What is wanted instead of another, such as `a status`.
 */
// @__NO_SIDE_EFFECTS__
export function oneOf<Value extends string>(
  values: readonly Value[],
  expected: string,
): v.GenericSchema<unknown, Value> {
  return v.custom<Value>((value) => (values as readonly unknown[]).includes(value), expected);
}

/** A field that may be absent or null. */
// @__NO_SIDE_EFFECTS__
export function optional<Output>(
  schema: v.GenericSchema<unknown, Output>,
): v.NullishSchema<v.GenericSchema<unknown, Output>, undefined> {
  return v.nullish(schema);
}
