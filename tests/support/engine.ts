/**
 * An engine on a database in memory, which counts what it is asked, and subscribers that note what they get.
 *
 * @module
 */

import { openSqlite } from "../../adapters/node/mod.ts";
import { createEngine, type Engine } from "../../src/broker/engine/engine.ts";
import type { Subscriber } from "../../src/broker/engine/member.ts";
import { defaultSettings, type Settings } from "../../src/broker/engine/settings.ts";
import type { NewJob } from "../../src/protocol/new-job.ts";
import type { StoredJob } from "../../src/store/enqueue.ts";
import type { Database, SyncDatabase } from "../../src/store/database.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { createRandom } from "./random.ts";
import { createRecordingLogger } from "./recording-logger.ts";
import { newJob } from "./new-job.ts";

/** What a database was asked. */
export interface Asked {
  /** Transactions. */
  commits: number;
  /** Statements, in and outside of transactions. */
  statements: number;
}

/** An engine, and what tests ask of it. */
export interface TestEngine {
  readonly engine: Engine;
  readonly clock: TestClock;
  /** Errors that were logged. */
  readonly errors: readonly string[];
  /** Waits until there is nothing to do. */
  settle(): Promise<void>;
  /** Stores a job and gives its id. */
  enqueue(job?: Partial<NewJob>): Promise<string>;
  /** Adds a subscriber. */
  listen(changes?: Partial<Subscriber>): Listener;
}

/** A subscriber. */
export interface Listener {
  /** The ids of all jobs that it got. */
  readonly got: string[];
  /** Whether its stream was ended. */
  readonly isEnded: boolean;
  drained(): void;
  unsubscribe(): Promise<void>;
}

/** How an engine is made. */
export interface EngineSketch extends Partial<Settings> {
  /** @default {a new database in memory} */
  readonly database?: Database;
  /** Waits until the database has answered; needed by one that answers later. */
  readonly answered?: () => Promise<unknown>;
}

/** Runs a test with an engine that is started. */
export async function withEngine(
  test: (parts: TestEngine) => Promise<void>,
  { database = openSqlite(":memory:"), answered, ...settings }: EngineSketch = {},
): Promise<void> {
  const clock = createTestClock();
  const { logger, errors } = createRecordingLogger();
  const chance = createRandom(1);
  const engine = createEngine({
    database,
    settings: { ...defaultSettings, ...settings },
    clock,
    random: () => chance.int(2 ** 30) / 2 ** 30,
    logger,
    timers: true,
  });
  await engine.start();
  const settle = async () => {
    for (let round = 0; round < (answered === undefined ? 1 : 8); round++) {
      await clock.settle();
      await answered?.();
    }
  };
  try {
    await test({
      engine,
      clock,
      errors,
      settle,
      async enqueue(job) {
        const stored = await engine.enqueue([{ ...newJob, ...job }]);
        return (stored as readonly StoredJob[])[0]!.job.id;
      },
      listen(changes = {}) {
        const got: string[] = [];
        let isEnded = false;
        const subscription = engine.take({
          queues: undefined,
          prefetch: 10,
          worker: undefined,
          canWrite: () => true,
          deliver: (jobs) => void got.push(...jobs.map(({ id }) => id)),
          end: () => void (isEnded = true),
          ...changes,
        });
        return {
          got,
          get isEnded() {
            return isEnded;
          },
          ...subscription,
        };
      },
    });
  } finally {
    await engine.stop();
    await engine.close();
  }
}

/** A database in memory that counts what it is asked. */
export function createCountingDatabase(): {
  readonly database: SyncDatabase;
  /** What it was asked since the last call. */
  readonly asked: () => Asked;
} {
  const real = openSqlite(":memory:");
  let counted: Asked = { commits: 0, statements: 0 };
  const { values, begin: _, ...rest } = real;
  return {
    database: {
      ...rest,
      all: (sql, params) => (counted.statements++, real.all(sql, params)),
      ...values && { values: (sql, params) => (counted.statements++, values(sql, params)) },
      run: (sql, params) => (counted.statements++, real.run(sql, params)),
      transaction: (body) => (counted.commits++, real.transaction(body)),
    },
    asked() {
      const before = counted;
      counted = { commits: 0, statements: 0 };
      return before;
    },
  };
}
