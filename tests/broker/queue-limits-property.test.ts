/**
 * A limit on what is in flight of a queue is never exceeded by jobs that are taken, and nobody waits for a queue that has
 * room: whatever happens, and in whatever order.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toRuns } from "../../src/protocol/ack.ts";
import type { BindingRequest } from "../../src/protocol/binding.ts";
import { status } from "../../src/protocol/status.ts";
import { describePglite, openPglite } from "../store/pglite.ts";
import { type EngineSketch, type TestEngine, withEngine } from "../support/engine.ts";
import { createRandom, type Random } from "../support/random.ts";

const queues = ["a", "b", "c"];

const budgets: readonly BindingRequest[] = [{
  key: "x",
  cost: 1,
  createWith: {
    allocation: 4,
    strategy: { type: "while_in_flight", durationMs: null, burst: null },
  },
  bucket: false,
}];

interface Reader {
  readonly queues: readonly string[] | undefined;
  readonly prefetch: number;
  leave(): Promise<void>;
}

/** A broker's life by chance. */
function createLife({ listen, enqueue, engine, clock }: TestEngine, random: Random) {
  const settings = new Map(queues.map((queue) => [queue, { paused: false, limit: Infinity }]));
  const readers: Reader[] = [];
  const holders = new Map<string, Reader>();
  const taken: string[] = [];
  /** Whether a limit changed since the last look, or a job was moved: then more may be in flight than it allows. */
  let disturbed = false;
  const pick = () => taken.length > 0 ? random.pick(taken.slice(-12)) : "none";

  const add = () =>
    enqueue({
      queue: random.pick(queues),
      priority: random.int(3),
      retryLimit: 99,
      budgets: random.once(6) ? budgets : [],
    });
  const complete = () =>
    engine.reports.complete(toRuns(Array.from({ length: 1 + random.int(4) }, pick)));
  const set = async () => {
    disturbed = true;
    const queue = random.pick(queues);
    const now = settings.get(queue)!;
    if (random.once(3)) {
      const paused = !now.paused;
      settings.set(queue, { ...now, paused });
      await engine.queueControl.change(queue, { paused, stopRunning: random.once(4) });
    } else {
      const maxInFlight = random.once(4) ? null : 1 + random.int(4);
      settings.set(queue, { ...now, limit: maxInFlight ?? Infinity });
      await engine.queueControl.change(queue, { maxInFlight });
    }
  };
  const steps: readonly (() => unknown)[] = [
    add,
    add,
    add,
    () => Promise.all([add(), complete(), add()]),
    complete,
    complete,
    complete,
    set,
    () => Promise.all([set(), complete(), add()]),
    () => {
      if (readers.length > 5) return;
      const some = queues.filter(() => random.once(2));
      const read = some.length === 0 ? undefined : some;
      const prefetch = 1 + random.int(6);
      const { unsubscribe } = listen({
        queues: read,
        prefetch,
        deliver(jobs) {
          for (const { id } of jobs) {
            holders.set(id, reader);
            taken.push(id);
          }
        },
      });
      const reader = { queues: read, prefetch, leave: unsubscribe };
      readers.push(reader);
    },
    async () => {
      if (readers.length > 0 && random.once(2)) {
        await readers.splice(random.int(readers.length), 1)[0]!.leave();
      }
    },
    () =>
      engine.reports.fail({ id: pick() }, { message: "m", retryAt: clock.now() + random.int(9) }),
    () => {
      disturbed = true;
      return engine.patch(pick(), { queue: random.pick(queues) });
    },
    () => engine.remove(pick()),
    () => clock.advance(random.int(12)),
  ];
  const wasDisturbed = () => {
    const was = disturbed;
    disturbed = false;
    return was;
  };
  return { settings, readers, holders, wasDisturbed, step: () => random.pick(steps)() };
}

/** What is in flight, by queues. */
async function look({ engine }: TestEngine) {
  const page = { from: undefined, order: "asc", limit: 10_000 } as const;
  const { jobs } = await engine.list({ status: [status.ready, status.inFlight] }, page, undefined);
  const inFlight = jobs.filter((job) => job.status === status.inFlight);
  const ready = jobs.filter((job) => job.status === status.ready);
  return { inFlight, ready };
}

const live = (seed: number, steps: number, sketch: EngineSketch = {}) =>
  withEngine(async (parts) => {
    const life = createLife(parts, createRandom(seed));
    let before = new Map<string, number>();
    let held = 0;
    for (let count = 0; count < steps; count++) {
      await Promise.all(Array.from({ length: 1 + count % 3 }, life.step));
      await parts.settle();
      const { inFlight, ready } = await look(parts);
      const counts = new Map<string, number>();
      for (const { queue } of inFlight) counts.set(queue, (counts.get(queue) ?? 0) + 1);
      const disturbed = life.wasDisturbed();
      const drawn = inFlight.filter(({ budgets }) => budgets !== null).length;
      for (const queue of queues) {
        const { paused, limit } = life.settings.get(queue)!;
        const current = counts.get(queue) ?? 0;
        const most = Math.max(limit, before.get(queue) ?? 0);
        assert.ok(
          disturbed || current <= most,
          `${current} of ${queue} in flight, limit ${limit}, step ${count}`,
        );
        if (current === limit) held++;
        if (paused || current >= limit) continue;
        const waiting = ready.filter((job) =>
          job.queue === queue && (job.budgets === null || drawn < 4)
        );
        const idle = life.readers.filter((reader) =>
          (reader.queues?.includes(queue) ?? true) &&
          inFlight.filter(({ id }) => life.holders.get(id) === reader).length < reader.prefetch
        );
        assert.ok(
          waiting.length === 0 || idle.length === 0,
          `${waiting.length} wait in ${queue} at step ${count}`,
        );
      }
      before = counts;
    }
    assert.ok(held > steps / 20, `a limit was reached ${held} times only`);
    assert.deepEqual(parts.errors, []);
  }, { globalInFlightLimit: 0, maxDeliveries: 0, ...sketch });

describe("a limit on what is in flight of a queue is kept, and nobody is forgotten", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) it(`seed ${seed}`, () => live(seed, 300));
});

describePglite("a limit on what is in flight of a queue is kept on PGlite", () => {
  it("seed 1", () => {
    const database = openPglite();
    return live(1, 80, { database, answered: () => database.all("SELECT 1 AS one", []) });
  });
});
