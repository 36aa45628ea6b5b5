/**
 * Nobody is forgotten: whatever happens, once the broker is at rest no job waits that somebody with room could have, and
 * nobody holds more than it may.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toRuns } from "../../src/protocol/ack.ts";
import type { BindingRequest } from "../../src/protocol/binding.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import { status } from "../../src/protocol/status.ts";
import { describePglite, openPglite } from "../store/pglite.ts";
import {
  type EngineSketch,
  type Listener,
  type TestEngine,
  withEngine,
} from "../support/engine.ts";
import { createRandom, type Random } from "../support/random.ts";

const queues = ["a", "b", "c", "d"];
const allocation = 3;
const total = 9;
const mostOfOne = 5;

/** What a job draws on: at most three are in flight of all that do. */
const budgets: readonly BindingRequest[] = [{
  key: "x",
  cost: 1,
  createWith: { allocation, strategy: { type: "while_in_flight", durationMs: null, burst: null } },
  bucket: false,
}];

/** A subscriber, and what it asked for. */
interface Reader {
  readonly queues: readonly string[] | undefined;
  readonly prefetch: number;
  canWrite: boolean;
}

/** A broker's life by chance; `drawing` if some jobs draw on the budget. */
function createLife(
  { listen, enqueue, engine, clock }: TestEngine,
  { random, drawing }: { readonly random: Random; readonly drawing: boolean },
) {
  const readers: Reader[] = [];
  const listeners = new Map<Reader, Listener>();
  /** Who got each job last. */
  const holders = new Map<string, Reader>();
  const ids: string[] = [];
  const taken: string[] = [];
  /** Mostly one in flight. */
  const pickTaken = () => taken.length > 0 ? random.pick(taken.slice(-15)) : "none";
  const pickId = () => ids.length > 0 ? random.pick(ids.slice(-30)) : "none";

  const add = async () => {
    ids.push(
      await enqueue({
        queue: random.pick(queues),
        priority: random.int(3),
        readyAt: random.once(4) ? clock.now() + random.int(20) : null,
        retryLimit: 99,
        budgets: drawing && random.once(3) ? budgets : [],
        ...random.once(5) ? { uniqueKey: random.pick(["k", "l"]), uniqueWhile: "queued" } : {},
      }),
    );
  };
  const complete = () => {
    const some = Array.from({ length: 1 + random.int(4) }, pickTaken);
    return engine.reports.complete(toRuns(some));
  };

  const steps: readonly (() => unknown)[] = [
    add,
    add,
    add,
    add,
    () => Promise.all([add(), complete(), add()]),
    complete,
    complete,
    complete,
    () => {
      if (readers.length > 7) return;
      const some = queues.filter(() => random.once(2));
      const [read, prefetch] = [some.length === 0 ? undefined : some, 1 + random.int(7)];
      const reader = { queues: read, prefetch, canWrite: true };
      const listener = listen({
        queues: read,
        prefetch,
        canWrite: () => reader.canWrite,
        deliver(jobs) {
          for (const { id } of jobs) {
            holders.set(id, reader);
            taken.push(id);
          }
        },
      });
      listeners.set(reader, listener);
      readers.push(reader);
    },
    async () => {
      if (readers.length === 0 || random.once(2)) return;
      const [reader] = readers.splice(random.int(readers.length), 1);
      await listeners.get(reader!)!.unsubscribe();
    },
    () => {
      if (readers.length === 0) return;
      const reader = random.pick(readers);
      reader.canWrite = !reader.canWrite;
      if (reader.canWrite) listeners.get(reader)!.drained();
    },
    () =>
      engine.reports.fail({ id: pickTaken() }, {
        message: "m",
        retryAt: clock.now() + random.int(10),
      }),
    () =>
      engine.patch(random.once(2) ? pickId() : pickTaken(), {
        queue: random.pick(queues),
        priority: random.int(3),
      }),
    () => engine.patch(pickId(), { readyAt: random.pick([null, clock.now() + 5]) }),
    () => engine.remove(random.once(2) ? pickId() : pickTaken()),
    () => clock.advance(random.int(15)),
  ];
  return { readers, listeners, holders, step: () => random.pick(steps)() };
}

/** Asserts that no job waits without a reason. */
async function assertNobodyForgotten(
  { engine }: TestEngine,
  { readers, holders }: Pick<ReturnType<typeof createLife>, "readers" | "holders">,
  step: number,
): Promise<void> {
  const page = { from: undefined, order: "asc", limit: 10_000 } as const;
  const { jobs } = await engine.list({ status: [status.ready, status.inFlight] }, page, undefined);
  const inFlight = jobs.filter((job) => job.status === status.inFlight);
  const holds = (reader: Reader) => inFlight.filter(({ id }) => holders.get(id) === reader).length;
  for (const reader of readers) {
    assert.ok(holds(reader) <= Math.min(reader.prefetch, mostOfOne), "somebody holds too much");
  }
  assert.deepEqual(inFlight.filter(({ id }) => !readers.includes(holders.get(id)!)), []);
  assert.ok(inFlight.length <= total, `${inFlight.length} in flight`);
  const drawn = inFlight.filter(({ budgets }) => budgets !== null).length;
  assert.ok(drawn <= allocation, `${drawn} in flight of the budget`);
  if (inFlight.length === total) return;
  const hasRoom = (reader: Reader) =>
    reader.canWrite && holds(reader) < Math.min(reader.prefetch, mostOfOne);
  const waiting = jobs.filter((job) =>
    job.status === status.ready && (job.budgets === null || drawn < allocation)
  );
  const forgotten = (job: JobRecord) =>
    readers.some((reader) => hasRoom(reader) && (reader.queues?.includes(job.queue) ?? true));
  assert.deepEqual(
    waiting.filter(forgotten).map(({ id, queue, budgets }) => ({ id, queue, budgets })),
    [],
    `forgotten after step ${step}`,
  );
}

const live = (seed: number, steps: number, sketch: EngineSketch = {}) =>
  withEngine(async (parts) => {
    const life = createLife(parts, { random: createRandom(seed), drawing: seed % 2 === 0 });
    for (let count = 0; count < steps; count++) {
      // Sometimes several things happen before all is at rest.
      await Promise.all(Array.from({ length: 1 + count % 3 }, life.step));
      await parts.settle();
      await assertNobodyForgotten(parts, life, count);
    }
    assert.ok(life.holders.size >= steps / 3, `only ${life.holders.size} jobs were handed out`);
    assert.deepEqual(parts.errors, []);
    assert.ok(life.listeners.values().every(({ isEnded }) => !isEnded));
  }, {
    globalInFlightLimit: total,
    streamInFlightPercent: 50,
    maxDeliveries: 0,
    ...sketch,
  });

describe("once a broker is at rest, nobody is forgotten", () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) it(`seed ${seed}`, () => live(seed, 300));
});

describePglite("once a broker on PGlite is at rest, nobody is forgotten", () => {
  for (const seed of [1, 2]) {
    it(`seed ${seed}`, () => {
      const database = openPglite();
      return live(seed, 80, { database, answered: () => database.all("SELECT 1 AS one", []) });
    });
  }
});
