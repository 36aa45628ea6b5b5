/**
 * Claims from many queues: in the exact order of delivery, whatever is known of the heads of queues.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobRecord } from "../../../src/protocol/record.ts";
import {
  type Backlog,
  comparePositions,
  front,
  type Position,
} from "../../../src/store/backlog.ts";
import { type Claimed, claimJobs } from "../../../src/store/claim.ts";
import type { ClaimRequest } from "../../../src/store/claim-builder.ts";
import { createQueueHeads, type MutableQueueHeads } from "../../../src/store/queue-heads.ts";
import { listBacklogs } from "../../../src/store/read.ts";
import { createRandom, type Random } from "../../support/random.ts";
import { type JobSketch, start, type TestStore, toBinding, toEntry } from "./test-store.ts";

/** What one subscriber asks for. */
type Ask = Pick<ClaimRequest, "queues" | "limit">;

/** A ready job, as the model has it. */
interface ModelJob extends Position {
  readonly id: string;
  readonly queue: string;
}

const toModel = (sketch: JobSketch): ModelJob => {
  const { id, queue, priority, seq } = toEntry(sketch, start).job;
  return { id, queue, priority, seq };
};

/** Takes from a sorted list what a claim has to take, and gives the ids for each subscriber. */
function takeFrom(model: ModelJob[], asks: readonly Ask[]): string[][] {
  model.sort(comparePositions);
  return asks.map(({ queues, limit }) => {
    const taken = model.filter(({ queue }) => queues?.includes(queue) ?? true).slice(0, limit);
    for (const job of taken) model.splice(model.indexOf(job), 1);
    return taken.map(({ id }) => id);
  });
}

function claim(
  store: TestStore,
  asks: readonly Ask[],
  heads: MutableQueueHeads | undefined,
  backlogs: readonly Backlog[] = [],
): Promise<Claimed> {
  const requests = asks.map((ask) => ({ holder: undefined, worker: undefined, ...ask }));
  const terms = { now: store.clock.now(), broker: store.broker };
  return store.write(() => claimJobs(requests, { backlogs, heads }, terms));
}

const idsOf = ({ results }: Claimed) => results.map(({ jobs }) => jobs.map(({ id }) => id));

/** Writes down what a claim found out, as the broker does. */
function learn(heads: MutableQueueHeads | undefined, { updates }: Claimed): void {
  for (const { backlog, from } of updates) heads?.set(backlog.queue, from);
}

/** No ready job stands before the known position of its queue, or in a queue that is not known. */
function assertSound(heads: MutableQueueHeads, model: readonly ModelJob[]): void {
  for (const job of model) {
    const head = heads.of(job.queue);
    assert.ok(head !== undefined, `queue '${job.queue}' is not known`);
    assert.ok(comparePositions(head, job) <= 0, `job ${job.id} stands before the head`);
  }
}

/** How much is known of the heads of queues. */
const knowledge: Readonly<Record<string, (random: Random) => (job: ModelJob) => Position>> = {
  "exact heads": () => (job) => job,
  "heads at the front": () => () => front,
  "stale heads": (random) => ({ priority, seq }) => {
    return random.once(2) ? { priority: random.int(priority + 1), seq: 0 } : { priority, seq };
  },
};

/** Defines the tests. */
export function describeClaims(open: () => Promise<TestStore>): void {
  describe("claims from many queues", () => {
    const sketches = (random: Random, from: number, count: number): JobSketch[] =>
      Array.from({ length: count }, (_, at) => {
        // A few queues have many jobs, and many queues few.
        const queue = random.once(3) ? `big${random.int(2)}` : `q${random.int(30)}`;
        return { id: `j${1000 + from + at}`, queue, priority: random.int(4) };
      });
    const asks = (random: Random): Ask[] =>
      Array.from({ length: 1 + random.int(4) }, () => {
        const some = Array.from(
          { length: 1 + random.int(4) },
          () => random.pick(["big0", "big1", `q${random.int(30)}`, "unknown"]),
        );
        const queues = random.once(2) ? undefined : [...new Set(some)];
        return { queues, limit: random.pick([1, 2, 7, 40]) };
      });

    for (const [what, position] of Object.entries(knowledge)) {
      it(`are in the order of priority and key with ${what}, whoever asks`, async () => {
        for (const seed of [1, 2]) {
          const random = createRandom(seed);
          const store = await open();
          const heads = createQueueHeads();
          const model: ModelJob[] = [];
          const place = position(random);
          for (let round = 0, made = 0; round < 12; round++) {
            const jobs = sketches(random, made, random.int(40));
            made += jobs.length;
            if (jobs.length > 0) await store.given(...jobs);
            for (const job of jobs.map(toModel)) {
              model.push(job);
              heads.add(job.queue, place(job));
            }
            if (random.once(3)) heads.add(`empty${round}`, front); // Is known, and has no job.
            const asked = asks(random);
            const expected = takeFrom(model, asked);
            const claimed = await claim(store, asked, heads);
            assert.deepEqual(idsOf(claimed), expected, `round ${round}`);
            for (const [at, { exhausted }] of claimed.results.entries()) {
              // Who is told that none is left got fewer than asked for, or all there were.
              if (exhausted) {
                const { queues } = asked[at]!;
                const after = takeFrom([...model], [{ queues, limit: 1 }]);
                const later = expected.slice(at + 1).flat();
                const isOther = (id: string) =>
                  later.includes(id) && (queues?.includes(queueOf(claimed, id)) ?? true);
                assert.deepEqual([after[0], later.filter(isOther)], [[], []]);
              } else assert.equal(expected[at]!.length, asked[at]!.limit);
            }
            learn(heads, claimed);
            assertSound(heads, model);
          }
        }
      });
    }

    for (const share of [0, 3]) {
      it(`are in the same order when nobody knows the heads${share ? ", also with budgets" : ""}`, async () => {
        const random = createRandom(3);
        const store = await open();
        const model: ModelJob[] = [];
        for (let round = 0, made = 0; round < 12; round++) {
          const jobs = sketches(random, made, 1 + random.int(40)).map((job) => {
            const budgets = [toBinding(random.pick(["x", "y"]), 1, { allocation: 99_999 })];
            return share > 0 && random.once(share) ? { ...job, budgets } : job;
          });
          made += jobs.length;
          await store.given(...jobs);
          model.push(...jobs.map(toModel));
          const { backlogs } = await store.read(listBacklogs());
          const bound = backlogs.filter(({ budgetSet }) => budgetSet !== "");
          assert.equal(bound.length > 0, share > 0);
          const asked = asks(random);
          const expected = takeFrom(model, asked);
          const claimed = await claim(store, asked, undefined, bound);
          assert.deepEqual(idsOf(claimed), expected, `round ${round}`);
        }
      });
    }

    it("read only the queues whose turn it is", async () => {
      const store = await open();
      const heads = createQueueHeads();
      const jobs = Array.from({ length: 500 }, (_, at): JobSketch => {
        return { id: `j${1000 + at}`, queue: `q${at}` };
      });
      await store.given(...jobs);
      for (const { queue, priority, seq } of jobs.map(toModel)) heads.add(queue, { priority, seq });
      const read = await store.write(function* () {
        const request = { queues: undefined, limit: 3, holder: undefined, worker: undefined };
        const terms = { now: start, broker: store.broker };
        const steps = claimJobs([request], { backlogs: [], heads }, terms);
        const queues: unknown[] = [];
        let step = steps.next();
        while (!step.done) {
          const { value } = step;
          if (value.kind === "values" || value.kind === "rows") queues.push(...value.params);
          step = steps.next(yield value);
        }
        assert.deepEqual(step.value.results[0]!.jobs.map(({ id }) => id), [
          "j1000",
          "j1001",
          "j1002",
        ]);
        return queues.filter((param) => typeof param === "string" && /^q\d+$/.test(param));
      });
      assert.ok(read.length <= 5, `it read ${read}`);
    });

    it("find that a queue is empty which was thought to have jobs, and say so once", async () => {
      for (const queues of [undefined, ["a", "b"], ["a"]]) {
        const store = await open();
        const heads = createQueueHeads();
        heads.add("a", front);
        heads.add("b", front);
        const claimed = await claim(store, [{ queues, limit: 5 }, { queues, limit: 5 }], heads);
        assert.deepEqual(idsOf(claimed), [[], []]);
        assert.deepEqual(claimed.results.map(({ exhausted }) => exhausted), [true, true]);
        const found = claimed.updates.map(({ backlog, from }) => [backlog.queue, from]).sort();
        const read = queues ?? ["a", "b"];
        assert.deepEqual(found, read.map((queue) => [queue, undefined]));
        learn(heads, claimed);
        assert.equal(heads.size, 2 - read.length);
      }
    });
  });

  describe("claims of large payloads", () => {
    const megabyte = 1 << 20;
    const text = (at: number) => `"${String.fromCharCode(97 + at % 26).repeat(megabyte)}"`;
    const bytes = (at: number) => {
      const payload = new Uint8Array(megabyte).fill(at);
      payload.set([0xc6, 0, 0x0f, 0xff, 0xfb]); // As MessagePack: these many bytes.
      return payload;
    };
    const payloadOf = ({ payloadJson, payloadPack }: JobRecord) =>
      payloadJson ?? (payloadPack && [payloadPack.length, payloadPack[0], payloadPack.at(-1)]);

    for (const queues of [undefined, ["q"], ["q", "other"]]) {
      it(`take few at a time, and each payload arrives whole (${queues ?? "any queue"})`, async () => {
        const store = await open();
        for (let at = 0; at < 12; at++) {
          const payload = at % 2 === 0 ? text(at) : bytes(at);
          await store.given({ id: `j${100 + at}`, payload, retryLimit: at });
        }
        await store.given({ id: "k", payload: '"small"' });
        const got: JobRecord[] = [];
        for (let claims = 0; got.length < 13; claims++) {
          assert.ok(claims <= 13, "it comes to no end");
          const asked = [{ queues, limit: 100 }, { queues, limit: 100 }];
          const { results } = await claim(store, asked, undefined);
          const taken = results.flatMap(({ jobs }) => jobs);
          assert.ok(taken.length <= 2, `${taken.length} at once`);
          // More are left, and those who asked are told so.
          if (got.length + taken.length < 13) {
            assert.ok(results.every(({ exhausted }) => !exhausted));
          }
          got.push(...taken);
        }
        assert.deepEqual(got.map(({ id }) => id), [
          ...Array.from({ length: 12 }, (_, at) => `j${100 + at}`),
          "k",
        ]);
        for (const [at, job] of got.slice(0, 12).entries()) {
          const expected = at % 2 === 0 ? text(at) : [megabyte, 0xc6, at];
          assert.deepEqual(payloadOf(job), expected);
          assert.deepEqual([job.retryLimit, job.deliveries, job.status], [at, 1, 2]);
        }
        assert.equal(got[12]!.payloadJson, '"small"');
      });
    }
  });
}

/** The queue of a job that was claimed. */
function queueOf({ results }: Claimed, id: string): string {
  return results.flatMap(({ jobs }) => jobs).find((job) => job.id === id)!.queue;
}
