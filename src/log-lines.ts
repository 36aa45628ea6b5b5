/**
 * Log lines for people (text) and for programs (JSON). One line an event, whatever is in it.
 *
 * @module
 */

import { checkOptions } from "./options.ts";
import { systemClock } from "./async/clock.ts";
import type { LogFields, Logger } from "./log.ts";
import { toPrintable } from "./printable.ts";

/** How lines look; `auto` is text on a terminal and JSON elsewhere. */
export type LogFormat = "auto" | "text" | "json";

/** How much a line matters, the least first. */
export type LogLevel = keyof Logger;

/** How {@linkcode createLogger} writes. */
export interface LoggerOptions {
  /**
   * How lines look: `text` for people, `json` for programs. `auto` is JSON where the error output of the process is no
   * terminal, and text elsewhere.
   *
   * @default {"auto"}
   */
  readonly format?: LogFormat | undefined;
  /**
   * Lines that matter less are dropped: `debug`, `info`, `warn`, `error`.
   *
   * @default {"info"}
   */
  readonly level?: LogLevel | undefined;
  /**
   * Where lines go, each without a line break at its end.
   *
   * @default {the method of `console` that is named as the level}
   */
  readonly write?: ((line: string, level: LogLevel) => unknown) | undefined;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const formats: readonly LogFormat[] = ["auto", "text", "json"];

/**
 * Creates a logger that writes one line for each event: `12:04:31 WARN  Job failed, retry 2 in 31 s id=… type=mail`, or the
 * same as JSON, with the stack of an error. Control characters are escaped, so that no name or message can steer a
 * terminal. What was given no logger logs by such a one, warnings and errors only.
 *
 * @param options The format, the least level, and where lines go.
 * @throws {TypeError} If there is no such format or level.
 *
 * @example
 * ```ts
 * import { createLogger } from "@millrace/millrace/worker";
 *
 * const lines: string[] = [];
 * const logger = createLogger({ format: "text", level: "warn", write: (line) => lines.push(line) });
 * logger.info("Connected");
 * logger.warn("Job failed, retry 1 of 5 in 2 s", { type: "mail", error: new Error("no route") });
 * console.log(lines[0]?.slice(9)); // WARN  Job failed, retry 1 of 5 in 2 s type=mail error="Error: no route"
 * ```
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  checkOptions("createLogger", options, { format: 1, level: 1, write: 1 });
  const { format = "auto", level = "info", write = writeToConsole } = options;
  demandOneOf("format", format, formats);
  demandOneOf("level", level, levels);
  const isJson = format === "json" || (format === "auto" && !isOnTerminal());
  const toLine = isJson ? toJson : toText;
  const least = levels.indexOf(level);
  const at = (level: LogLevel) =>
    levels.indexOf(level) < least
      ? () => {}
      : (message: string, fields: LogFields = {}) =>
        void write(
          toLine(level, new Date(systemClock.now()).toISOString(), message, fields),
          level,
        );
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function demandOneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  const wanted = known.map((text) => `'${text}'`).join(", ");
  throw new TypeError(`Cannot use '${name}' ${JSON.stringify(value)}: expected one of ${wanted}`);
}

function writeToConsole(line: string, level: LogLevel): void {
  console[level](line);
}

/** Where there is no process, such as at the edge, somebody reads the console. */
function isOnTerminal(): boolean {
  const { process } = globalThis as {
    readonly process?: { readonly stderr?: { readonly isTTY?: boolean } };
  };
  return process?.stderr === undefined || process.stderr.isTTY === true;
}

/** Characters that are written of a message or a stack, at most. */
const longestText = 8 * 1024;
/** The same of one word in a line of text. */
const longestWord = 1024;

function toJson(level: string, time: string, message: string, fields: LogFields): string {
  const head = { time, level, message };
  const whole = tryJson({ ...head, ...fields });
  if (whole !== undefined) return toPrintable(whole);
  // Some field is no JSON: a line without it is better than none.
  const told = Object.entries(fields).map(([name, value]) =>
    [name, tryJson(value) === undefined ? kindOf(value) : value] as const
  );
  return toPrintable(tryJson({ ...head, ...Object.fromEntries(told) })!);
}

/** Undefined for what cannot be said, such as an object that holds itself. */
function tryJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_key, value: unknown) => {
      if (!(value instanceof Error)) return typeof value === "bigint" ? String(value) : value;
      const { name, message, stack, cause } = value;
      return { name, message: cut(message), stack: cut(stack), cause };
    });
  } catch {
    return undefined;
  }
}

function cut<Text extends string | undefined>(text: Text, most: number = longestText) {
  return typeof text === "string" && text.length > most ? `${text.slice(0, most)}…` : text;
}

function kindOf(value: unknown): string {
  try {
    if (typeof value === "object") return Object.prototype.toString.call(value);
    return String(value);
  } catch {
    return "something that cannot be read";
  }
}

function toText(level: string, time: string, message: string, fields: LogFields): string {
  const words = Object.entries(fields).map(([name, value]) => ` ${name}=${toWord(value)}`);
  const text = `${cut(message)}${words.join("")}`;
  return `${time.slice(11, 19)} ${level.toUpperCase().padEnd(5)} ${toPrintable(text)}`;
}

/** What cannot be told from the words around it is put in quotes. */
const needsQuotes = /^$|[\s"=\p{Cc}]/u;

function toWord(value: unknown): string {
  const text = toPlain(value);
  return needsQuotes.test(text) && !/^[[{]/.test(text) ? JSON.stringify(text) : text;
}

function toPlain(value: unknown): string {
  try {
    if (value instanceof Error) return cut(`${value.name}: ${value.message}`, longestWord)!;
    if (typeof value === "string") return cut(value, longestWord);
    return cut(tryJson(value), longestWord) ?? kindOf(value);
  } catch {
    return kindOf(value);
  }
}
