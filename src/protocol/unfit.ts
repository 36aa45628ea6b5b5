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
  return isSimple(value) ? undefined : findIn(value, []);
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

/** Most members are: they cost no call. */
function isSimple(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || value === null ||
    value === undefined || (typeof value === "number" && Number.isFinite(value));
}

/** Looks at what is not simple. The objects around it are known, as it may lie in itself. */
function findIn(value: unknown, around: object[]): string | undefined {
  if (typeof value === "number") return toComplaint(`${value}`, "send null");
  if (typeof value !== "object" || value === null) {
    return toComplaint(`a ${typeof value}`, advice[typeof value]!);
  }
  if (around.includes(value)) return ": it goes in a circle, which JSON cannot carry";
  // What is too deep is refused by the server.
  if (around.length > maxJsonDepth) return;
  const isList = Array.isArray(value);
  if (!isList) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      const complaint = judgeKind(value);
      if (complaint !== undefined || "toJSON" in value) return complaint;
    }
  }
  around.push(value);
  const found = isList ? findInList(value, around) : findInObject(value, around);
  around.pop();
  return found;
}

function findInList(list: readonly unknown[], around: object[]): string | undefined {
  for (let at = 0; at < list.length; at++) {
    const item = list[at];
    const found = item === undefined
      ? toComplaint("undefined", "send null")
      : isSimple(item)
      ? undefined
      : findIn(item, around);
    if (found !== undefined) return `[${at}]${found}`;
  }
}

function findInObject(object: object, around: object[]): string | undefined {
  for (const key in object) {
    const member = (object as Record<string, unknown>)[key];
    if (isSimple(member) || !Object.hasOwn(object, key)) continue;
    const found = findIn(member, around);
    if (found === undefined) continue;
    if (key === "toJSON" && typeof member === "function") return;
    return `${/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`}${found}`;
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
