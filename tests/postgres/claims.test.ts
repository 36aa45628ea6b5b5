/**
 * Claims on a real PostgreSQL, where a commit takes long: in the commit that brings the jobs, and by one statement.
 */

import assert from "node:assert/strict";
import { it } from "node:test";
import { systemRandom } from "../../src/async/clock.ts";
import { createEngine, type Engine } from "../../src/broker/engine/engine.ts";
import { defaultSettings, type Settings } from "../../src/broker/engine/settings.ts";
import { StoreError } from "../../src/errors.ts";
import { silentLogger } from "../../src/log.ts";
import { toRuns } from "../../src/protocol/ack.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import type { AsyncConnection } from "../../src/store/database.ts";
import type { StoredJob } from "../../src/store/enqueue.ts";
import type { TestClock } from "../../src/testing/mod.ts";
import { newJob } from "../support/new-job.ts";
import { withPatience } from "./patient-clock.ts";
import { describePostgres, openShared, type PostgresDatabase } from "./server.ts";

interface Parts {
  readonly engine: Engine;
  readonly clock: TestClock;
  /** Statements since the last call, and COMMITs, in the order in which they were sent. */
  readonly statements: () => string[];
  /** Calls this before each commit. */
  onCommit: () => void;
  /** Does what another broker would. */
  readonly run: PostgresDatabase["run"];
}

/** Runs a test with an engine whose statements are seen. */
async function withEngine(
  test: (parts: Parts) => Promise<void>,
  settings: Partial<Settings> = {},
): Promise<void> {
  let seen: string[] = [];
  const shared = openShared();
  const { clock, databases } = withPatience([shared]);
  const database = databases[0]!;
  const see = (sql: string) => seen.push(sql.trim().split(/\s+/, 1)[0]!);
  const watched = (connection: AsyncConnection): AsyncConnection => ({
    ...connection,
    all: (sql, params) => (see(sql), connection.all(sql, params)),
    values: (sql, params) => (see(sql), connection.values!(sql, params)),
    run: (sql, params) => (see(sql), connection.run(sql, params)),
  });
  const parts = {
    clock,
    statements: () => {
      const all = seen;
      seen = [];
      return all;
    },
    onCommit: () => {},
    run: shared.run,
  };
  const engine = createEngine({
    database: {
      ...database,
      transaction: <Result>(body: (connection: AsyncConnection) => Promise<Result>) =>
        database.transaction(async (connection) => {
          const result = await body(watched(connection));
          parts.onCommit();
          see("COMMIT");
          return result;
        }),
    },
    settings: { ...defaultSettings, ...settings },
    clock,
    random: systemRandom,
    logger: silentLogger,
    timers: true,
  });
  await engine.start();
  try {
    await clock.settle();
    parts.statements();
    await test(Object.assign(parts, { engine }));
  } finally {
    await engine.stop();
    await engine.close();
  }
}

/** A subscriber. Gives the ids of what it got. */
function take(engine: Engine, prefetch: number, queues?: readonly string[]): string[] {
  const got: string[] = [];
  engine.take({
    queues,
    prefetch,
    worker: undefined,
    canWrite: () => true,
    deliver: (jobs: readonly JobRecord[]) => void got.push(...jobs.map(({ id }) => id)),
    end() {},
  });
  return got;
}

const times = (count: number) => Array.from({ length: count }, () => newJob);
const idsOf = (stored: unknown) => (stored as readonly StoredJob[]).map(({ job }) => job.id);
const commitsOf = (statements: readonly string[]) =>
  statements.filter((statement) => statement === "COMMIT").length;

describePostgres("claims on PostgreSQL", () => {
  for (const queues of [undefined, [newJob.queue]]) {
    const who = queues === undefined ? "all queues" : "one queue";
    it(`hands a job of ${who} to who waits in the commit that stores it`, () =>
      withEngine(async ({ engine, clock, statements }) => {
        const got = take(engine, 10, queues);
        await engine.enqueue(times(1)); // The first one registers the subscriber.
        await clock.settle();
        statements();
        const ids = idsOf(await engine.enqueue(times(3)));
        await clock.settle();
        assert.deepEqual([got.slice(1), commitsOf(statements())], [ids, 1]);
      }));
  }

  it("takes the next jobs in the commit that ends others, with one statement", () =>
    withEngine(async ({ engine, clock, statements }) => {
      const ids = idsOf(await engine.enqueue(times(6)));
      const got = take(engine, 2, [newJob.queue]);
      await clock.settle();
      statements();
      await engine.reports.complete(toRuns(got.slice(0, 2)));
      await clock.settle();
      assert.deepEqual(got, ids.slice(0, 4));
      assert.deepEqual(statements(), [
        "DELETE",
        "SELECT", // Whether the broker is registered.
        "UPDATE", // The jobs.
        "INSERT", // The counts.
        "UPDATE", // What is in flight of the queue, if that has a limit.
        "COMMIT",
      ]);
    }));

  it("ends those that are left where another broker has ended one unheard, and takes the next ones", () =>
    withEngine(async ({ engine, clock, run }) => {
      const ids = idsOf(await engine.enqueue(times(6)));
      const got = take(engine, 3, [newJob.queue]);
      await clock.settle();
      await run(`DELETE FROM jobs WHERE seq IN (SELECT min(seq) FROM jobs)`, []);
      const missed = await engine.reports.complete(toRuns(got.slice(0, 3)));
      await clock.settle();
      assert.deepEqual(missed.map(({ id }) => id), ids.slice(0, 1));
      // The room of the one that was ended by somebody else is not known of yet.
      assert.deepEqual(got.slice(0, 5), ids.slice(0, 5));
    }));

  for (const [size, most] of [[10, 400], [20_000, 100]] as const) {
    it(`takes ${most} of 500 jobs of ${size} bytes at once where there is room for 400`, () =>
      withEngine(async ({ engine, clock, statements }) => {
        const got = take(engine, 401, [newJob.queue]);
        await engine.enqueue(times(1));
        await clock.settle();
        statements();
        const payload = JSON.stringify("x".repeat(size));
        await engine.enqueue(Array.from({ length: 500 }, () => ({ ...newJob, payload })));
        assert.equal(got.length - 1, most);
        const first = statements();
        const updates = first.slice(0, first.indexOf("COMMIT")).filter((text) => text === "UPDATE");
        assert.equal(updates.length, 1);
        await clock.settle();
        assert.equal(got.length, 401);
      }));
  }

  it("fills nobody beyond its prefetch, and the broker not beyond its limit", () =>
    withEngine(async ({ engine, clock }) => {
      const [one, two] = [take(engine, 3), take(engine, 3, [newJob.queue])];
      await Promise.all([
        engine.enqueue(times(2)),
        engine.enqueue(times(4)),
        engine.enqueue(times(1)),
      ]);
      await clock.settle();
      assert.equal(one.length + two.length, 4);
      await Promise.all([
        engine.reports.complete(toRuns(one.slice(0, 1))),
        engine.reports.complete(toRuns(two.slice(0, 1))),
        engine.enqueue(times(9)),
      ]);
      await clock.settle();
      const done = Math.min(1, one.length) + Math.min(1, two.length);
      assert.equal(one.length + two.length, 4 + done);
    }, { globalInFlightLimit: 4 }));

  it("goes on after a commit that failed with what it had taken", () =>
    withEngine(async (parts) => {
      const { engine, clock } = parts;
      const got = take(engine, 10);
      await engine.enqueue(times(1));
      await clock.settle();
      let failures = 2; // Together with the claim, and alone.
      parts.onCommit = () => {
        if (failures-- > 0) throw new StoreError("The disk is full");
      };
      await assert.rejects(async () => void await engine.enqueue(times(1)), /disk is full/);
      const ids = idsOf(await engine.enqueue(times(2)));
      await clock.settle();
      assert.deepEqual(got.slice(1), ids);
    }));

  it("takes a job first that is ready again, although later ones were taken since", () =>
    withEngine(async ({ engine, clock }) => {
      const [first, second, third] = idsOf(await engine.enqueue(times(3)));
      const got = take(engine, 2, [newJob.queue]);
      await clock.settle();
      await engine.reports.release(toRuns([first!]));
      await clock.settle();
      await engine.reports.complete(toRuns([second!]));
      await clock.settle();
      assert.deepEqual(got, [first, second, first, third]);
    }));

  it("finds an earlier job that nobody told of within five seconds", () =>
    withEngine(async ({ engine, clock, run }) => {
      const ids = idsOf(await engine.enqueue(times(9)));
      const got = take(engine, 1, [newJob.queue]);
      await clock.settle();
      const next = async () => {
        await engine.reports.complete(toRuns([got.at(-1)!]));
        await clock.settle();
        return got.at(-1);
      };
      await next();
      await run(
        `INSERT INTO jobs (seq, id, named, type, queue, priority, ready_at, payload_json)
         VALUES (1, 'urgent', 1, 't', $1, 0, 0, '1')`,
        [newJob.queue],
      );
      assert.equal(await next(), ids[2]);
      await clock.advance(5000);
      assert.equal(await next(), "urgent");
      assert.equal(await next(), ids[3]);
    }));

  it("takes nothing of a queue that another broker has paused, unheard", () =>
    withEngine(async ({ engine, clock, run }) => {
      const got = take(engine, 10, [newJob.queue]);
      await engine.enqueue(times(1));
      await clock.settle();
      await run("INSERT INTO queue_settings (queue, paused) VALUES ($1, 1)", [newJob.queue]);
      const ids = idsOf(await engine.enqueue(times(2)));
      await clock.settle();
      assert.equal(got.length, 1);
      // Heard of at last, when there are later jobs too.
      await engine.queueControl.change(newJob.queue, { paused: true });
      ids.push(...idsOf(await engine.enqueue(times(1))));
      await engine.queueControl.change(newJob.queue, { paused: false });
      await clock.settle();
      assert.deepEqual(got.slice(1), ids);
    }));

  it("gives large payloads whole, and jobs in their order", () =>
    withEngine(async ({ engine, clock }) => {
      const large = { ...newJob, payload: JSON.stringify("x".repeat(100_000)) };
      const seen: [number, number][] = [];
      engine.take({
        queues: [newJob.queue],
        prefetch: 200,
        worker: undefined,
        canWrite: () => true,
        deliver: (jobs: readonly JobRecord[]) =>
          void seen.push(...jobs.map(({ priority, payloadJson }): [number, number] => [
            priority,
            payloadJson!.length,
          ])),
        end() {},
      });
      await engine.enqueue(times(1));
      await clock.settle();
      await engine.enqueue([
        ...Array.from({ length: 120 }, () => ({ ...newJob, priority: 9 })),
        { ...large, priority: 1 },
      ]);
      await clock.settle();
      assert.equal(seen.length, 122);
      assert.deepEqual(seen[1], [1, 100_002]);
      assert.equal(seen.slice(2).every(([priority]) => priority === 9), true);
    }));
});
