/** Jobs that are claimed in the commit which frees the room for them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { toRuns } from "../../src/protocol/ack.ts";
import { systemRandom } from "../../src/async/clock.ts";
import { createEngine, type Engine } from "../../src/broker/engine/engine.ts";
import { defaultSettings, type Settings } from "../../src/broker/engine/settings.ts";
import { silentLogger } from "../../src/log.ts";
import type { NewJob } from "../../src/protocol/new-job.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import type { StoredJob } from "../../src/store/enqueue.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { newJob } from "../support/new-job.ts";

async function withEngine(
  test: (engine: Engine, clock: TestClock) => Promise<void>,
  settings: Partial<Settings> = {},
  database = openSqlite(":memory:"),
) {
  const clock = createTestClock();
  const engine = createEngine({
    database,
    settings: { ...defaultSettings, ...settings },
    clock,
    random: systemRandom,
    logger: silentLogger,
    timers: true,
  });
  await engine.start();
  try {
    await test(engine, clock);
  } finally {
    await engine.stop();
    await engine.close();
  }
}

/** A subscriber with room for one job, which says at once that its reader has caught up, as a stream does. */
function takeOne(engine: Engine): string[] {
  const got: string[] = [];
  const subscription = engine.take({
    queues: undefined,
    prefetch: 1,
    worker: undefined,
    canWrite: () => true,
    deliver(jobs: readonly JobRecord[]) {
      got.push(...jobs.map(({ id }) => id));
      subscription.drained();
    },
    end() {},
  });
  return got;
}

const times = (count: number, job: NewJob = newJob) => Array.from({ length: count }, () => job);

describe("claim alongside a commit", () => {
  it("fills no subscriber beyond its prefetch when it serves several", () =>
    withEngine(async (engine, clock) => {
      await engine.enqueue(times(10));
      const [one, two] = [takeOne(engine), takeOne(engine)];
      await clock.settle();
      const acks = [engine.reports.complete(toRuns(one)), engine.reports.complete(toRuns(two))];
      await Promise.all(acks);
      await clock.settle();
      assert.deepEqual([one.length, two.length], [2, 2]);
    }));

  it("passes no job with budgets that becomes ready in the same commit", () =>
    withEngine(async (engine, clock) => {
      const createWith = {
        allocation: 5,
        strategy: { type: "while_in_flight", durationMs: null, burst: null },
      };
      const budgets = [{ key: "k", cost: 1, createWith, bucket: false }];
      await engine.enqueue(times(2));
      const got = takeOne(engine);
      await clock.settle();
      const urgent = engine.enqueue(times(1, { ...newJob, priority: 1, budgets }));
      await Promise.all([urgent, engine.reports.complete(toRuns(got))]);
      await clock.settle();
      assert.deepEqual(got.slice(1), (await urgent as StoredJob[]).map(({ job }) => job.id));
    }));

  it("keeps no turn for who is full again: others that wait go first next time", () =>
    withEngine(async (engine, clock) => {
      await engine.enqueue(times(1));
      const one = takeOne(engine);
      await clock.settle();
      await engine.enqueue(times(2));
      await engine.reports.complete(toRuns(one)); // Gets the next job alongside, as nobody else waits.
      await clock.settle();
      const two = takeOne(engine); // Finds no room.
      await clock.settle();
      await engine.reports.complete(toRuns(one.slice(1)));
      await clock.settle();
      assert.deepEqual([one.length, two.length], [2, 1]);
    }, { globalInFlightLimit: 1 }));

  it("asks no second time for who was just told that there is no job", () => {
    const { begin: _, ...real } = openSqlite(":memory:");
    let commits = 0;
    const transaction: typeof real.transaction = (body) => {
      commits++;
      return real.transaction(body);
    };
    return withEngine(
      async (engine, clock) => {
        await engine.enqueue(times(1));
        const got = takeOne(engine);
        await clock.settle();
        const before = commits;
        await engine.reports.complete(toRuns(got));
        await clock.settle();
        assert.equal(commits, before + 1);
      },
      {},
      { ...real, transaction },
    );
  });
});

describe("jobs that leave flight in the commit in which they are claimed", () => {
  const ways: Record<string, (engine: Engine, id: string) => Promise<unknown>> = {
    "by being deleted": (engine, id) => engine.remove(id),
    "by a deletion of all": (engine) => engine.removeMany({}, { cascade: true }),
    "by success": (engine, id) => engine.reports.complete(toRuns([id])),
    "by failure": (engine, id) => engine.reports.fail({ id }, { message: "m" }),
  };
  for (const [how, leave] of Object.entries(ways)) {
    it(`${how} are not handed out, and take up no room`, () =>
      withEngine(async (engine, clock) => {
        const got = takeOne(engine);
        await clock.settle();
        const [{ job: first }] = await engine.enqueue(times(1)) as [StoredJob];
        await leave(engine, first.id);
        await clock.settle();
        assert.deepEqual(got, []);
        const [{ job: second }] = await engine.enqueue(times(1)) as [StoredJob];
        await clock.settle();
        assert.deepEqual(got, [second.id]);
      }));
  }
});
