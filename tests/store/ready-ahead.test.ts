/** Jobs that are read before anybody asks for them: claims give what the database has, with fewer statements. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimJobs } from "../../src/store/claim.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { removeJob } from "../../src/store/delete-jobs.ts";
import { completeJobs } from "../../src/store/finish.ts";
import { patchJob, patchJobs } from "../../src/store/patch-jobs.ts";
import { releaseHolder } from "../../src/store/release.ts";
import { tagJob } from "../../src/store/tags.ts";
import { createRandom } from "../support/random.ts";
import { openMemory } from "./sqlite.ts";
import {
  type JobSketch,
  openTestStore,
  start,
  type TestStore,
  toBinding,
} from "./transitions/test-store.ts";

/** A database that counts how often ready jobs were read. */
function openCounting(): { readonly database: SyncDatabase; readonly reads: () => number } {
  const database = openMemory();
  let reads = 0;
  return {
    reads: () => reads,
    database: {
      ...database,
      values(sql, params) {
        if (sql.includes("(priority, seq) > (?, ?)")) reads++;
        return database.values!(sql, params);
      },
    },
  };
}

const openCounted = async () => {
  const { database, reads } = openCounting();
  return { store: await openTestStore(() => database), reads };
};

const toId = (n: number) => `j${String(n).padStart(5, "0")}`;

const toJobs = (count: number, more: Partial<JobSketch> = {}): JobSketch[] =>
  Array.from({ length: count }, (_, n) => ({ id: toId(n), ...more }));

/** Takes jobs of one queue as a subscriber that is known. */
function take(store: TestStore, limit: number, queues: readonly string[] = ["q"]) {
  const request = { queues, limit, holder: 1, worker: undefined };
  return store.write(() =>
    claimJobs([request], { backlogs: [], heads: undefined }, { now: start, broker: store.broker })
  );
}

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
    const { store } = await openCounted();
    await store.given(...toJobs(300));
    const sizes: unknown[] = [];
    const { values } = store.database as SyncDatabase;
    Object.assign(store.database, {
      values: (...[sql, params]: Parameters<NonNullable<SyncDatabase["values"]>>) => {
        if (sql.includes("(priority, seq) > (?, ?)")) sizes.push(params.at(-1));
        return values!(sql, params);
      },
    });
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
      const request = { queues: ["q"], limit: 3, holder: 1, worker: undefined };
      yield* claimJobs([request], { backlogs: [], heads: undefined }, {
        now: start,
        broker: store.broker,
      });
      throw new Error("too late");
    });
    await assert.rejects(failing, /too late/);
    assert.deepEqual(idsOf(await take(store, 2)), [toId(20), toId(21)]);
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
