/**
 * All transcripts as a suite, for each way to a broker and in both formats.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createPool } from "../../src/async/pool.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { replay, type Scenario } from "./replay.ts";
import type { Call, Sender } from "./sends/send.ts";
import { toMsgpack } from "./transcode.ts";

const areas = [
  "ack",
  "bulk",
  "delete",
  "enqueue",
  "errors",
  "failure",
  "fidelity",
  "filter",
  "flow",
  "list",
  "negotiate",
  "parse",
  "patch",
  "read",
  "take",
];

/** What no server of ours can meet, and why. */
const unmet: Readonly<Record<string, string>> = {
  "N-accept-lines":
    "a Request joins header lines of one name, as HTTP allows, so the first of two cannot be told",
};

/** Scenarios under way at a time: most of their time is waiting. */
const atOnce = 24;

/** A way to a broker that has just been made. */
export interface Way {
  readonly sender: Sender;
  stop(): Promise<void>;
}

/** The scenarios of one area in one format. */
interface Group {
  readonly title: string;
  readonly scenarios: readonly Scenario[];
}

const groups: readonly Group[] = areas.flatMap((area) => {
  const file = new URL(`transcripts/${area}.json`, import.meta.url);
  const scenarios: Scenario[] = JSON.parse(readFileSync(file, "utf8"));
  return [
    { title: `${area}, JSON`, scenarios },
    { title: `${area}, MessagePack`, scenarios: scenarios.map(toMsgpack) },
  ];
});

/** Defines the suite for one way, which cannot send the calls in `unsendable` (`GET /path`, sorted). */
export function describeConformance(
  name: string,
  open: (broker: Broker) => Promise<Way>,
  unsendable: readonly string[] = [],
): void {
  const met = groups.flatMap(({ scenarios }) => scenarios).filter(({ id }) => !(id in unmet));
  const results = new Map(
    met.map((scenario) => [scenario, Promise.withResolvers<readonly Call[]>()] as const),
  );
  const unsent: string[] = [];

  // The first test starts all, so many at a time, and each waits for its own.
  let started = false;
  const start = () => {
    if (started) return;
    started = true;
    const pool = createPool<Scenario>(atOnce, (scenario) => {
      const { promise, resolve } = results.get(scenario)!;
      resolve(run(scenario, open));
      return promise.then(() => {}, () => {});
    });
    for (const scenario of met) pool.add(scenario);
  };

  describe(`transcripts ${name}`, () => {
    for (const { title, scenarios } of groups) {
      describe(title, () => {
        for (const scenario of scenarios) {
          const { id, title } = scenario;
          it(`${id}: ${title}`, { timeout: 120_000, skip: unmet[id] ?? false }, async () => {
            start();
            for (const call of await results.get(scenario)!.promise) {
              unsent.push(`${call.method} ${call.path}`);
            }
          });
        }
      });
    }

    // They are known by name, so that their number cannot grow unnoticed.
    it(`calls that cannot be sent this way: ${unsendable.join(", ") || "none"}`, () => {
      assert.deepEqual([...new Set(unsent)].sort(), unsendable);
    });
  });
}

async function run(
  scenario: Scenario,
  open: (broker: Broker) => Promise<Way>,
): Promise<readonly Call[]> {
  const broker = createBroker({ store: openSqlite(":memory:") });
  const { sender, stop } = await open(broker);
  try {
    return await replay(scenario, sender);
  } finally {
    await broker.stop();
    await stop();
  }
}
