/**
 * All transcripts as a suite, for each way to a broker, format and kind of database.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createPool } from "../../src/async/pool.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import type { Database } from "../../src/store/database.ts";
import { replay, type Scenario } from "./replay.ts";
import type { Call, Sender } from "./sends/send.ts";
import { toMsgpack } from "./transcode.ts";

const allAreas = [
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
const everUnmet: Readonly<Record<string, string>> = {
  "N-accept-lines":
    "a Request joins header lines of one name, as HTTP allows, so the first of two cannot be told",
};

/** The format of the calls. */
export type Format = "JSON" | "MessagePack";

/** What differs between ways. */
export interface ConformanceOptions {
  /** The calls that cannot be sent this way: `GET /path`, sorted. */
  readonly unsendable?: readonly string[];
  /** What cannot be met this way, by the id of the scenario, and why. */
  readonly unmetHere?: Readonly<Record<string, string>>;
  /** The areas to replay; default all. */
  readonly areas?: readonly string[];
  /** The formats to ask in. */
  readonly formats?: readonly Format[];
  /** Makes an empty database, for one scenario; called for each broker, with the number of the scenario. */
  readonly createDatabase?: (scenario: number) => Database;
  /** How many brokers take turns in answering, on one database. */
  readonly brokers?: number;
  /** Scenarios under way at a time: most of their time is waiting. */
  readonly atOnce?: number;
}

/** A way to a broker that has just been made. */
export interface Way {
  readonly sender: Sender;
  stop(): Promise<void>;
}

/** The scenarios of one area in one format. */
interface Group {
  readonly area: string;
  readonly title: string;
  readonly format: Format;
  readonly scenarios: readonly Scenario[];
}

const groups: readonly Group[] = allAreas.flatMap((area) => {
  const file = new URL(`transcripts/${area}.json`, import.meta.url);
  const scenarios: Scenario[] = JSON.parse(readFileSync(file, "utf8"));
  return [
    { area, title: `${area}, JSON`, format: "JSON", scenarios },
    {
      area,
      title: `${area}, MessagePack`,
      format: "MessagePack",
      scenarios: scenarios.map(toMsgpack),
    },
  ];
});

/** Defines the suite for one way. */
export function describeConformance(
  name: string,
  open: (broker: Pick<Broker, "fetch">) => Promise<Way>,
  {
    brokers = 1,
    unsendable = [],
    unmetHere = {},
    areas = allAreas,
    formats = ["JSON", "MessagePack"],
    createDatabase = () => openSqlite(":memory:"),
    atOnce = 24,
  }: ConformanceOptions = {},
): void {
  const unmet: Readonly<Record<string, string>> = { ...everUnmet, ...unmetHere };
  const wanted = groups.filter(({ area, format }) =>
    areas.includes(area) && formats.includes(format)
  );
  const met = wanted.flatMap(({ scenarios }) => scenarios).filter(({ id }) => !(id in unmet));
  const results = new Map(
    met.map((scenario) => [scenario, Promise.withResolvers<readonly Call[]>()] as const),
  );
  const unsent: string[] = [];

  // The first test starts all, so many at a time, and each waits for its own.
  let started = false;
  let number = 0;
  const start = () => {
    if (started) return;
    started = true;
    const pool = createPool<Scenario>(atOnce, (scenario) => {
      const { promise, resolve } = results.get(scenario)!;
      const stores = Array.from({ length: brokers }, () => createDatabase(number));
      number++;
      resolve(run(scenario, open, stores));
      return promise.then(() => {}, () => {});
    });
    for (const scenario of met) pool.add(scenario);
  };

  describe(`transcripts ${name}`, () => {
    for (const { title, scenarios } of wanted) {
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
  open: (broker: Pick<Broker, "fetch">) => Promise<Way>,
  stores: readonly Database[],
): Promise<readonly Call[]> {
  const brokers = stores.map((store) => createBroker({ store }));
  // All are there before the first call, as they are behind a proxy.
  if (brokers.length > 1) await Promise.all(brokers.map((broker) => broker.start()));
  let calls = 0;
  const { sender, stop } = await open(
    brokers.length === 1
      ? brokers[0]!
      : { fetch: (request) => brokers[calls++ % brokers.length]!.fetch(request) },
  );
  try {
    return await replay(scenario, sender);
  } finally {
    await Promise.all(brokers.map((broker) => broker.stop()));
    await stop();
  }
}
