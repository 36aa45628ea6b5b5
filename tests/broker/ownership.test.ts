/** Who holds a job in flight, and what goes back to its queue when a stream or a broker is gone. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker, type SyncDatabase } from "../../src/broker/mod.ts";
import { type Client, createClient } from "../../src/client/mod.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { describePglite, openPglite } from "../store/pglite.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { createFailingDatabase } from "../support/failing-database.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";

/** Runs a test with a broker on a database that the test can look into. */
const withDatabase = (
  test: (parts: TestBroker & { readonly database: SyncDatabase }) => Promise<void>,
) => {
  const database = openSqlite(":memory:");
  return withBroker((parts) => test({ ...parts, database }), { store: database });
};

const jobColumns = `SELECT id, status, holder, deliveries, attempts FROM jobs ORDER BY id`;
const ready = 1;
const inFlight = 2;

/** Opens a take stream as a worker of that name does. */
async function takeAs(broker: Broker, worker: string, prefetch: number): Promise<AbortController> {
  const leaving = new AbortController();
  const { status } = await broker.fetch(
    new Request(`http://broker/jobs/take?prefetch=${prefetch}`, {
      headers: { "worker-id": worker },
      signal: leaving.signal,
    }),
  );
  assert.equal(status, 200);
  return leaving;
}

describe("ownership of jobs in flight", () => {
  it("a stream that ends frees exactly its own jobs", () =>
    withDatabase(async ({ client, clock, take, database }) => {
      const jobs = await client.enqueueMany(Array.from({ length: 6 }, () => job()));
      const first = await take({ prefetch: 2 });
      await clock.settle();
      const second = await take({ prefetch: 3 });
      await clock.settle();
      assert.deepEqual([first.jobs.length, second.jobs.length], [2, 3]);
      await first.close();
      await clock.settle();
      const firstIds = first.jobs.map(({ id }) => id);
      const secondIds = second.jobs.map(({ id }) => id);
      for (const row of database.all(jobColumns, [])) {
        const isHeld = secondIds.includes(row["id"] as string);
        const deliveries = isHeld || firstIds.includes(row["id"] as string) ? 1 : 0;
        assert.equal(row["status"], isHeld ? inFlight : ready);
        assert.equal(row["holder"] === null, !isHeld);
        assert.deepEqual([row["deliveries"], row["attempts"]], [deliveries, 0]);
      }
      assert.equal(jobs.length, 6);
    }));

  it("the 'worker-id' of a take request is in the row that holds its jobs, until the stream ends", () =>
    withDatabase(async ({ broker, client, clock, database }) => {
      const holders = () =>
        database.all(
          `SELECT worker, since, (SELECT count(*) FROM jobs WHERE holder = holders.id) AS jobs
           FROM holders ORDER BY id`,
          [],
        ).map(({ worker, since, jobs }) => [worker, since, jobs]);
      const ada = await takeAs(broker, "ada", 2);
      await clock.settle();
      assert.deepEqual(holders(), [], "a stream without jobs holds nothing");
      await client.enqueueMany([job(), job()]);
      await clock.settle();
      const bob = await takeAs(broker, "bob\u00e9", 5);
      await client.enqueue(job());
      await clock.settle();
      const now = clock.now();
      assert.deepEqual(holders(), [["ada", now, 2], ["bob\u00e9", now, 1]]);
      bob.abort();
      await clock.settle();
      assert.deepEqual(holders(), [["ada", now, 2]]);
      ada.abort();
      await clock.settle();
      assert.deepEqual(holders(), []);
    }));

  it("a broker that starts after a crash frees what was in flight; deliveries are still counted", async () => {
    const database = openSqlite(":memory:");
    // A crash closes nothing, so the broker that is left must not close what the next one uses.
    const crashed = createBroker({
      store: { ...database, close() {} },
      clock: createTestClock(),
    });
    const left = createClient({ fetch: crashed.fetch });
    await left.enqueueMany([job(), job({ uniqueKey: "k" }), job()]);
    await takeAs(crashed, "left", 2);
    const leftClock = createTestClock();
    await leftClock.settle();
    const states = () =>
      database.all(jobColumns, []).map((row) => {
        return [row["status"], row["holder"] === null, row["deliveries"], row["attempts"]];
      });
    assert.deepEqual(states(), [
      [inFlight, false, 1, 0],
      [inFlight, false, 1, 0],
      [ready, true, 0, 0],
    ]);

    const clock = createTestClock();
    const broker = createBroker({ store: database, clock });
    await broker.start();
    assert.deepEqual(states(), [[ready, true, 1, 0], [ready, true, 1, 0], [ready, true, 0, 0]]);
    const count = (table: string) =>
      database.all(`SELECT count(*) AS n FROM ${table}`, [])[0]!["n"];
    assert.deepEqual([count("holders"), count("brokers")], [0, 1]);

    const again = await takeAs(broker, "next", 3);
    await clock.settle();
    assert.deepEqual(states().map(([status, , deliveries]) => [status, deliveries]), [
      [inFlight, 2],
      [inFlight, 2],
      [inFlight, 1],
    ]);
    again.abort();
    await broker.stop();
    await crashed.stop();
  });

  it("a late release of a stream leaves alone what another stream has taken meanwhile", async () => {
    const real = openSqlite(":memory:");
    const { database, fail, heal } = createFailingDatabase(real);
    const { logger, errors } = createRecordingLogger();
    await withBroker(async ({ client, clock, take }) => {
      const moving = await client.enqueue(job());
      const staying = await client.enqueue(job());
      const first = await take({ prefetch: 2 });
      await clock.settle();
      assert.equal(first.jobs.length, 2);
      fail();
      await first.close();
      await clock.settle();
      assert.match(errors.at(-1)!, /^Cannot give jobs back/);
      heal();

      await client.failure(moving.id, { message: "once more", retryAt: clock.now() });
      const second = await take({ prefetch: 1 });
      await clock.advance(1);
      assert.deepEqual(second.jobs.map(({ id }) => id), [moving.id]);
      const stateOf = (id: string) => {
        return { ...real.all("SELECT status, deliveries FROM jobs WHERE id = ?", [id])[0] };
      };
      assert.deepEqual(stateOf(moving.id), { status: inFlight, deliveries: 2 });
      assert.deepEqual(stateOf(staying.id), { status: inFlight, deliveries: 1 });

      await clock.advance(2000);
      assert.deepEqual(stateOf(moving.id), { status: inFlight, deliveries: 2 });
      assert.deepEqual(stateOf(staying.id), { status: ready, deliveries: 1 });
      assert.equal(second.jobs.length, 1);
    }, { store: database, logger });
  });
});

/** A broker on a database that others use too, with a clock of its own. */
interface SharedBroker {
  readonly broker: Broker;
  readonly client: Client;
  readonly clock: TestClock;
  readonly errors: readonly string[];
}

describePglite("ownership on a database that brokers share", () => {
  const openShared = (name: string) => {
    const database = openPglite(name);
    const opened: Broker[] = [];
    /** Waits until brokers and database have come to rest. */
    const settle = async (...brokers: readonly SharedBroker[]) => {
      for (let round = 0; round < 10; round++) {
        for (const { clock } of brokers) await clock.settle();
        await database.all("SELECT 1 AS one", []);
      }
    };
    return {
      settle,
      async start(): Promise<SharedBroker> {
        await database.open();
        const clock = createTestClock();
        const { logger, errors } = createRecordingLogger();
        // Without heartbeats, time passes quickly.
        const heartbeatIntervalMs = 2 ** 31;
        // A limit for all is shared by news, and there are none between brokers on a PGlite.
        const globalInFlightLimit = 0;
        const broker = createBroker({
          store: openPglite(name),
          clock,
          logger,
          heartbeatIntervalMs,
          globalInFlightLimit,
        });
        opened.push(broker);
        await broker.start();
        return { broker, client: createClient({ fetch: broker.fetch }), clock, errors };
      },
      /** Lets time pass for one broker only. */
      async pass(broker: SharedBroker, ms: number) {
        for (let left = ms; left > 0; left -= 5000) {
          await broker.clock.advance(Math.min(left, 5000));
          await settle(broker);
        }
      },
      /** The jobs, each with its status and the broker that holds it. */
      jobs: () =>
        database.all(
          `SELECT jobs.id, status, deliveries, holders.broker, worker
           FROM jobs LEFT JOIN holders ON holders.id = jobs.holder ORDER BY jobs.id`,
          [],
        ),
      brokers: async () =>
        (await database.all("SELECT id FROM brokers ORDER BY id", [])).map(({ id }) => id),
      async close() {
        for (const broker of opened) await broker.stop();
        await database.close();
      },
    };
  };

  it("of two brokers, one gives back the jobs of the other after ten seconds without news, nothing else", async () => {
    const shared = openShared("ownership_gone");
    const left = await shared.start();
    const right = await shared.start();
    const [leftId, rightId] = await shared.brokers();
    const ids = (await left.client.enqueueMany([job(), job({ uniqueKey: "k" }), job(), job()]))
      .map(({ id }) => id);
    await takeAs(left.broker, "l", 2);
    await shared.settle(left, right);
    await takeAs(right.broker, "r", 1);
    await shared.settle(left, right);
    const held = async () => {
      return (await shared.jobs()).map(({ status, deliveries, broker }) => {
        return [status, deliveries, broker];
      });
    };
    const before = [
      [inFlight, 1, leftId],
      [inFlight, 1, leftId],
      [inFlight, 1, rightId],
      [ready, 0, null],
    ];
    assert.deepEqual(await held(), before);

    // The left one crashes: no time passes for it any more.
    await shared.pass(right, 10_000);
    assert.deepEqual(await held(), before, "not before ten seconds have passed");
    await shared.pass(right, 15_000);
    assert.deepEqual(await held(), [
      [ready, 1, null],
      [ready, 1, null],
      [inFlight, 1, rightId],
      [ready, 0, null],
    ]);
    assert.deepEqual(await shared.brokers(), [rightId]);

    // What was given back can be had at once.
    await takeAs(right.broker, "r2", 2);
    await shared.settle(right);
    const [first, second] = await shared.jobs();
    assert.deepEqual([first!["id"], first!["deliveries"], first!["worker"]], [ids[0], 2, "r2"]);
    assert.deepEqual([second!["id"], second!["deliveries"], second!["worker"]], [ids[1], 2, "r2"]);

    // The left one was only slow: what it has lost stays with the other.
    await shared.pass(left, 10_000);
    await left.broker.stop();
    assert.deepEqual(await shared.jobs().then((jobs) => jobs.slice(0, 2)), [first, second]);
    await shared.close();
  });

  it("two brokers that hear of each other stay, whoever looks", async () => {
    const shared = openShared("ownership_stay");
    const left = await shared.start();
    const right = await shared.start();
    await left.client.enqueue(job());
    await takeAs(left.broker, "l", 1);
    await shared.settle(left, right);
    const before = [await shared.jobs(), await shared.brokers()];
    for (let at = 0; at < 10; at++) {
      await shared.pass(left, 5000);
      await shared.pass(right, 5000);
    }
    assert.deepEqual([await shared.jobs(), await shared.brokers()], before);
    assert.deepEqual([left.errors, right.errors], [[], []]);
    await shared.close();
  });

  it("of two brokers with streams, each job goes to one, and a cron entry fires once", async () => {
    const shared = openShared("ownership_once");
    const brokers = [await shared.start(), await shared.start()] as const;
    const [left, right] = brokers;
    const entries = [{
      name: "e",
      expression: "* * * * *",
      timezone: "UTC",
      job: { type: "t", queue: "cron", payload: null },
    }];
    assert.equal((await send(left.broker, "PUT", "/crons/g", { entries })).status, 200);
    // The other one has not written it, so it hears of it at its next start only.
    await right.broker.stop();
    const late = await shared.start();
    for (const { broker } of [left, late]) await takeAs(broker, "w", 100);
    for (let at = 0; at < 8; at++) {
      await left.client.enqueue(job());
      await late.client.enqueue(job());
      await Promise.all([left.clock.advance(30_000), late.clock.advance(30_000)]);
      await shared.settle(left, late);
    }
    const jobs = await shared.jobs();
    assert.equal(jobs.length, 16 + 4);
    for (const { status, deliveries } of jobs) {
      assert.deepEqual([status, deliveries], [inFlight, 1]);
    }
    assert.deepEqual([left.errors, late.errors], [[], []]);
    await shared.close();
  });

  it("a broker that was taken for gone ends its streams, registers again and works on", async () => {
    const shared = openShared("ownership_again");
    const left = await shared.start();
    const right = await shared.start();
    const [leftId, rightId] = await shared.brokers();
    await left.client.enqueue(job());
    const stream = await left.client.take({ prefetch: 1 });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const batch of stream.batches()) seen.push(...batch.map(({ id }) => id));
    })();
    await shared.settle(left, right);
    assert.equal(seen.length, 1);
    await shared.pass(right, 75_000);
    assert.deepEqual(await shared.brokers(), [rightId]);

    await shared.pass(left, 75_000);
    await reading; // It was ended by the broker.
    assert.deepEqual(left.errors, ["Other brokers took this one for gone, ending its streams"]);
    const [first, second] = await shared.brokers();
    assert.equal(first, rightId);
    assert.ok(second as number > (rightId as number) && second !== leftId);

    await takeAs(left.broker, "l2", 1);
    await shared.settle(left, right);
    const [found] = await shared.jobs();
    assert.deepEqual([found!["broker"], found!["worker"], found!["deliveries"]], [second, "l2", 2]);
    await shared.close();
    assert.deepEqual(await openAndCount("ownership_again"), 0, "a stop deletes the rows");
  });
});

/** How many brokers and holders are left in a database whose brokers have stopped. */
async function openAndCount(name: string): Promise<unknown> {
  const database = openPglite(name);
  await database.open();
  const [row] = await database.all(
    "SELECT (SELECT count(*) FROM brokers) + (SELECT count(*) FROM holders) AS n",
    [],
  );
  await database.close();
  return row!["n"];
}
