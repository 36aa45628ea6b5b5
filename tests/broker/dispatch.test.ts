import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Consumer, createDispatcher } from "../../src/broker/engine/dispatch.ts";
import { created } from "../../src/broker/engine/states.ts";
import { silentLogger } from "../../src/log.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import type { ReadyJob } from "../../src/store/due.ts";
import { enqueueJobs } from "../../src/store/enqueue.ts";
import { countJobs } from "../../src/store/read.ts";
import { createStore } from "../../src/store/store.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { newJob } from "../support/new-job.ts";

/** A consumer that notes what it is told. */
function listener(changes: Partial<Consumer> = {}) {
  const got: string[] = [];
  let ended = false;
  const consumer: Consumer = {
    queues: undefined,
    prefetch: 10,
    canWrite: () => true,
    deliver: (jobs: readonly JobRecord[]) => void got.push(...jobs.map(({ id }) => id)),
    end: () => void (ended = true),
    ...changes,
  };
  return { consumer, got, ended: () => ended };
}

function readyIn(...queues: string[]): ReadyJob[] {
  return queues.map((queue) => ({ id: "1", queue, priority: 1, budgets: null }));
}

async function setUp(jobs: number, limit = 0) {
  const clock = createTestClock();
  let failures = 0;
  let writes = 0;
  const driver = openSqlite(":memory:");
  const store = createStore({
    ...driver,
    transaction(body) {
      writes++;
      if (failures > 0) {
        failures--;
        throw new Error("disk full");
      }
      return driver.transaction(body);
    },
  }, clock);
  const records = Array.from(
    { length: jobs },
    (_, at) => created(newJob, `job-${at}`, clock.now()),
  );
  const entries = records.map((job) => ({ job, bindings: [] }));
  await store.write(() =>
    enqueueJobs(entries, { now: clock.now(), maxBudgets: 0, merge: () => "sealed" })
  );
  const dispatcher = createDispatcher({ store, clock, logger: silentLogger, limit });
  return {
    clock,
    dispatcher,
    ids: records.map(({ id }) => id),
    ready: () => store.read(countJobs({ status: [1] }, clock.now())),
    writes: () => writes,
    fail: (times: number) => void (failures = times),
    close: async () => {
      await dispatcher.close();
      await store.close();
    },
  };
}

describe("dispatcher", () => {
  it("asks the database only when a job may be there for somebody with room", async () => {
    const { clock, dispatcher, ids, writes, close } = await setUp(2);
    const one = listener({ prefetch: 2 });
    dispatcher.seat(one.consumer);
    await clock.settle();
    assert.deepEqual(one.got, ids);
    const before = writes();
    dispatcher.ready(readyIn("q")); // no room
    await clock.settle();
    assert.equal(writes(), before);
    dispatcher.settle(ids);
    await clock.settle();
    assert.equal(writes(), before + 1); // finds nothing, and sleeps
    dispatcher.settle(ids);
    dispatcher.ready(readyIn("other"));
    await clock.settle();
    assert.equal(writes(), before + 2);
    await close();
  });

  it("wakes only who reads the queue", async () => {
    const { clock, dispatcher, writes, close } = await setUp(0);
    dispatcher.seat(listener({ queues: ["a", "b"] }).consumer);
    await clock.settle();
    const before = writes();
    dispatcher.ready(readyIn("c"));
    await clock.settle();
    assert.equal(writes(), before);
    dispatcher.ready(readyIn("c", "b"));
    await clock.settle();
    assert.equal(writes(), before + 1);
    await close();
  });

  it("takes back what it cannot write, and serves the others of the same pick", async () => {
    const { clock, dispatcher, ids, close } = await setUp(4);
    const broken = listener({
      prefetch: 2,
      deliver() {
        throw new Error("cannot encode");
      },
    });
    const sound = listener({ prefetch: 4 });
    dispatcher.seat(broken.consumer);
    dispatcher.seat(sound.consumer);
    await clock.settle();
    assert.ok(broken.ended());
    assert.deepEqual([...sound.got].sort(), ids);
    assert.equal(dispatcher.inFlight(), 4);
    await close();
  });

  it("ends the streams that asked when the database fails", async () => {
    const { clock, dispatcher, ready, fail, close } = await setUp(2);
    fail(1);
    const one = listener();
    dispatcher.seat(one.consumer);
    await clock.settle();
    assert.deepEqual([one.ended(), one.got], [true, []]);
    assert.equal(await ready(), 2);
    await close();
  });

  it("hands jobs back until the database has heard", async () => {
    const { clock, dispatcher, ready, fail, close } = await setUp(2);
    const seat = dispatcher.seat(listener().consumer);
    await clock.settle();
    fail(2);
    seat.leave();
    await clock.settle();
    assert.equal(await ready(), 0);
    assert.equal(dispatcher.inFlight(), 2);
    await clock.advance(1000);
    await clock.advance(1000);
    assert.deepEqual([await ready(), dispatcher.inFlight()], [2, 0]);
    await close();
  });

  it("leaves a job alone that another consumer holds by now", async () => {
    const { clock, dispatcher, ids, ready, close } = await setUp(1);
    const first = dispatcher.seat(listener().consumer);
    await clock.settle();
    dispatcher.settle(ids); // acknowledged by somebody
    await first.leave();
    assert.equal(await ready(), 0);
    await close();
  });
});
