/**
 * Log lines for people (text) and for programs (JSON).
 *
 * @module
 */

import type { LogFields, Logger } from "../../src/log.ts";

/** How lines look; `auto` is text on a terminal and JSON elsewhere. */
export type LogFormat = "auto" | "text" | "json";

/** Where lines go. */
export interface LogSink {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Creates a logger. Debug lines are dropped. */
export function createLogger(format: LogFormat, sink: LogSink): Logger {
  const toLine = format === "json" || (format === "auto" && !sink.isTTY) ? toJson : toText;
  const at = (level: string) => (message: string, fields: LogFields = {}) =>
    void sink.write(`${toLine(level, new Date().toISOString(), message, fields)}\n`);
  return { debug() {}, info: at("info"), warn: at("warn"), error: at("error") };
}

function toJson(level: string, time: string, message: string, fields: LogFields): string {
  const head = { time, level, message };
  const whole = tryJson({ ...head, ...fields });
  if (whole !== undefined) return whole;
  // Some field is no JSON: a line without it is better than none.
  const told = Object.entries(fields).map(([name, value]) =>
    [name, tryJson(value) === undefined ? kindOf(value) : value] as const
  );
  return tryJson({ ...head, ...Object.fromEntries(told) })!;
}

/** Undefined for what cannot be said, such as an object that holds itself. */
function tryJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_key, value: unknown) => {
      if (!(value instanceof Error)) return typeof value === "bigint" ? String(value) : value;
      const { name, message, stack, cause } = value;
      return { name, message, stack, cause };
    });
  } catch {
    return undefined;
  }
}

function kindOf(value: unknown): string {
  return typeof value === "object" ? Object.prototype.toString.call(value) : String(value);
}

function toText(level: string, time: string, message: string, fields: LogFields): string {
  const words = Object.entries(fields).map(([name, value]) => ` ${name}=${toWord(value)}`);
  return `${time.slice(11, 19)} ${level.toUpperCase().padEnd(5)} ${message}${words.join("")}`;
}

function toWord(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(`${value.name}: ${value.message}`);
  return typeof value === "string" ? value : tryJson(value) ?? kindOf(value);
}
