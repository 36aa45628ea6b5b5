/**
 * What a migration may change, so that brokers of the version before go on working beside the new ones: docs/deploy.md, "Upgrades".
 *
 * Versions up to 17 were not shipped with several brokers, and are not held to it.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { migrations } from "../../src/store/schema.ts";

/** Statements that an older broker does not notice, by their shape. */
const harmless: readonly RegExp[] = [
  /^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?\w+ \(/,
  /^CREATE SEQUENCE /,
  /^CREATE INDEX (?:IF NOT EXISTS )?\w+ ON /,
  // Who does not know the column leaves it out: it has to have a value all the same.
  /^ALTER TABLE \w+ ADD COLUMN \w+ \w+(?: NOT NULL DEFAULT [^,]+)?$/,
  // How rows are stored is not what they are.
  /^ALTER TABLE \w+ SET \([^)]*\)$/,
  /^DROP INDEX (?:IF EXISTS )?\w+$/,
];

/** The statements of a migration, without comments. */
function toStatements(sql: string): string[] {
  return sql
    .replace(/--[^\n]*/g, "")
    .replace(/\/\*[^]*?\*\//g, "")
    .split(";")
    .map((statement) => statement.replace(/\s+/g, " ").trim())
    .filter((statement) => statement !== "");
}

/** What of a statement an older broker would notice, if anything. */
function findHarm(statement: string, made: ReadonlySet<string>): string | undefined {
  if (harmless.some((shape) => shape.test(statement))) return undefined;
  // Tables that this very migration made are nobody else's.
  const table = /^(?:CREATE UNIQUE INDEX \w+ ON|INSERT INTO) (\w+)/.exec(statement)?.[1];
  return table !== undefined && made.has(table) ? undefined : statement;
}

function findHarms(sql: string): string[] {
  const statements = toStatements(sql);
  const made = new Set(
    statements.map((statement) => /^CREATE TABLE (\w+)/.exec(statement)?.[1] ?? ""),
  );
  return statements.map((statement) => findHarm(statement, made)).filter((harm) =>
    harm !== undefined
  );
}

describe("migrations", () => {
  for (const [at, sql] of migrations.entries()) {
    if (at < 17) continue;
    it(`to version ${at + 1} change nothing that brokers of the version before rely on`, () => {
      assert.deepEqual(findHarms(sql), []);
    });
  }

  it("are held to it by a test that knows harm", () => {
    const harms = [
      "DROP TABLE jobs",
      "ALTER TABLE jobs DROP COLUMN lane",
      "ALTER TABLE jobs RENAME COLUMN lane TO road",
      "ALTER TABLE jobs ADD COLUMN road TEXT NOT NULL",
      "ALTER TABLE jobs ADD COLUMN road TEXT UNIQUE",
      "ALTER TABLE jobs ALTER COLUMN lane TYPE BIGINT",
      "CREATE UNIQUE INDEX one ON jobs (lane)",
      "UPDATE jobs SET traits = 0",
      "DELETE FROM jobs",
      "INSERT INTO jobs (id) VALUES ('a')",
      "CREATE TRIGGER t AFTER INSERT ON jobs BEGIN SELECT 1",
    ];
    for (const harm of harms) assert.deepEqual(findHarms(`${harm};`), [harm]);
    const fine = `
      CREATE TABLE roads (road TEXT NOT NULL PRIMARY KEY); -- New.
      CREATE UNIQUE INDEX roads_once ON roads (road);
      INSERT INTO roads (road) SELECT DISTINCT lane FROM jobs;
      ALTER TABLE jobs ADD COLUMN road INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE jobs ADD COLUMN track TEXT;
      CREATE INDEX jobs_by_road ON jobs (road);`;
    assert.deepEqual(findHarms(fine), []);
  });
});
