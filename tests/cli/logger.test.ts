/**
 * The format of log lines.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLogger, type LogFormat } from "../../adapters/cli/logger.ts";

/** Lets `log` write, and gives the lines. */
function linesOf(
  format: LogFormat,
  isTTY: boolean,
  log: (logger: ReturnType<typeof createLogger>) => void,
) {
  const lines: string[] = [];
  log(createLogger(format, { isTTY, write: (text) => void lines.push(text) }));
  return lines;
}

describe("createLogger", () => {
  it("writes lines of text on a terminal", () => {
    const [line] = linesOf(
      "auto",
      true,
      (logger) =>
        logger.warn("Lost a stream", { worker: "w1", jobs: 3, error: new TypeError("no\nroute") }),
    );
    assert.match(
      line!,
      /^\d\d:\d\d:\d\d WARN {2}Lost a stream worker=w1 jobs=3 error="TypeError: no\\nroute"\n$/,
    );
  });

  it("writes JSON elsewhere, with stack and cause of an error", () => {
    const cause = new Error("disk full");
    const [line] = linesOf(
      "auto",
      false,
      (logger) => logger.error("Cannot commit", { error: new Error("failed", { cause }), big: 1n }),
    );
    const { time, error, ...rest } = JSON.parse(line!);
    assert.equal(new Date(time).toISOString(), time);
    assert.deepEqual(rest, { level: "error", message: "Cannot commit", big: "1" });
    assert.equal(error.message, "failed");
    assert.match(error.stack, /logger\.test/);
    assert.equal(error.cause.message, "disk full");
  });

  it("writes a line also when a field is no JSON", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    const log = (logger: ReturnType<typeof createLogger>) =>
      logger.warn("Odd", { loop, jobs: 3, error: new Error("e") });
    const { loop: told, jobs, error } = JSON.parse(linesOf("json", true, log).join(""));
    assert.deepEqual([told, jobs, error.message], ["[object Object]", 3, "e"]);
    assert.match(linesOf("text", true, log).join(""), /Odd loop=\[object Object\] jobs=3 error="/);
  });

  it("writes the format that was asked for on any output, and drops debug lines", () => {
    const log = (logger: ReturnType<typeof createLogger>) => {
      logger.debug("hidden");
      logger.info("Started");
    };
    assert.match(linesOf("json", true, log).join(""), /^\{.*\}\n$/);
    assert.match(linesOf("text", false, log).join(""), /^\S+ INFO {2}Started\n$/);
  });
});
