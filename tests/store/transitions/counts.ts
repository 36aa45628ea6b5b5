/**
 * The counts that are kept of jobs: after each commit they are what counting the rows would give.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { farFuture } from "../../../src/store/add-saturating.ts";
import type { NewJob } from "../../../src/protocol/new-job.ts";
import type { JobRecord } from "../../../src/protocol/record.ts";
import { statusNames } from "../../../src/protocol/status.ts";
import {
  countExpired,
  forgetEmptyCounts,
  isCounted,
  listQueues,
  listReadyQueues,
  sumCounts,
} from "../../../src/store/counts.ts";
import { removeJob, removeJobs } from "../../../src/store/delete-jobs.ts";
import { promoteJobs, reapJobs } from "../../../src/store/due-jobs.ts";
import { enqueueJobs } from "../../../src/store/enqueue.ts";
import { completeJobs, failJob, type TakenJob } from "../../../src/store/finish.ts";
import { recoverJobs, releaseHolder, releaseRuns } from "../../../src/store/release.ts";
import { registerBroker } from "../../../src/store/holders.ts";
import { patchJob, patchJobs } from "../../../src/store/patch-jobs.ts";
import { rebindJob } from "../../../src/store/rebind.ts";
import type { JobSelection } from "../../../src/store/where.ts";
import { createRandom, type Random } from "../../support/random.ts";
import { type JobSketch, start, type TestStore, toBinding, toEntry } from "./test-store.ts";

const queues = ["a", "b", "ä"];
const types = ["t", "u"];
const kept = '{"completed_ms":40,"dead_ms":60}';

/** Whatever can become of a job. */
const moves = [
  "none > scheduled",
  "none > ready",
  "scheduled > scheduled",
  "scheduled > ready",
  "scheduled > none",
  "ready > scheduled",
  "ready > ready",
  "ready > in_flight",
  "ready > none",
  "in_flight > scheduled",
  "in_flight > ready",
  "in_flight > in_flight",
  "in_flight > completed",
  "in_flight > dead",
  "in_flight > none",
  "completed > none",
  "dead > none",
];

/** The counts as the rows of jobs give them: by queue, type and status. */
async function countedRows(store: TestStore): Promise<string[]> {
  const found = await store.all(
    "SELECT queue, type, status, count(*) AS n FROM jobs GROUP BY queue, type, status",
  );
  return found.map((row) =>
    `${row["queue"]} ${row["type"]} ${statusNames[row["status"] as number]}: ${row["n"]}`
  ).sort();
}

/** The counts as they are kept; none of them may be below 0. */
async function keptCounts(store: TestStore): Promise<string[]> {
  const found = await store.all("SELECT * FROM job_counts");
  return found.flatMap((row) =>
    statusNames.filter((name) => row[name] !== 0)
      .map((name) => `${row["queue"]} ${row["type"]} ${name}: ${row[name]}`)
  ).sort();
}

/** A broker's life by chance: each step is a commit of one transition, or of some at once. */
function createLife(store: TestStore, random: Random, otherBroker: number) {
  let made = 0;
  const holders: number[] = [];
  /** Jobs as they were when they were taken; some of them are finished or somewhere else by now. */
  const taken: JobRecord[] = [];
  /** One of those that were taken last, which may still be in flight. */
  const pickTaken = () => taken.length > 0 ? random.pick(taken.slice(-10)) : undefined;
  const idOf = () => `j${100 + random.int(Math.max(1, made))}`;

  const sketch = (): JobSketch => {
    const job: Partial<NewJob> = {
      queue: random.pick(queues),
      type: random.pick(types),
      priority: random.int(3),
      payload: "[]",
      readyAt: random.once(3) ? store.clock.now() + random.int(50) : null,
      retention: random.once(2) ? kept : null,
      retryLimit: random.pick([null, 0, 1]),
      backoff: '{"exponent":0,"base_ms":5,"jitter_ms":0}',
      budgets: random.once(4) ? [toBinding(random.pick(["x", "y"]), 1, { allocation: 4 })] : [],
      ...random.once(4)
        ? { uniqueKey: random.pick(["k", "l"]), uniqueWhile: random.pick(["queued", "exists"]) }
        : {},
      ...random.once(8) ? { batch: { key: "b", when: "true", fold: "$existing + $new" } } : {},
    };
    return { id: `j${100 + made++}`, ...job };
  };

  const enqueue = () => {
    const entries = Array.from(
      { length: 1 + random.int(4) },
      () => toEntry(sketch(), store.clock.now()),
    );
    return store.write(() => enqueueJobs(entries, store.terms()));
  };

  /** Completes jobs by what was known of them when they were taken, by their ids, or twice. */
  const complete = () => {
    const known = new Map<string, TakenJob>();
    const runs = Array.from({ length: 1 + random.int(4) }, () => {
      const job = random.once(4) ? undefined : pickTaken();
      if (job === undefined || random.once(4)) return { id: job?.id ?? idOf() };
      known.set(job.id, job);
      return { id: job.id, delivery: random.once(2) ? undefined : job.deliveries };
    });
    let tries = 0;
    const terms = { ...store.terms(), takenJob: (id: string) => known.get(id) };
    return store.write(() => completeJobs(runs, { ...terms, oneByOne: tries++ > 0 }));
  };

  const fail = () => {
    const failure = random.pick([
      { message: "m" },
      { message: "m", kill: true },
      { message: "m", retryAt: store.clock.now() + random.int(9) },
    ]);
    const id = pickTaken()?.id ?? idOf();
    return store.write(() => failJob({ id: id }, failure, store.terms()));
  };

  const giveBack = () => {
    const now = store.clock.now();
    const readyAt = random.once(2) ? undefined : now + random.int(9);
    return store.write(() =>
      releaseRuns([{ id: pickTaken()?.id ?? idOf() }], { ...store.terms(), readyAt, now })
    );
  };

  const selection = (): JobSelection =>
    random.pick<JobSelection>([
      { queue: [random.pick(queues)] },
      { type: [random.pick(types)], status: [random.int(5)] },
      { id: [idOf(), idOf(), idOf()] },
    ]);

  const steps: readonly (() => Promise<unknown>)[] = [
    enqueue,
    enqueue,
    enqueue,
    enqueue,
    async () => {
      const { results, holder } = await store.take({
        queues: random.pick([undefined, [random.pick(queues)], queues.slice(1)]),
        limit: 1 + random.int(6),
        broker: random.pick([store.broker, otherBroker]),
      });
      if (holder !== undefined) holders.push(holder);
      taken.push(...results[0]!.jobs);
    },
    complete,
    complete,
    fail,
    giveBack,
    fail,
    () => {
      const id = (random.once(2) ? pickTaken()?.id : undefined) ?? idOf();
      const patch = random.pick([
        { queue: random.pick(queues) },
        { queue: random.pick(queues), readyAt: store.clock.now() + 5 },
        { readyAt: null, priority: random.int(3) },
      ]);
      return store.write(() => patchJob(id, patch, store.clock.now()));
    },
    () => {
      const now = store.clock.now();
      const selected = selection();
      const patch = { queue: random.pick(queues), ...random.once(2) ? { readyAt: now + 3 } : {} };
      return store.write(() => patchJobs(selected, patch, now));
    },
    () => {
      const [id, key] = [idOf(), random.pick(["x", "y"])];
      const rebinding = { kind: "remove", key } as const;
      return store.write(() => rebindJob(id, rebinding, store.terms()));
    },
    () => {
      const id = idOf();
      return store.write(() => removeJob(id));
    },
    async () => {
      const selected = selection();
      if (random.once(3)) await store.write(() => removeJobs(selected));
    },
    () => {
      store.clock.setNow(store.clock.now() + random.int(30));
      return store.write(() => promoteJobs(store.clock.now()));
    },
    () => store.write(() => reapJobs(store.clock.now())),
    async () => {
      if (holders.length === 0) return;
      const holder = random.pick(holders.slice(-4));
      const maxDeliveries = random.pick([0, 1]);
      await store.write(() => releaseHolder(holder, { ...store.terms(), maxDeliveries }));
    },
    async () => {
      // The other one's row is gone then, so all that it takes from now on belongs to nobody.
      const terms = { ...store.terms(), maxDeliveries: random.pick([0, 1]) };
      if (random.once(2)) {
        await store.write(() => recoverJobs(store.broker, farFuture, terms));
      }
    },
    async () => {
      const failing = store.write(function* () {
        yield* enqueueJobs([toEntry(sketch(), store.clock.now())], store.terms());
        throw new Error("no");
      });
      await assert.rejects(failing, /^Error: no$/);
    },
    async () => void await Promise.all([enqueue(), complete(), enqueue()]),
  ];
  return () => random.pick(steps)();
}

/** Defines the tests. */
export function describeCounts(open: () => Promise<TestStore>): void {
  describe("counts", () => {
    it("have a column for each status, and no others", async () => {
      const store = await open();
      await store.given({ id: "a" });
      const [row] = await store.all("SELECT * FROM job_counts");
      assert.deepEqual(Object.keys(row!).sort(), ["queue", "type", ...statusNames].sort());
    });

    for (const seed of [1, 2, 3]) {
      it(`are what the rows give, after each commit of a random life (seed ${seed})`, async () => {
        const store = await open();
        const other = await store.write(() => registerBroker(start));
        const step = createLife(store, createRandom(seed), other);
        const seen = new Set<string>();
        for (let count = 0; count < 450; count++) {
          await step();
          assert.deepEqual(await keptCounts(store), await countedRows(store), `step ${count}`);
          for (const change of store.changes()) seen.add(change.replace(/^\d+ (.*):.*$/, "$1"));
        }
        assert.deepEqual(moves.filter((move) => !seen.has(move)), [], "what did not happen");
        const ready = await store.all(
          "SELECT DISTINCT queue FROM jobs WHERE status = 1 ORDER BY queue",
        );
        assert.deepEqual(await store.read(listReadyQueues()), ready.map(({ queue }) => queue));
        const all = await store.all("SELECT DISTINCT queue FROM jobs ORDER BY queue");
        assert.deepEqual(await store.read(listQueues()), all.map(({ queue }) => queue));
        const selections: readonly JobSelection[] = [
          {},
          { status: [1] },
          { status: [0, 3, 4] },
          { queue: ["b"] },
          { queue: ["a", "ä", "none"], type: ["u"], status: [1, 2] },
        ];
        for (const selection of selections) {
          const { count, next } = await store.read(sumCounts(selection));
          assert.equal(next, undefined);
          const rows = (await store.all("SELECT queue, type, status FROM jobs")).filter((row) =>
            (selection.queue?.includes(row["queue"] as string) ?? true) &&
            (selection.type?.includes(row["type"] as string) ?? true) &&
            (selection.status?.includes(row["status"] as number) ?? true)
          );
          assert.equal(count, rows.length);
        }
        await store.write(() => removeJobs({}));
        assert.deepEqual(await keptCounts(store), []);
        assert.deepEqual(await store.read(listQueues()), []);
        await store.write(forgetEmptyCounts);
        assert.deepEqual(await store.all("SELECT * FROM job_counts"), []);
      });
    }

    it("forgetEmptyCounts() keeps the rows that count something", async () => {
      const store = await open();
      await store.given({ id: "a", queue: "a" }, { id: "b", queue: "b", readyAt: start + 9 });
      await store.write(() => removeJob("a"));
      await store.write(forgetEmptyCounts);
      assert.deepEqual(await keptCounts(store), ["b t scheduled: 1"]);
      assert.equal((await store.all("SELECT * FROM job_counts")).length, 1);
    });

    it("of many queues are added up piece by piece, and the queues listed so", async () => {
      const store = await open();
      const names = Array.from({ length: 5200 }, (_, at) => `q${10_000 + at}`);
      const insert = "INSERT INTO job_counts (queue, type, ready, dead) VALUES ";
      await store.write(function* () {
        const values = names.flatMap((queue, at) => [
          `('${queue}', 't', 2, ${at % 2})`,
          `('${queue}', 'u', 0, 1)`,
        ]);
        // A Durable Object takes no text above 100 KB.
        for (let at = 0; at < values.length; at += 2000) {
          yield { kind: "script", sql: insert + values.slice(at, at + 2000).join(", ") };
        }
      });
      let [sum, pieces] = [0, 0];
      let after: readonly [string, string] | undefined;
      for (;;) {
        const piece = await store.read(sumCounts({ status: [1, 4] }, after));
        sum += piece.count;
        pieces++;
        if (piece.next === undefined) break;
        after = piece.next;
      }
      assert.deepEqual([sum, pieces], [5200 * 2 + 2600 + 5200, 3]);
      const first = await store.read(listQueues());
      const rest = await store.read(listQueues(first.at(-1)));
      assert.deepEqual([first.length, rest.length], [5000, 200]);
      assert.deepEqual([...first, ...rest], names);
      const ready = await store.read(listReadyQueues("q15100", 50));
      assert.deepEqual(ready, names.slice(5101, 5151));
    });

    it("countExpired() tells how many of a selection are past their retention", async () => {
      const store = await open();
      await store.given(
        { id: "a", queue: "a", retention: kept },
        { id: "b", queue: "b", retention: kept },
        { id: "c", queue: "b", retention: kept },
        { id: "d", queue: "b" },
      );
      await store.take();
      const ids = ["a", "b"].map((id) => ({ id }));
      await store.write(() => completeJobs(ids, store.terms()));
      await store.write(() => failJob({ id: "c" }, { message: "m", kill: true }, store.terms()));
      const expired = async (selection: JobSelection, now: number) =>
        (await store.read(countExpired(selection, now))).count;
      for (const [ms, all, dead, inB] of [[39, 0, 0, 0], [40, 2, 0, 1], [60, 3, 1, 2]] as const) {
        const now = start + ms;
        assert.deepEqual([
          await expired({}, now),
          await expired({ status: [4] }, now),
          await expired({ queue: ["b"], status: [3, 4] }, now),
        ], [all, dead, inB]);
      }
      assert.deepEqual(
        [{}, { status: [1], queue: ["q"], type: ["t"] }, { id: ["a"] }, { priority: { min: 1 } }]
          .map(isCounted),
        [true, true, false, false],
      );
    });
  });
}
