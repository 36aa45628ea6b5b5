/**
 * The format of log lines.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { guardLogger } from "../../src/guard-logger.ts";
import { createLogger, type LoggerOptions } from "../../src/log-lines.ts";
import type { Logger } from "../../src/log.ts";

/** Lets `log` write, and gives the lines. */
function linesOf(options: LoggerOptions, log: (logger: Logger) => void) {
  const lines: string[] = [];
  log(createLogger({ ...options, write: (line) => lines.push(line) }));
  return lines;
}

describe("createLogger", () => {
  it("writes lines of text on a terminal", () => {
    const [line] = linesOf(
      { format: "text" },
      (logger) =>
        logger.warn("Lost a stream", { worker: "w1", jobs: 3, error: new TypeError("no\nroute") }),
    );
    assert.match(
      line!,
      /^\d\d:\d\d:\d\d WARN {2}Lost a stream worker=w1 jobs=3 error="TypeError: no\\nroute"$/,
    );
  });

  it("writes JSON elsewhere, with stack and cause of an error", () => {
    const cause = new Error("disk full");
    const [line] = linesOf(
      { format: "json" },
      (logger) => logger.error("Cannot commit", { error: new Error("failed", { cause }), big: 1n }),
    );
    const { time, error, ...rest } = JSON.parse(line!);
    assert.equal(new Date(time).toISOString(), time);
    assert.deepEqual(rest, { level: "error", message: "Cannot commit", big: "1" });
    assert.equal(error.message, "failed");
    assert.match(error.stack, /log-lines\.test/);
    assert.equal(error.cause.message, "disk full");
  });

  it("writes a line also when a field is no JSON", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    const log = (logger: Logger) => logger.warn("Odd", { loop, jobs: 3, error: new Error("e") });
    const { loop: told, jobs, error } = JSON.parse(linesOf({ format: "json" }, log).join(""));
    assert.deepEqual([told, jobs, error.message], ["[object Object]", 3, "e"]);
    assert.match(
      linesOf({ format: "text" }, log).join(""),
      /Odd loop=\[object Object\] jobs=3 error="/,
    );
  });

  it("writes the format that was asked for on any output, and drops debug lines", () => {
    const log = (logger: Logger) => {
      logger.debug("hidden");
      logger.info("Started");
    };
    assert.match(linesOf({ format: "json" }, log).join(""), /^\{.*\}$/);
    assert.match(linesOf({ format: "text" }, log).join(""), /^\S+ INFO {2}Started$/);
  });

  it("writes no control character, whatever names and errors bring", () => {
    const hostile = "a\x1b]0;owned\x07\u009b31m\u202e";
    const log = (logger: Logger) => logger.warn(hostile, { type: hostile, error: hostile });
    const inText = linesOf({ format: "text" }, log).join("");
    assert.match(inText, / WARN {2}a\\u001b\]0;owned\\u0007\\u009b31m\\u202e type="a/);
    const inJson = linesOf({ format: "json" }, log).join("");
    for (const line of [inText, inJson]) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
    assert.equal(JSON.parse(inJson).type, hostile);
  });

  it("writes a bounded part of a message, and of a field", () => {
    const long = "x".repeat(100_000);
    const log = (logger: Logger) => logger.error(long, { error: new Error(long), list: [long] });
    assert.ok(linesOf({ format: "text" }, log).join("").length < 11_000);
  });

  it("writes what cannot be read at all", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const log = (logger: Logger) => logger.error("Odd", { error: proxy });
    assert.match(linesOf({ format: "text" }, log).join(""), /Odd error="something that cannot/);
    const { error } = JSON.parse(linesOf({ format: "json" }, log).join(""));
    assert.equal(error, "something that cannot be read");
  });

  it("drops what matters less than it is asked for", () => {
    const log = (logger: Logger) => {
      for (const level of ["debug", "info", "warn", "error"] as const) logger[level](level);
    };
    assert.equal(linesOf({ level: "debug" }, log).length, 4);
    assert.equal(linesOf({ level: "warn" }, log).length, 2);
  });

  it("refuses a format and a level that do not exist", () => {
    assert.throws(() => createLogger({ format: "xml" as "json" }), {
      message: `Cannot use 'format' "xml": expected one of 'auto', 'text', 'json'`,
    });
    assert.throws(() => createLogger({ level: "trace" as "debug" }), TypeError);
  });
});

describe("the logger of a component that was given none", () => {
  it("writes warnings and errors to the console, each by its method", (context) => {
    const told: string[] = [];
    for (const level of ["debug", "info", "warn", "error"] as const) {
      context.mock.method(console, level, () => told.push(level));
    }
    const logger = guardLogger(undefined);
    for (const level of ["debug", "info", "warn", "error"] as const) logger[level](level);
    assert.deepEqual(told, ["warn", "error"]);
  });

  it("is silent for 'false'", (context) => {
    const { mock } = context.mock.method(console, "error", () => {});
    guardLogger(false).error("no");
    assert.equal(mock.callCount(), 0);
  });
});
