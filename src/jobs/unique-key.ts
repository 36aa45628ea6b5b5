/**
 * Unique keys of payloads: the same in all languages whose clients follow the recipe.
 *
 * @module
 */

import { describePath, type PayloadPath, toKeys } from "../jq/payload-path.ts";
import { checkOptions } from "../options.ts";

/** Which part of a payload makes a key. */
export interface UniqueKeyOptions {
  /**
   * The places whose values count; one that is not there counts for nothing. Not together with `except`.
   *
   * @default {the whole payload}
   */
  readonly only?: readonly PayloadPath[] | undefined;
  /**
   * The places whose values do not count.
   *
   * @default {none}
   */
  readonly except?: readonly PayloadPath[] | undefined;
  /**
   * Whether the key begins with the type of the job. Without it, jobs of all types share their keys.
   *
   * @default {true}
   */
  readonly prefix?: boolean | undefined;
}

/** What gives the key of a payload, for the `uniqueKey` of a definition. */
export type UniqueKeyFunction = (
  payload: unknown,
  job: { readonly type: string },
) => Promise<string>;

/**
 * Gives the unique key of a payload: the type, a colon, and the SHA-256 of its JSON in hexadecimal. The JSON has no spaces, and
 * its keys are sorted at every depth, by their code points. The Ruby client makes the same key of the same payload.
 *
 * @param type The type of the job.
 * @param payload What the job is about, or will be.
 * @param options Which part of the payload counts.
 * @throws {TypeError} If `only` and `except` are both given, or the payload has no JSON.
 *
 * @example
 * ```ts
 * import { toUniqueKey } from "@millrace/millrace/client";
 *
 * const mail = { user: 7, text: "Hello", sentBy: "web-3" };
 * const key = await toUniqueKey("mail", mail, { except: ["sentBy"] });
 * console.log(key === await toUniqueKey("mail", { text: "Hello", user: 7 })); // true
 * console.log(key.slice(0, 9), key.length); // mail:6344 69
 * ```
 */
export async function toUniqueKey(
  type: string,
  payload: unknown,
  options: UniqueKeyOptions = {},
): Promise<string> {
  demandOneOf(options);
  const { only, except, prefix = true } = options;
  // What travels is what counts: a Date is its text, and what is undefined is not there.
  const whole: unknown = JSON.parse(JSON.stringify(payload ?? null));
  const part = only === undefined ? without(whole, except ?? []) : pick(whole, only);
  const bytes = new TextEncoder().encode(toCanonicalJson(part));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return prefix ? `${type}:${hex}` : hex;
}

/**
 * Makes the unique key of a definition from the whole payload or a part of it, as {@linkcode toUniqueKey} does.
 *
 * @param options Which part of the payload counts.
 * @throws {TypeError} If `only` and `except` are both given.
 *
 * @example
 * ```ts
 * import { defineJob, uniqueBy } from "@millrace/millrace/client";
 *
 * const remind = defineJob<{ user: number; day: string; retryOf?: string }>({
 *   type: "remind",
 *   queue: "mail",
 *   uniqueKey: uniqueBy({ only: ["user", "day"] }),
 *   uniqueWhile: "active",
 * });
 * const first = await remind.toRequest({ user: 7, day: "2030-01-01" });
 * const second = await remind.toRequest({ user: 7, day: "2030-01-01", retryOf: "x" });
 * console.log(first.uniqueKey === second.uniqueKey); // true
 * ```
 */
export function uniqueBy(options: UniqueKeyOptions = {}): UniqueKeyFunction {
  demandOneOf(options);
  return (payload, { type }) => toUniqueKey(type, payload, options);
}

function demandOneOf(options: UniqueKeyOptions): void {
  checkOptions("uniqueBy", options, { only: 1, except: 1, prefix: 1 });
  const { only, except } = options;
  if (only === undefined || except === undefined) return;
  const [first, second] = [only, except].map((paths) =>
    `'${paths.map(describePath).join("', '")}'`
  );
  throw new TypeError(
    `Cannot make a unique key of 'only' ${first} and 'except' ${second}: give one of them`,
  );
}

type Branch = Record<string | number, unknown>;

/** The parts of a value that lie at some places, each in its place. */
function pick(whole: unknown, paths: readonly PayloadPath[]): unknown {
  let picked: unknown = null;
  for (const path of paths) {
    const keys = toKeys(path);
    let value = whole;
    for (const key of keys) value = hasKey(value, key) ? value[key] : undefined;
    if (value === undefined) continue;
    if (keys.length === 0) return whole;
    picked = put(picked, keys, value);
  }
  return picked ?? {};
}

/** Puts a value at a place, and makes what has to be around it. */
function put(into: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value;
  const branch = (into ?? (typeof key === "number" ? [] : Object.create(null))) as Branch;
  branch[key] = put(branch[key], rest, value);
  return branch;
}

/** A value without what lies at some places. It is ours alone, so it may be changed. */
function without(whole: unknown, paths: readonly PayloadPath[]): unknown {
  for (const path of paths) {
    const keys = toKeys(path);
    const last = keys.at(-1);
    if (last === undefined) return null;
    let branch = whole;
    for (const key of keys.slice(0, -1)) branch = hasKey(branch, key) ? branch[key] : undefined;
    if (!hasKey(branch, last)) continue;
    // A list keeps its length, so that several places of it can be named.
    if (Array.isArray(branch)) branch[last as number] = null;
    else delete branch[last];
  }
  return whole;
}

function hasKey(value: unknown, key: string | number): value is Branch {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}

/** JSON without spaces, with sorted keys. */
function toCanonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${Array.from(value, toCanonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b));
  return `{${
    members.map(([key, member]) => `${JSON.stringify(key)}:${toCanonicalJson(member)}`).join(",")
  }}`;
}

/** The order of UTF-8 bytes, in which other languages sort; JavaScript's own differs beyond U+FFFF. */
function compareCodePoints(a: string, b: string): number {
  const [first, second] = [[...a], [...b]];
  for (let at = 0; at < first.length && at < second.length; at++) {
    const difference = first[at]!.codePointAt(0)! - second[at]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return first.length - second.length;
}
