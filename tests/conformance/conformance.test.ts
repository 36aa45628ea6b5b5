/** The broker, in one process, answers as the reference server did. */

import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { replay, type Scenario } from "./replay.ts";

const areas = [
  "ack",
  "bulk",
  "delete",
  "enqueue",
  "errors",
  "failure",
  "fidelity",
  "flow",
  "list",
  "negotiate",
  "parse",
  "patch",
  "read",
  "take",
];

for (const area of areas) {
  const file = new URL(`transcripts/${area}.json`, import.meta.url);
  const scenarios: Scenario[] = JSON.parse(readFileSync(file, "utf8"));
  describe(`transcript ${area}`, () => {
    for (const scenario of scenarios) {
      it(`${scenario.id}: ${scenario.title}`, { timeout: 60_000 }, async () => {
        const broker = createBroker({ store: openSqlite(":memory:") });
        try {
          await replay(scenario, broker.fetch, "http://broker");
        } finally {
          await broker.close();
        }
      });
    }
  });
}
