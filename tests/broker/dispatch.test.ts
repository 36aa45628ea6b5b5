import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createDispatcher } from "../../src/broker/engine/dispatch.ts";
import { createGates } from "../../src/broker/engine/gates.ts";
import { defaultSettings } from "../../src/broker/engine/settings.ts";
import type { Subscriber } from "../../src/broker/engine/member.ts";
import { silentLogger } from "../../src/log.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import { status } from "../../src/protocol/status.ts";
import { createBudget } from "../../src/store/budgets.ts";
import type { Change } from "../../src/store/changes.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { enqueueJobs } from "../../src/store/enqueue.ts";
import { completeJobs } from "../../src/store/finish.ts";
import { registerBroker } from "../../src/store/holders.ts";
import { toCreated } from "../../src/store/job-rules.ts";
import { listJobs } from "../../src/store/read.ts";
import { createStore } from "../../src/store/store.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { newJob } from "../support/new-job.ts";

/** A subscriber that notes what it is told. */
function listener(changes: Partial<Subscriber> = {}) {
  const got: string[] = [];
  let ended = false;
  const subscriber: Subscriber = {
    queues: undefined,
    prefetch: 10,
    worker: undefined,
    canWrite: () => true,
    deliver: (jobs: readonly JobRecord[]) => void got.push(...jobs.map(({ id }) => id)),
    end: () => void (ended = true),
    ...changes,
  };
  return { subscriber, got, ended: () => ended };
}

/** A job became ready in each of these queues. */
function readyIn(...queues: string[]): Change[] {
  const jobs = queues.map((queue) => ({
    id: "1",
    seq: 1,
    type: "t",
    queue,
    priority: 1,
    budgets: null,
    traits: 0,
  }));
  const { ready: to, scheduled: from } = status;
  return [{ kind: "jobs", from, to, jobs, cause: "due" }];
}

/** These jobs are completed, and gone. */
function completed(ids: readonly string[]): Change[] {
  const jobs = ids.map((id) => ({ id, seq: 1, type: "t", queue: "q", traits: 0 }));
  return [{ kind: "jobs", from: status.inFlight, to: undefined, jobs, cause: "succeeded" }];
}

async function setUp(jobs: number, total = 0) {
  const clock = createTestClock();
  let failures = 0;
  let writes = 0;
  const { begin: _, ...database } = openSqlite(":memory:");
  const counted: SyncDatabase = {
    ...database,
    transaction(body) {
      writes++;
      return database.transaction(() => {
        const result = body();
        if (failures === 0) return result;
        failures--;
        throw new Error("disk full");
      });
    },
  };
  const store = createStore({
    database: counted,
    clock,
    alongside: (changes) => dispatcher.claimAlongside(changes),
    afterCommit: (changes) => dispatcher.applyChanges(changes),
  });
  await store.open();
  const broker = await store.write(() => registerBroker(clock.now()));
  const dispatcher = createDispatcher({
    store,
    clock,
    logger: silentLogger,
    gates: createGates(store.isShared),
    quiet: new Set<string>(),
    limits: { globalInFlightLimit: total, streamInFlightPercent: 100 },
    releaseTerms: () => ({ now: clock.now(), defaults: defaultSettings, maxDeliveries: 0 }),
    broker: () => broker,
    others: () => {
      throw new Error("There are no other brokers");
    },
    expectOpening() {},
  });
  const records = Array.from(
    { length: jobs },
    (_, at) => toCreated(newJob, { id: `job-${at}`, seq: at + 1 }, clock.now()),
  );
  const entries = records.map((job) => ({ job, named: true as const, bindings: [] }));
  const expressions = {
    createFolds: () => ({ fold: () => "closed" as const, payloadOf: () => undefined }),
  };
  const terms = { now: clock.now(), maxBudgets: 0, expressions };
  await store.write(() => enqueueJobs(entries, terms));
  const count = async (code: number) => {
    const page = { behind: undefined, order: "asc", limit: 1000 } as const;
    return (await store.read(listJobs({ status: [code] }, page, clock.now()))).length;
  };
  return {
    clock,
    dispatcher,
    store,
    terms,
    ids: records.map(({ id }) => id),
    ready: () => count(status.ready),
    inFlight: () => count(status.inFlight),
    writes: () => writes,
    fail: (times: number) => void (failures = times),
    close: async () => {
      await dispatcher.stop();
      await store.close();
    },
  };
}

const finish = (now: number) => ({
  now,
  defaults: defaultSettings,
  oneByOne: false,
  takenJob: () => undefined,
});

describe("dispatcher", () => {
  it("reads the database only when a subscriber with room may have jobs", async () => {
    const { clock, dispatcher, ids, writes, close } = await setUp(2);
    const one = listener({ prefetch: 2 });
    dispatcher.subscribe(one.subscriber);
    await clock.settle();
    assert.deepEqual(one.got, ids);
    const before = writes();
    dispatcher.applyChanges(readyIn("q")); // no room
    await clock.settle();
    assert.equal(writes(), before);
    dispatcher.applyChanges(completed(ids));
    await clock.settle();
    assert.equal(writes(), before + 1); // finds nothing, and sleeps
    dispatcher.applyChanges(completed(ids));
    dispatcher.applyChanges(readyIn("other"));
    await clock.settle();
    assert.equal(writes(), before + 2);
    await close();
  });

  it("wakes only subscribers that read the queue, once for all changes of a commit", async () => {
    const { clock, dispatcher, writes, close } = await setUp(0);
    dispatcher.subscribe(listener({ queues: ["a", "b"] }).subscriber);
    await clock.settle();
    const before = writes();
    dispatcher.applyChanges(readyIn("c"));
    await clock.settle();
    assert.equal(writes(), before);
    dispatcher.applyChanges([...readyIn("a"), ...readyIn("c", "b"), ...readyIn("b")]);
    await clock.settle();
    assert.equal(writes(), before + 1);
    await close();
  });

  it("gives jobs back that it cannot write, and serves the others of the same claim", async () => {
    const { clock, dispatcher, ids, inFlight, close } = await setUp(4);
    const broken = listener({
      prefetch: 2,
      deliver() {
        throw new Error("cannot encode");
      },
    });
    const sound = listener({ prefetch: 4 });
    dispatcher.subscribe(broken.subscriber);
    dispatcher.subscribe(sound.subscriber);
    await clock.settle();
    assert.ok(broken.ended());
    assert.deepEqual([...sound.got].sort(), ids);
    assert.equal(await inFlight(), 4);
    await close();
  });

  it("ends the streams of a claim when the database fails", async () => {
    const { clock, dispatcher, ready, fail, close } = await setUp(2);
    fail(1);
    const one = listener();
    dispatcher.subscribe(one.subscriber);
    await clock.settle();
    assert.deepEqual([one.ended(), one.got], [true, []]);
    assert.equal(await ready(), 2);
    await close();
  });

  it("makes claims one by one when those of several fail together", async () => {
    const { clock, dispatcher, ready, fail, close } = await setUp(2);
    fail(2); // The claims of all, and that of the first one alone.
    const three = [listener({ prefetch: 1 }), listener({ prefetch: 1 }), listener({ prefetch: 1 })];
    for (const { subscriber } of three) dispatcher.subscribe(subscriber);
    await clock.settle();
    assert.deepEqual(three.map(({ ended }) => ended()), [true, false, false]);
    assert.deepEqual(three.map(({ got }) => got.length), [0, 1, 1]);
    assert.equal(await ready(), 0);
    await close();
  });

  it("tries to give jobs back until the database works", async () => {
    const { clock, dispatcher, ready, inFlight, fail, close } = await setUp(2);
    const subscription = dispatcher.subscribe(listener().subscriber);
    await clock.settle();
    fail(2);
    void subscription.unsubscribe();
    await clock.settle();
    assert.deepEqual([await ready(), await inFlight()], [0, 2]);
    await clock.advance(1000);
    await clock.advance(1000);
    assert.deepEqual([await ready(), await inFlight()], [2, 0]);
    await close();
  });

  it("does not give back a job that left flight before its subscriber", async () => {
    const { clock, dispatcher, store, ids, ready, close } = await setUp(1);
    const first = dispatcher.subscribe(listener().subscriber);
    await clock.settle();
    // Acknowledged by somebody.
    await store.write(() => completeJobs(ids.map((id) => ({ id })), finish(clock.now())));
    await first.unsubscribe();
    assert.equal(await ready(), 0);
    await close();
  });

  it("claims the next jobs in the commit that frees the room, and once if that fails", async () => {
    const { clock, dispatcher, store, ids, writes, fail, close } = await setUp(3);
    const one = listener({ prefetch: 1 });
    dispatcher.subscribe(one.subscriber);
    await clock.settle();
    const complete = (id: string) => store.write(() => completeJobs([{ id }], finish(clock.now())));
    const before = writes();
    await complete(ids[0]!);
    assert.deepEqual([one.got, writes()], [ids.slice(0, 2), before + 1]);
    fail(1);
    await complete(ids[1]!); // alone, the second time
    await clock.settle();
    assert.deepEqual(one.got, ids);
    await close();
  });

  it("finds a job with budgets that comes in the commit that frees the room for it", async () => {
    const { clock, dispatcher, store, terms, ids, close } = await setUp(1);
    const one = listener({ prefetch: 1 });
    dispatcher.subscribe(one.subscriber);
    await clock.settle();
    const policy = { allocation: 1, durationMs: null, burst: null };
    const limits = { ...terms, maxBudgets: 1 };
    await store.write(() => createBudget("k", policy, limits));
    const bindings = [{ key: "k", cost: 1, createWith: null, bucket: false }];
    const job = toCreated({ ...newJob, budgets: bindings }, { id: "job-9", seq: 10 }, clock.now());
    await Promise.all([
      store.write(() => completeJobs(ids.map((id) => ({ id })), finish(clock.now()))),
      store.write(() => enqueueJobs([{ job, named: true, bindings }], limits)),
    ]);
    await clock.settle();
    assert.deepEqual(one.got, [...ids, "job-9"]);
    await close();
  });
});
