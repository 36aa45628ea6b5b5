/**
 * The rule of upgrades, held: what brokers of the version before ask of PostgreSQL runs on the tables of this one.
 *
 * The statements of an earlier schema are in `statements-<version>.sql`, one a line, as `scripts/pin-statements.ts` wrote them.
 */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { it } from "node:test";
import { createStore } from "../../src/store/store.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { describePostgres, openShared } from "./server.ts";

const folder = new URL("./", import.meta.url);
const files = readdirSync(folder).filter((name) => /^statements-\d+\.sql$/.test(name));

describePostgres("the tables of this version", () => {
  for (const name of files) {
    it(`take the ${name.replace(".sql", "").replace("-", " of version ")}`, async () => {
      const statements = readFileSync(new URL(name, folder), "utf8").split("\n").filter(Boolean);
      assert.ok(statements.length > 300, `${statements.length} statements`);
      const database = openShared();
      const store = createStore({ database, clock: createTestClock() });
      await store.open();
      const refused: string[] = [];
      for (const text of statements) {
        await database.script(`PREPARE one AS ${text}; DEALLOCATE one`).catch((error) => {
          refused.push(`${error.message}: ${text}`);
        });
      }
      await store.close();
      assert.deepEqual(refused, []);
    });
  }

  it("are those of a version that has one before it", () => assert.ok(files.length > 0));
});
