/**
 * The logger of a component: what a user gave, or the one that warns on the console.
 *
 * @module
 */

import { createLogger, type LogLevel } from "./log-lines.ts";
import { type LogFields, type Logger, runGuarded, silentLogger } from "./log.ts";

/** What may be given as a logger: `false` logs nothing. */
export type LoggerOption = Logger | false | undefined;

/**
 * Makes a logger harmless: what it throws, at once or later, ends neither a job nor the process. The first time it is
 * told on the console, as there is nobody else to tell.
 *
 * @param logger What a user gave; false for nothing, undefined for lines on the console.
 * @param level The least that these lines are about. Warnings and errors are all that somebody wants to see who did not ask.
 */
export function guardLogger(logger: LoggerOption, level: LogLevel = "warn"): Logger {
  if (logger === false) return silentLogger;
  const present = logger ?? createLogger({ level });
  let told = false;
  const tell = (error: unknown) => {
    if (told) return;
    told = true;
    console.error("A logger that was given to Millrace threw; this is told once", error);
  };
  const guard = (level: keyof Logger) => (message: string, fields?: LogFields) =>
    runGuarded(() => present[level](message, fields), tell);
  return {
    debug: guard("debug"),
    info: guard("info"),
    warn: guard("warn"),
    error: guard("error"),
  };
}
