/**
 * What JSON cannot carry in a value, found before it is sent.
 *
 * @module
 */

import { PayloadError } from "../errors.ts";
import { maxJsonDepth } from "./limits.ts";

/** What to send instead, by what a value calls itself. */
const advice: Readonly<Record<string, string>> = {
  Date: "send a number or a string",
  Map: "send an object or a list",
  Set: "send a list",
  RegExp: "send a string",
  Promise: "await it",
  Error: "send its message",
  bigint: "send a string",
  symbol: "send a string",
  function: "leave it out",
};

/**
 * Finds the first thing in a value that would not come out of JSON as it went in: `.items[2].at: a Date does not survive
 * JSON, send a number or a string`. What has a `toJSON` of its own is left to that, but for a `Date`.
 *
 * @param value The value.
 * @returns Where it is, from the value on, and what is wrong; undefined if all is well.
 */
export function findUnfit(value: unknown): string | undefined {
  return findIn(value, []);
}

/**
 * Demands that JSON carries a payload.
 *
 * @throws {PayloadError} If it does not; the message says where.
 */
export function demandFit(payload: unknown): void {
  const complaint = findUnfit(payload);
  if (complaint !== undefined) throw new PayloadError(`payload${complaint}`);
}

/** Looks at a value. The objects around it are known, as it may lie in itself. */
function findIn(value: unknown, around: object[]): string | undefined {
  const kind = typeof value;
  if (kind === "number") {
    return Number.isFinite(value) ? undefined : toComplaint(`${value}`, "send null");
  }
  if (kind === "string" || kind === "boolean" || value === null || value === undefined) return;
  if (typeof value !== "object") return toComplaint(`a ${kind}`, advice[kind]!);
  if (around.includes(value)) return ": it goes in a circle, which JSON cannot carry";
  // What is too deep is refused by the server.
  if (around.length > maxJsonDepth) return;
  const isList = Array.isArray(value);
  const prototype = Object.getPrototypeOf(value);
  if (!isList && prototype !== Object.prototype && prototype !== null) {
    const complaint = judgeKind(value);
    if (complaint !== undefined || "toJSON" in value) return complaint;
  }
  around.push(value);
  const found = isList ? findInList(value, around) : findInObject(value, around);
  around.pop();
  return found;
}

function findInList(list: readonly unknown[], around: object[]): string | undefined {
  for (let at = 0; at < list.length; at++) {
    const item = list[at];
    const found = item === undefined ? toComplaint("undefined", "send null") : findIn(item, around);
    if (found !== undefined) return `[${at}]${found}`;
  }
}

function findInObject(object: object, around: object[]): string | undefined {
  // Without a list of the keys: there are many objects, and few have what is looked for.
  for (const key in object) {
    const member = (object as Record<string, unknown>)[key];
    const found = findIn(member, around);
    if (found === undefined || !Object.hasOwn(object, key)) continue;
    if (key === "toJSON" && typeof member === "function") return;
    return `${/^[a-z_$][\w$]*$/i.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`}${found}`;
  }
}

/** What is wrong with an object that is more than its members. */
function judgeKind(value: object): string | undefined {
  const name = Object.prototype.toString.call(value).slice(8, -1);
  if (ArrayBuffer.isView(value) || name === "ArrayBuffer") {
    return ": bytes do not survive JSON, send a string such as base64";
  }
  return Object.hasOwn(advice, name)
    ? toComplaint(`${name === "Error" ? "an" : "a"} ${name}`, advice[name]!)
    : undefined;
}

function toComplaint(what: string, instead: string): string {
  return `: ${what} does not survive JSON, ${instead}`;
}
