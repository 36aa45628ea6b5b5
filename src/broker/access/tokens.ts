/**
 * Tokens that are known by their digests.
 *
 * @module
 */

import { checkOptions, show as showKind } from "../../options.ts";
import { type Clock, toClock } from "../../async/clock.ts";
import { checkName } from "../../protocol/names.ts";
import { type Authenticate, bearerToken, type Grant, type Scope, scopes } from "./grant.ts";

/** A token, and what its bearer may do. */
export interface TokenRecord extends Grant {
  /** The SHA-256 of the token, as 64 hexadecimal digits. The token itself is kept nowhere. */
  readonly sha256: string;
  /**
   * When it ends, in ms since the epoch or as an ISO 8601 text.
   *
   * @default {never}
   */
  readonly expiresAt?: number | string | undefined;
}

/** Tokens that can be replaced while a broker goes by them. */
export interface TokenList {
  /** For the `auth` of a broker. */
  readonly authenticate: Authenticate;
  /**
   * Takes other tokens in place of all.
   *
   * @throws {TypeError} If a record is not as it has to be; then the tokens stay what they were.
   */
  replace(records: readonly TokenRecord[]): void;
}

/** How tokens are looked at. */
export interface TokenListOptions {
  /**
   * The time, for tokens that end.
   *
   * @default {the platform's}
   */
  readonly clock?: Clock | undefined;
}

interface KnownToken {
  readonly digest: Uint8Array;
  readonly grant: Grant;
  readonly expiresAt: number;
}

/** Each call compares the digest with that of each token. */
const mostTokens = 1000;

const encoder = new TextEncoder();

/**
 * Creates a list of tokens. Several may have one name: so a new one can be given out before the old one ends.
 *
 * The token of a call is digested and compared with every digest, in a time that does not depend on what it is.
 *
 * @param records The tokens.
 * @param options The clock.
 * @throws {TypeError} If a record is not as it has to be.
 *
 * @example
 * ```ts
 * import { createBroker, createTokens, digestOfToken } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * const tokens = createTokens([
 *   { name: "shop", sha256: await digestOfToken("mr_example"), scopes: ["enqueue"], types: ["mail.*"] },
 * ]);
 * await using broker = createBroker({ store: openSqlite(":memory:"), auth: tokens.authenticate });
 *
 * const answer = await broker.fetch(new Request("http://localhost/jobs"));
 * console.log(answer.status); // 401
 * ```
 */
export function createTokens(
  records: readonly TokenRecord[],
  options: TokenListOptions = {},
): TokenList {
  if (!Array.isArray(records)) {
    throw new TypeError(`Cannot use 'records' ${showKind(records)}: expected a list`);
  }
  checkOptions("createTokens", options, { clock: 1 });
  const clock = toClock(options.clock);
  let known = toKnown(records);
  return {
    async authenticate(request) {
      const token = bearerToken(request);
      if (token === undefined) return undefined;
      const bytes = await crypto.subtle.digest("SHA-256", encoder.encode(token));
      const digest = new Uint8Array(bytes);
      let found: KnownToken | undefined;
      for (const one of known) {
        if (isEqual(one.digest, digest)) found = one;
      }
      return found !== undefined && found.expiresAt > clock.now() ? found.grant : undefined;
    },
    replace(records) {
      known = toKnown(records);
    },
  };
}

/**
 * The SHA-256 of a token, as a {@linkcode TokenRecord} has it.
 *
 * @param token The token.
 */
export async function digestOfToken(token: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(token)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Looks at all bytes, whatever the first ones are. */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  let difference = 0;
  for (let at = 0; at < left.length; at++) difference |= left[at]! ^ right[at]!;
  return difference === 0;
}

function toKnown(records: readonly TokenRecord[]): readonly KnownToken[] {
  if (!Array.isArray(records)) {
    throw new TypeError(`Cannot read tokens: got ${typeof records}, expected a list`);
  }
  if (records.length > mostTokens) {
    throw new TypeError(`Cannot use ${records.length} tokens: at most ${mostTokens} are possible`);
  }
  return records.map((record, at) => {
    const problem = checkRecord(record);
    if (problem !== undefined) throw new TypeError(`Cannot use tokens[${at}]: ${problem}`);
    const { sha256, expiresAt, ...grant } = record;
    return {
      digest: toBytes(sha256),
      grant,
      expiresAt: typeof expiresAt === "string" ? Date.parse(expiresAt) : expiresAt ?? Infinity,
    };
  });
}

function toBytes(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) => {
    return parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  });
}

const grantMembers: ReadonlySet<string> = new Set([
  "name",
  "scopes",
  "queues",
  "types",
  "budgets",
  "uniqueKeys",
  "leastPriority",
  "callsPerSecond",
  "jobsPerSecond",
]);

/** What is wrong with a record, which may come from a file; undefined if nothing is. */
function checkRecord(value: unknown): string | undefined {
  const { sha256, expiresAt, ...grant } = Object(value) as Readonly<Record<string, unknown>>;
  const fault = checkGrant(typeof value === "object" && value !== null ? grant : value);
  if (fault !== undefined) return fault;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/i.test(sha256)) {
    return "'sha256' must be 64 hexadecimal digits";
  }
  if (expiresAt === undefined || Number.isFinite(expiresAt)) return undefined;
  if (typeof expiresAt === "string" && !Number.isNaN(Date.parse(expiresAt))) return undefined;
  return `'expiresAt' is ${show(expiresAt)}, expected ms since the epoch or an ISO 8601 text`;
}

/** What is wrong with a grant, which may come from a file; undefined if nothing is. */
export function checkGrant(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return `got ${value}, expected an object`;
  const record = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(record).find((name) => !grantMembers.has(name));
  if (unknown !== undefined) return `unknown member '${unknown}'`;
  const { name } = record;
  if (typeof name !== "string" || name === "") return `'name' is ${show(name)}, expected a text`;
  if (!isTextList(record.scopes) || record.scopes.length === 0) {
    return `'scopes' is ${show(record.scopes)}, expected a list`;
  }
  const stray = record.scopes.find((scope) => !scopes.includes(scope as Scope));
  if (stray !== undefined) return `scope '${stray}' is none of ${scopes.join(", ")}`;
  for (const list of ["queues", "types", "budgets", "uniqueKeys"] as const) {
    const patterns = record[list];
    if (patterns === undefined) continue;
    if (!isTextList(patterns)) return `'${list}' is ${show(patterns)}, expected a list of texts`;
    // A key may be any text.
    if (list === "uniqueKeys") continue;
    const bad = patterns.find((pattern) => !isPattern(list.slice(0, -1), pattern));
    if (bad !== undefined) {
      return `'${list}' has ${show(bad)}, expected a name, or one with a * behind`;
    }
  }
  for (const number of ["leastPriority", "callsPerSecond", "jobsPerSecond"] as const) {
    const given = record[number];
    if (given === undefined || (typeof given === "number" && given >= 0 && given < Infinity)) {
      if (given !== 0 || number === "leastPriority") continue;
    }
    return `'${number}' is ${show(given)}, expected a number above 0`;
  }
  return undefined;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isPattern(noun: string, text: string): boolean {
  const name = text.endsWith("*") ? text.slice(0, -1) : text;
  return (name === "" && text === "*") || checkName(noun, name) === undefined;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
