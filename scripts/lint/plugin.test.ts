/**
 * Each house rule must be able to fail.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import plugin from "./plugin.ts";

/** The rules that a file breaks. */
function lint(place: string, source: string): string[] {
  const file = join(import.meta.dirname!, "../..", place);
  return Deno.lint.runPlugin(plugin, file, source).map(({ id }) => id);
}

const cases: readonly [rule: string, says: string, place: string, bad: string, good: string][] = [
  [
    "house/import-law",
    "an upward import",
    "src/client/x.ts",
    'import { a } from "../worker/a.ts";',
    'import { a } from "../protocol/a.ts";',
  ],
  [
    "house/import-law",
    "a sideways import",
    "src/client/x.ts",
    'import type { A } from "../store/a.ts";',
    'import type { A } from "./a.ts";',
  ],
  [
    "house/import-law",
    "an upward re-export",
    "src/protocol/x.ts",
    'export * from "../client/a.ts";',
    'export * from "../async/a.ts";',
  ],
  [
    "house/import-law",
    "an upward import at run time",
    "src/store/x.ts",
    'await import("../broker/mod.ts");',
    'await import("./a.ts");',
  ],
  [
    "house/import-law",
    "an import of an adapter",
    "src/broker/broker.ts",
    'import { a } from "../../adapters/sqlite/sqlite-database.ts";',
    'import { a } from "./http/a.ts";',
  ],
  [
    "house/import-law",
    "a package outside its room",
    "src/client/x.ts",
    'import * as v from "valibot";',
    "",
  ],
  [
    "house/import-law",
    "a package that is in no room",
    "src/protocol/x.ts",
    'import { z } from "zod";',
    'import * as v from "valibot";',
  ],
  [
    "house/import-law",
    "a runtime's module in src/",
    "src/store/x.ts",
    'import { readFile } from "node:fs";',
    "",
  ],
  [
    "house/import-law",
    "a registry that not every machine reaches",
    "adapters/node/x.ts",
    'import { a } from "jsr:@std/assert";',
    'import { a } from "node:fs";',
  ],
  ["house/import-law", "a file of no room", "src/utils/x.ts", 'import "./a.ts";', ""],
  ["house/ambient", "the wall clock", "src/worker/x.ts", "Date.now();", "clock.now();"],
  ["house/ambient", "the wall clock as a date", "src/worker/x.ts", "new Date();", "new Date(at);"],
  ["house/ambient", "a timed signal", "src/worker/x.ts", "AbortSignal.timeout(1);", ""],
  ["house/ambient", "a timer", "src/worker/x.ts", "setTimeout(f, 1);", "clock.setTimer(f, 1);"],
  [
    "house/ambient",
    "a timer by its long name",
    "src/worker/x.ts",
    "globalThis.setTimeout(f, 1);",
    "",
  ],
  ["house/ambient", "chance", "src/worker/x.ts", "const r = Math.random;", "random();"],
  ["house/wire-names", "a wire name", "src/worker/x.ts", "job.ready_at;", "job.readyAt;"],
  [
    "house/wire-names",
    "a quoted wire name",
    "src/worker/x.ts",
    'a = { "ready_at": 1 };',
    'sql("ready_at");',
  ],
  [
    "house/status-numbers",
    "SQL with the number of a status",
    "src/store/x.ts",
    "sql(`SELECT id FROM jobs WHERE jobs.status = 2`);",
    "sql(`SELECT id FROM jobs WHERE status = ${status.inFlight}`);",
  ],
  [
    "house/status-numbers",
    "SQL that orders statuses",
    "src/broker/engine/x.ts",
    "sql('SELECT id FROM jobs WHERE status<3');",
    "sql('SELECT id FROM jobs WHERE priority < 3');",
  ],
  [
    "house/status-numbers",
    "SQL with a list of statuses",
    "src/store/x.ts",
    "sql(`DELETE FROM jobs WHERE status NOT IN (0, 1)`);",
    "sql(`DELETE FROM jobs WHERE status IN (${waiting}) AND old_status = 1`);",
  ],
  [
    "house/status-numbers",
    "SQL with the number before the column",
    "src/store/x.ts",
    "sql(`SELECT 1 WHERE 2 = status`);",
    "sql(`SELECT 1 WHERE ? = status`);",
  ],
  [
    "house/status-numbers",
    "SQL with a choice by status",
    "src/store/x.ts",
    "sql(`SELECT CASE status WHEN 2 THEN 1 END`);",
    "sql(`SELECT CASE kind WHEN 2 THEN status END`);",
  ],
  [
    "house/status-numbers",
    "a comparison with the number of a status",
    "src/store/x.ts",
    "if (job?.status === 2) f();",
    "if (job?.status === status.inFlight) f();",
  ],
  [
    "house/status-numbers",
    "an order of statuses by number",
    "src/broker/engine/x.ts",
    "if (3 <= job.status) f();",
    "if (isFinished(job.status)) f();",
  ],
  [
    "house/status-numbers",
    "an order of statuses by name",
    "src/store/x.ts",
    "if (job.status >= status.completed) f();",
    "if (response.status >= 400) f();",
  ],
  [
    "house/status-numbers",
    "a case with the number of a status",
    "src/store/x.ts",
    "switch (job.status) { case 2: f(); }",
    "switch (job.status) { case status.ready: f(); }",
  ],
  [
    "house/status-numbers",
    "a record with the number of a status",
    "src/store/x.ts",
    "f({ status: 2 });",
    "f({ status: status.ready }, { status: 200 });",
  ],
  [
    "house/status-numbers",
    "a column with the number of a status",
    "src/store/x.ts",
    "f({ status: '2' });",
    "f({ status: '?' });",
  ],
  [
    "house/file-length",
    "a file of 401 lines",
    "src/worker/x.ts",
    "f();\n".repeat(401),
    "f();\n".repeat(400),
  ],
];

describe("the house rules", () => {
  for (const [rule, says, place, bad, good] of cases) {
    it(`${rule} refuses ${says}`, () => {
      assert.deepEqual([...new Set(lint(place, bad))], [rule]);
      assert.deepEqual(lint(place, good), []);
    });
  }

  it("lets src/async/clock.ts read the platform's clock", () => {
    assert.deepEqual(lint("src/async/clock.ts", "Date.now(); setTimeout(f, Math.random());"), []);
  });

  it("lets the frozen text of migrations have numbers of statuses", () => {
    assert.deepEqual(lint("src/store/schema.ts", "sql(`CREATE INDEX x WHERE status = 1`);"), []);
    assert.deepEqual(lint("src/store/schema-x.ts", "sql(`CREATE INDEX x WHERE status = 1`);"), []);
  });

  it("lets other rooms read a status of HTTP", () => {
    assert.deepEqual(lint("src/client/x.ts", "if (response.status > other.status) f();"), []);
  });

  it("lets src/protocol/ spell the wire", () => {
    assert.deepEqual(lint("src/protocol/x.ts", "job.ready_at;"), []);
  });
});
