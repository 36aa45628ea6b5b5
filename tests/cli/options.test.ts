/**
 * Flags, environment variables and defaults, without a process.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  describeFlags,
  type Flags,
  readCommandLine,
  UsageError,
} from "../../adapters/cli/options.ts";
import { demandCommitMode, demandData } from "../../adapters/cli/postgres-url.ts";
import { serveFlags } from "../../adapters/cli/serve-flags.ts";
import { backupFlags } from "../../adapters/cli/upkeep-flags.ts";
import { defaultSettings } from "../../src/broker/engine/settings.ts";

const read = (args: string[], variables: Record<string, string> = {}) =>
  readCommandLine(serveFlags, args, variables).config;

describe("the flags of 'millrace serve'", () => {
  it("default to the settings of a broker without options", () => {
    const config = read([]);
    assert.equal(config.host, "127.0.0.1");
    assert.equal(config.port, 7890);
    assert.deepEqual({
      defaultRetryLimit: config.defaultRetryLimit,
      defaultBackoff: {
        exponent: config.defaultBackoffExponent,
        baseMs: config.defaultBackoffBase,
        jitterMs: config.defaultBackoffJitter,
      },
      defaultCompletedRetentionMs: config.defaultCompletedJobRetention,
      defaultDeadRetentionMs: config.defaultDeadJobRetention,
      globalInFlightLimit: config.globalInFlightLimit,
      heartbeatIntervalMs: config.heartbeatInterval,
      reaperIntervalMs: config.reaperCheckInterval,
      idempotencyMs: config.idempotencyRetention,
      maxBudgets: config.maxBudgets,
      maxJqSteps: config.maxJqSteps,
      maxBodyBytes: config.maxBodyBytes,
      maxPayloadBytes: config.maxPayloadBytes,
      maxSearches: config.maxSearches,
      maxEventListeners: config.maxEventListeners,
      maxPageBytes: config.maxPageBytes,
      maxCalls: config.maxCalls,
      maxWaiting: config.maxWaiting,
      maxHeldBytes: config.maxHeldBytes,
      statistics: config.statistics,
      statsDays: config.statsDays,
      history: config.history,
      historyLimit: config.historyLimit,
      maxWorkerAgeMs: config.maxWorkerAge,
      maxItemsPerCall: config.maxItemsPerCall,
      allowBrowsers: config.allowBrowsers,
      streamInFlightPercent: config.streamInFlightPercent,
      completedLimit: config.completedLimit,
      maxDeliveries: config.maxDeliveries,
      leaseMs: config.lease,
      leaseGraceMs: config.leaseGrace,
      bodyTimeoutMs: config.bodyTimeout,
    }, defaultSettings);
  });

  it("take precedence over environment variables, and those over defaults", () => {
    const variables = { MILLRACE_PORT: "1", MILLRACE_DEFAULT_RETRY_LIMIT: "2" };
    const config = read(["--port", "3"], variables);
    assert.deepEqual([config.port, config.defaultRetryLimit], [3, 2]);
  });

  it("may be given with '=', and twice: the last counts", () => {
    assert.equal(read(["--port=1", "--port=2"]).port, 2);
  });

  const values: [args: string[], key: keyof typeof serveFlags, value: unknown][] = [
    [["--heartbeat-interval", "1.5s"], "heartbeatInterval", 1500],
    [["--default-dead-job-retention", "0"], "defaultDeadJobRetention", 0],
    [["--default-backoff-exponent", "1.5"], "defaultBackoffExponent", 1.5],
    [["--default-commit-mode", "fsync"], "defaultCommitMode", "fsync"],
    [["--data", ":memory:"], "data", ":memory:"],
    [[], "adminPort", undefined],
    [["--admin-port", "0"], "adminPort", 0],
  ];
  for (const [args, key, value] of values) {
    it(`read '${args.join(" ")}'`, () => assert.equal(read(args)[key], value));
  }

  it("leave the durability of a PostgreSQL to its own settings", () => {
    demandCommitMode("buffered");
    assert.throws(() => demandCommitMode("fsync"), /^UsageError: .* its own setting 'synchronous_/);
  });

  it("take no address of something else for a file", () => {
    for (const data of ["jobs.db", ":memory:", "C:\\jobs.db", "postgres://h/d", "PostgreSQL://h"]) {
      demandData(data);
    }
    for (const scheme of ["postgress", "postgre", "mysql", "file", "pg+x"]) {
      assert.throws(() => demandData(`${scheme}://me:secret@h/d`), {
        name: "UsageError",
        message: `Flag '--data' is an address that begins with '${scheme}://', ` +
          "expected a file, ':memory:' or 'postgres://…'",
      });
    }
  });

  const mistakes: [args: string[], message: RegExp][] = [
    [["--port", "65536"], /^Flag '--port' is '65536', expected an integer from 0 to 65535$/],
    [["--port", "-1"], /^Flag '--port' is '-1', expected/],
    [["--port"], /^Flag '--port' has no value, expected PORT$/],
    [["--port", "--host"], /^Flag '--port' has no value, expected PORT$/],
    [["--data="], /^Flag '--data' is '', expected something$/],
    [["--heartbeat-interval", "0"], /is '0', expected a duration such as .* from 1ms to/],
    [["--heartbeat-interval", "5 parsecs"], /is '5 parsecs', expected a duration such as/],
    [
      ["--log-format", "xml"],
      /^Flag '--log-format' is 'xml', expected 'auto' or 'text' or 'json'$/,
    ],
    [["--default-backoff-exponent", "1e99"], /expected a number such as/],
    [["--__proto__", "x"], /^Unknown flag '--__proto__'$/],
    [["-p", "1"], /^Unknown flag '-p'$/],
  ];
  for (const [args, message] of mistakes) {
    it(`refuse '${args.join(" ")}'`, () => {
      assert.throws(() => read(args), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it("are listed in the help in the order of the table, with their defaults", () => {
    const flags: Flags<{ first: string; theSecond: string; third: string }> = {
      first: { placeholder: "A", fallback: "1", help: "does this", read: String },
      theSecond: { placeholder: "BB", fallback: "2", help: "does that", read: String },
      third: { placeholder: "C", fallback: "", help: "does nothing", read: String },
    };
    assert.equal(
      describeFlags(flags),
      "  --first A        does this [1]\n  --the-second BB  does that [2]\n  --third C        does nothing\n",
    );
  });
});

describe("a flag without a value", () => {
  const force = (...args: string[]) => readCommandLine(backupFlags, args, {});

  it("is false unless it is given, and takes no argument", () => {
    assert.equal(force("a.tar.gz").config.force, false);
    const { config, positionals } = force("--force", "a.tar.gz");
    assert.deepEqual([config.force, positionals], [true, ["a.tar.gz"]]);
    assert.throws(() => force("--force=no"), {
      name: "UsageError",
      message: "Flag '--force' has the value 'no', expected none",
    });
  });

  it("has no placeholder in the help", () => {
    assert.match(
      describeFlags(backupFlags),
      /^ {2}--force {2,}replace FILE if it is there already$/m,
    );
  });
});
