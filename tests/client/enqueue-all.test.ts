/** Enqueues from a source of any length. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Client,
  defineJob,
  enqueueAll,
  type EnqueueAllProgress,
  type EnqueuedJob,
  type EnqueueRequest,
  PartialEnqueueError,
} from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";

/** A source that counts how many were taken from it. */
function createSource(count: number) {
  const source = {
    taken: 0,
    ended: false,
    async *[Symbol.asyncIterator](): AsyncGenerator<EnqueueRequest> {
      try {
        while (source.taken < count) {
          source.taken++;
          await Promise.resolve();
          yield job({ payload: source.taken });
        }
      } finally {
        source.ended = true;
      }
    },
  };
  return source;
}

/** A client whose calls wait until they are answered. */
function createHeldClient() {
  const calls: { count: number; answer: () => void; fail: (error: unknown) => void }[] = [];
  const client = {
    enqueueMany: (jobs: readonly unknown[]) =>
      new Promise<EnqueuedJob[]>((resolve, reject) => {
        const stored = { duplicate: false, folded: false } as EnqueuedJob;
        calls.push({
          count: jobs.length,
          answer: () => resolve(jobs.map(() => stored)),
          fail: reject,
        });
      }),
  } as Pick<Client, "enqueueMany">;
  return { client, calls };
}

const turns = async () => {
  for (let at = 0; at < 200; at++) await Promise.resolve();
};

describe("enqueueAll", () => {
  it("stores all jobs in their order, and tells how far it is", () =>
    withBroker(async ({ client }) => {
      const told: [EnqueueAllProgress, number][] = [];
      const result = await enqueueAll(client, createSource(25), {
        chunkSize: 10,
        onProgress: (progress, jobs) => told.push([progress, jobs.length]),
      });
      assert.deepEqual(result, { enqueued: 25, duplicates: 0, folded: 0 });
      assert.deepEqual(told.map(([{ enqueued }, size]) => [enqueued, size]), [
        [10, 10],
        [20, 10],
        [25, 5],
      ]);
      const payloads = (await client.page()).jobs.map(({ payload }) => payload);
      assert.deepEqual(payloads, Array.from({ length: 25 }, (_, at) => at + 1));
    }));

  it("takes plain lists, jobs of definitions, and none at all", () =>
    withBroker(async ({ client }) => {
      const once = defineJob<number>({ type: "o", queue: "q", uniqueKey: String });
      const batched = defineJob<number[]>({
        type: "b",
        queue: "q",
        batch: { key: "k", when: "true", fold: "$existing + $new" },
      });
      const jobs = [once.of(1), batched.of([1]), once.of(1), batched.of([2]), job()];
      const result = await enqueueAll(client, jobs, { chunkSize: 2 });
      assert.deepEqual(result, { enqueued: 5, duplicates: 1, folded: 1 });
      assert.equal((await enqueueAll(client, [])).enqueued, 0);
      assert.equal(await client.count(), 3);
    }));

  it("asks a source for no more than the next chunk", async () => {
    const { client, calls } = createHeldClient();
    const source = createSource(100);
    const done = enqueueAll(client, source, { chunkSize: 10 });
    await turns();
    assert.deepEqual([calls.length, source.taken], [1, 20]);
    calls[0]!.answer();
    await turns();
    assert.deepEqual([calls.length, source.taken], [2, 30]);
    for (let at = 1; at < 10; at++) {
      calls[at]!.answer();
      await turns();
    }
    assert.equal((await done).enqueued, 100);
  });

  it("waits for who is told", async () => {
    const { client, calls } = createHeldClient();
    const source = createSource(40);
    let goOn = () => {};
    const done = enqueueAll(client, source, {
      chunkSize: 10,
      onProgress: () => new Promise<void>((resolve) => goOn = resolve),
    });
    await turns();
    calls[0]!.answer();
    await turns();
    assert.deepEqual([calls.length, source.taken], [1, 20]);
    for (let at = 0; at < 4; at++) {
      goOn();
      await turns();
      calls[at + 1]?.answer();
      await turns();
    }
    assert.equal((await done).enqueued, 40);
  });

  it("tells how many are stored when a chunk fails, and closes the source", async () => {
    const { client, calls } = createHeldClient();
    const source = createSource(40);
    const done = enqueueAll(client, source, { chunkSize: 10 });
    await turns();
    calls[0]!.answer();
    await turns();
    calls[1]!.fail(new TypeError("no"));
    const error = await done.catch((error) => error);
    assert.ok(error instanceof PartialEnqueueError);
    assert.equal(error.message, "Stored 10 jobs, then failed: no");
    assert.deepEqual([error.stored, (error.cause as Error).message], [10, "no"]);
    assert.deepEqual([calls.length, source.ended], [2, true]);
  });

  it("throws the error itself if nothing is stored", async () => {
    const { client, calls } = createHeldClient();
    const done = enqueueAll(client, createSource(40), { chunkSize: 10 });
    await turns();
    calls[0]!.fail(new TypeError("no"));
    await assert.rejects(done, { name: "TypeError", message: "no" });
  });

  it("ends with its source's error, after what is under way", async () => {
    const { client, calls } = createHeldClient();
    const source = async function* () {
      yield* createSource(10);
      throw new Error("file is gone");
    };
    const done = enqueueAll(client, source(), { chunkSize: 10 });
    let over = false;
    done.catch(() => {}).finally(() => over = true);
    await turns();
    assert.equal(over, false);
    calls[0]!.answer();
    await assert.rejects(done, { message: "Stored 10 jobs, then failed: file is gone" });
  });

  it("ends by its signal", async () => {
    const { client, calls } = createHeldClient();
    const controller = new AbortController();
    const source = createSource(100);
    const done = enqueueAll(client, source, { chunkSize: 10, signal: controller.signal });
    await turns();
    controller.abort(new Error("enough"));
    calls[0]!.answer();
    await assert.rejects(done, { message: "Stored 10 jobs, then failed: enough" });
    assert.deepEqual([calls.length, source.ended], [1, true]);
    const signal = AbortSignal.abort(new Error("never"));
    await assert.rejects(enqueueAll(client, createSource(1), { signal }), { message: "never" });
  });

  it("refuses what is no chunk size", async () => {
    for (const chunkSize of [0, 1.5, -1, NaN]) {
      await assert.rejects(enqueueAll(createHeldClient().client, [], { chunkSize }), {
        name: "RangeError",
        message: `Cannot use 'chunkSize' ${chunkSize}: expected a whole number of 1 or more`,
      });
    }
  });
});
