/**
 * Readers of flag values. Each throws an error whose message says what was expected.
 *
 * @module
 */

import { toMs } from "../../src/async/duration.ts";

/** Any text that is not empty. */
export function readText(text: string): string {
  if (text === "") throw new Error("something");
  return text;
}

/** What `read` reads, or undefined when there is no text. */
export function readOptional<Value>(
  read: (text: string) => Value,
): (text: string) => Value | undefined {
  return (text) => text === "" ? undefined : read(text);
}

/** An address that begins with `http://` or `https://`. */
export function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new Error("an address such as http://127.0.0.1:8901");
}

/** One of a few words. */
export function readChoice<Choice extends string>(...choices: Choice[]): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((choice) => choice === text);
    if (choice === undefined) throw new Error(choices.map((choice) => `'${choice}'`).join(" or "));
    return choice;
  };
}

/** A whole number in a range. */
export function readInteger(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new Error(`an integer from ${min} to ${max}`);
  };
}

/** A number that fits a 32-bit float. */
export function readFloat(text: string): number {
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (Number.isFinite(Math.fround(value))) return value;
  throw new Error("a number such as 4 or 1.5");
}

/** A duration in ms, given with a unit, or 0. */
export function readDuration(minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    try {
      const value = text === "0" ? 0 : toMs(text, "duration");
      if (value >= minMs && value <= maxMs) return value;
    } catch {
      // The error below says it in the words of the command line.
    }
    const range = minMs > 0 || maxMs < Number.MAX_SAFE_INTEGER
      ? ` from ${minMs}ms to ${maxMs}ms`
      : "";
    throw new Error(`a duration such as 250ms, 30s, 10m, 1.5h or 7d${range}`);
  };
}
