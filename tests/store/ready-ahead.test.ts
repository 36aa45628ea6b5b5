/** Jobs that are read before anybody asks for them: claims give what the database has, with fewer statements. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimJobs } from "../../src/store/claim.ts";
import type { SqlValue, SyncDatabase } from "../../src/store/database.ts";
import { removeJob } from "../../src/store/delete-jobs.ts";
import { createExecutor } from "../../src/store/executor.ts";
import { completeJobs } from "../../src/store/finish.ts";
import { inRow } from "../../src/store/many-jobs.ts";
import { patchJob, patchJobs } from "../../src/store/patch-jobs.ts";
import { ReadyAhead } from "../../src/store/ready-ahead.ts";
import type { Place } from "../../src/store/ready-range.ts";
import { releaseHolder } from "../../src/store/release.ts";
import { tagJob } from "../../src/store/tags.ts";
import { StaleReadError, type Transition } from "../../src/store/transition.ts";
import { createRandom } from "../support/random.ts";
import { openMemory } from "./sqlite.ts";
import {
  type JobSketch,
  openTestStore,
  start,
  type TestStore,
  toBinding,
} from "./transitions/test-store.ts";

/** A database that counts how often ready jobs were read; `sizes` says how many each time at most. */
function openCounting() {
  const database = openMemory();
  const sizes: SqlValue[] = [];
  const counting: SyncDatabase = {
    ...database,
    values(sql, params) {
      if (sql.includes("(priority, seq) > (?, ?)")) sizes.push(params.at(-1)!);
      return database.values!(sql, params);
    },
  };
  return { database: counting, sizes, reads: () => sizes.length };
}

const openCounted = async () => {
  const { database, ...counted } = openCounting();
  return { store: await openTestStore(() => database), ...counted };
};

const toId = (n: number) => `j${String(n).padStart(5, "0")}`;

const toJobs = (count: number, more: Partial<JobSketch> = {}): JobSketch[] =>
  Array.from({ length: count }, (_, n) => ({ id: toId(n), ...more }));

/** Claims jobs of one queue for a subscriber that is known. */
function claim({ broker }: TestStore, limit: number, queues: readonly string[] = ["q"]) {
  const request = { queues, limit, holder: 1, worker: undefined };
  return claimJobs([request], { backlogs: [], heads: undefined }, { now: start, broker });
}

const take = (store: TestStore, ...claimed: [limit: number, queues?: readonly string[]]) =>
  store.write(() => claim(store, ...claimed));

const idsOf = ({ results }: Awaited<ReturnType<typeof take>>) =>
  results.flatMap(({ jobs }) => jobs.map(({ id }) => id));

/** What the next claim has to give. */
async function nextJobs(store: TestStore, limit: number, queues: readonly string[]) {
  const found = await store.all(
    `SELECT id, priority, retry_limit, deliveries + 1 AS deliveries, traits FROM jobs
     WHERE status = 1 AND budget_set = '' AND queue IN (${
      queues.map(() => "?")
    }) ORDER BY priority, seq LIMIT ?`,
    ...queues,
    limit,
  );
  return found.map((row) => Object.values(row).join(" "));
}

const shown = ({ results }: Awaited<ReturnType<typeof take>>) =>
  results.flatMap(({ jobs }) =>
    jobs.map((job) => {
      const { id, priority, retryLimit, deliveries, traits } = job;
      return [id, priority, retryLimit, deliveries, traits].join(" ");
    })
  );

describe("jobs that are read ahead", () => {
  it("take few statements where many are taken", async () => {
    const { store, reads } = await openCounted();
    await store.given(...toJobs(300));
    for (let n = 0; n < 300; n++) assert.deepEqual(idsOf(await take(store, 1)), [toId(n)]);
    assert.ok(reads() <= 12, `${reads()} reads`);
    assert.deepEqual(idsOf(await take(store, 1)), []);
  });

  it("are not read for one claim alone", async () => {
    const { store, sizes } = await openCounted();
    await store.given(...toJobs(300));
    await take(store, 5);
    await store.write(() => patchJob(toId(9), { retryLimit: 3 }, start));
    await take(store, 5);
    assert.deepEqual(sizes, [5, 5]);
  });

  it("are as others have changed them meanwhile", async () => {
    const { store } = await openCounted();
    await store.given(...toJobs(100));
    for (let n = 0; n < 20; n++) await take(store, 1);
    await store.write(() => patchJob(toId(20), { retryLimit: 77 }, start));
    await store.write(() => patchJob(toId(21), { queue: "other" }, start));
    await store.write(() => removeJob(toId(22)));
    const { results } = await take(store, 2);
    const jobs = results[0]!.jobs.map(({ id, retryLimit }) => [id, retryLimit]);
    assert.deepEqual(jobs, [[toId(20), 77], [toId(23), null]]);
  });

  it("come behind new ones of a lower priority number", async () => {
    const { store } = await openCounted();
    await store.given(...toJobs(50, { priority: 5 }));
    for (let n = 0; n < 20; n++) await take(store, 1);
    await store.given({ id: "z1", priority: 4 }, { id: "z2", priority: 5 });
    assert.deepEqual(idsOf(await take(store, 3)), ["z1", toId(20), toId(21)]);
    assert.deepEqual(idsOf(await take(store, 100)).at(-1), "z2");
  });

  it("are there again when the claim that had them was not committed", async () => {
    const { store } = await openCounted();
    await store.given(...toJobs(50));
    for (let n = 0; n < 20; n++) await take(store, 1);
    const failing = store.write(function* () {
      yield* claim(store, 3);
      throw new Error("too late");
    });
    await assert.rejects(failing, /too late/);
    assert.deepEqual(idsOf(await take(store, 2)), [toId(20), toId(21)]);
  });

  for (
    const { what, errors } of [
      { what: "that gave others their turns", errors: [new Error("too late")] },
      {
        what: "that had to run again",
        errors: [new StaleReadError("It was changed meanwhile"), new Error("too late")],
      },
    ]
  ) {
    it(`are there again when the claim was of a transaction ${what}, and not committed`, async () => {
      const { store } = await openCounted();
      await store.given(...toJobs(300));
      // The clock of the store stands still: it never takes long.
      const executor = createExecutor(store.database);
      let pauses = 0;
      const turns = { isOver: () => true, pause: () => Promise.resolve(void pauses++) };
      const claimOnce = () => claim(store, 1);
      for (let n = 0; n < 20; n++) await executor.commit([claimOnce]);
      const left = [...errors];
      const failing = function* (): Transition<never> {
        for (let n = 0; n < 50; n++) yield* claimOnce();
        throw left.shift();
      };
      await assert.rejects(
        async () => await executor.commit([failing], undefined, turns),
        /too late/,
      );
      assert.ok(pauses > 0);
      assert.deepEqual(left, []);
      const { results } = await executor.commit([claimOnce]);
      assert.deepEqual(idsOf(results[0] as Awaited<ReturnType<typeof take>>), [toId(20)]);
    });
  }

  it("are as a script has changed them", async () => {
    const { store } = await openCounted();
    await store.given(...toJobs(50));
    for (let n = 0; n < 20; n++) await take(store, 1);
    await store.write(function* () {
      yield { kind: "script", sql: "UPDATE jobs SET retry_limit = 77" };
    });
    const { results } = await take(store, 1);
    assert.deepEqual(results[0]!.jobs.map(({ id, retryLimit }) => [id, retryLimit]), [[
      toId(20),
      77,
    ]]);
  });

  it("are all there when a job of their queue is taken that draws on a budget", async () => {
    const { store, reads } = await openCounted();
    const budgets = [toBinding("b", 1, { allocation: 1 })];
    await store.given({ id: "b", priority: 0, budgets }, ...toJobs(50));
    for (let n = 0; n < 20; n++) await take(store, 1);
    const { ids } = await store.take({ queues: ["q"], limit: 1, holder: 1 });
    assert.deepEqual(ids, ["b"]);
    const before = reads();
    assert.deepEqual(idsOf(await take(store, 2)), [toId(20), toId(21)]);
    assert.equal(reads(), before, "they were still kept");
  });

  it("are 256 of a queue at most", async () => {
    const { store, sizes } = await openCounted();
    await store.given(...toJobs(1200));
    for (let n = 0; n < 1000; n++) await take(store, 1);
    assert.deepEqual(sizes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256]);
  });

  it("are not kept where their payloads are large", async () => {
    const { store, reads } = await openCounted();
    await store.given(
      ...toJobs(40, { payload: JSON.stringify("x".repeat(60_000)) }),
    );
    for (let n = 0; n < 40; n++) assert.deepEqual(idsOf(await take(store, 1)), [toId(n)]);
    assert.ok(reads() > 10, `${reads()} reads`);
  });

  it("are what the database has, whatever is done", async () => {
    const queues = ["q", "r"];
    for (let seed = 0; seed < 30; seed++) {
      const random = createRandom(seed);
      const { store } = await openCounted();
      let made = 0;
      const inFlight: string[] = [];
      const anyJob = () => toId(random.int(Math.max(1, made)));
      const acts: (() => Promise<unknown>)[] = [
        async () => {
          const jobs = Array.from({ length: 1 + random.int(30) }, (): JobSketch => ({
            id: toId(made++),
            queue: random.pick(queues),
            priority: random.once(10) ? random.int(3) : 2,
            ...random.once(20) && { budgets: [toBinding("b", 1, { allocation: 1 })] },
          }));
          await store.given(...jobs);
        },
        () => store.write(() => removeJob(anyJob())),
        () => store.write(() => patchJob(anyJob(), { priority: random.int(4) }, start)),
        () => store.write(() => patchJob(anyJob(), { queue: random.pick(queues) }, start)),
        () => store.write(() => patchJobs({ queue: ["q"] }, { retryLimit: random.int(9) }, start)),
        () => store.write(() => tagJob(anyJob(), ["t"], start)),
        () => store.write(() => releaseHolder(1, store.terms())),
        () => {
          const runs = inFlight.splice(0, random.int(20)).map((id) => ({ id }));
          return store.write(() => completeJobs(runs, store.terms()));
        },
      ];
      for (let step = 0; step < 150; step++) {
        if (random.once(4)) await random.pick(acts)();
        else {
          const asked = random.once(3) ? queues : [random.pick(queues)];
          const limit = 1 + random.int(random.once(5) ? 120 : 8);
          const expected = await nextJobs(store, limit, asked);
          const claimed = await take(store, limit, asked);
          assert.deepEqual(shown(claimed), expected, `seed ${seed}, step ${step}`);
          inFlight.push(...idsOf(claimed));
        }
      }
    }
  });
});

describe("ReadyAhead", () => {
  const front: Place = { priority: -1, seq: -1 };
  const place = (seq: number): Place => ({ priority: 1, seq });

  /** Asks for rows of queues that have the jobs 1 to 99, or none. */
  function setUp() {
    const ahead = new ReadyAhead();
    let reads = 0;
    const toRow = (seq: number) => {
      const row: SqlValue[] = Array(11).fill(null);
      row[inRow.seq] = seq;
      row[inRow.priority] = 1;
      return row;
    };
    const ask = (behind: Place, limit: number, queue = "q") => {
      const rows = ahead.rows({ queue, behind, limit }, ({ behind: { seq }, limit }) => {
        reads++;
        if (queue.startsWith("empty")) return [];
        const first = Math.max(1, seq + 1);
        return Array.from({ length: Math.min(limit, 100 - first) }, (_, n) => toRow(first + n));
      });
      return rows.map((row) => row[inRow.seq]);
    };
    return { ahead, ask, reads: () => reads };
  }

  it("keeps nothing that would leave a gap", () => {
    const { ask, reads } = setUp();
    assert.deepEqual(ask(place(5), 2), [6, 7], "behind what was never read");
    assert.deepEqual(ask(front, 2), [1, 2]);
    assert.deepEqual(ask(place(5), 2), [6, 7], "behind what is kept");
    assert.equal(reads(), 3);
  });

  it("keeps what comes right behind what is kept", () => {
    const { ask, reads } = setUp();
    assert.deepEqual(ask(front, 2), [1, 2]);
    assert.deepEqual(ask(place(2), 1), [3]);
    assert.deepEqual(ask(front, 6), [1, 2, 3, 4, 5, 6]);
    assert.equal(reads(), 2);
  });

  it("keeps rows of 32 queues at most", () => {
    const { ask, reads } = setUp();
    const askAll = () => {
      for (let n = 0; n < 32; n++) assert.deepEqual(ask(front, 1, `q${n}`), [1]);
    };
    askAll();
    askAll();
    assert.equal(reads(), 32);
    ask(front, 1, "q32");
    ask(front, 1, "q0");
    assert.equal(reads(), 34);
    for (let n = 0; n < 40; n++) assert.deepEqual(ask(front, 1, `empty${n}`), []);
    ask(front, 1, "q0");
    assert.equal(reads(), 74, "those without any do not count");
  });
});
