import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineJob } from "../../src/client/mod.ts";
import { createWorker, handle, type WorkerOptions } from "../../src/worker/mod.ts";
import { createScriptedBroker, createScriptedWorker, work } from "./scripted-broker.ts";

const handlers = [handle(work, () => {})];
const create = (options: Partial<WorkerOptions>) =>
  createWorker({ client: createScriptedBroker().client, handlers, ...options });
const setUp = (options: Partial<WorkerOptions>) => {
  const broker = createScriptedBroker();
  return { broker, ...createScriptedWorker(broker, options) };
};

describe("createWorker", () => {
  const refused: [Partial<WorkerOptions>, string, string][] = [
    [
      { concurrency: 0 },
      "RangeError",
      "Cannot use 'concurrency' 0: expected an integer from 1 to 4294967295",
    ],
    [
      { concurrency: 1.5 },
      "RangeError",
      "Cannot use 'concurrency' 1.5: expected an integer from 1 to 4294967295",
    ],
    [
      { concurrency: NaN },
      "RangeError",
      "Cannot use 'concurrency' NaN: expected an integer from 1 to 4294967295",
    ],
    [
      { concurrency: 8, prefetch: 7 },
      "RangeError",
      "Cannot use 'prefetch' 7: expected an integer from 8 to 4294967295",
    ],
    [
      { prefetch: 2 ** 32 },
      "RangeError",
      "Cannot use 'prefetch' 4294967296: expected an integer from 10 to 4294967295",
    ],
    [
      { idleTimeoutMs: 0 },
      "RangeError",
      "Cannot use 'idleTimeoutMs' 0: expected a finite number above 0",
    ],
    [
      { idleTimeoutMs: Infinity },
      "RangeError",
      "Cannot use 'idleTimeoutMs' Infinity: expected a finite number above 0",
    ],
    [
      { handlers: [] },
      "TypeError",
      "Cannot use empty 'handlers': expected at least one, or a 'fallback'",
    ],
    [
      { handlers: [...handlers, ...handlers] },
      "TypeError",
      "Cannot use two 'handlers' of type 'work': expected one for each type",
    ],
    ...["", " a", "a\n", "ä", "a\u0000"].map((
      workerId,
    ): [Partial<WorkerOptions>, string, string] => [
      { workerId },
      "TypeError",
      `Cannot use 'workerId' ${JSON.stringify(workerId)}: expected visible ASCII characters`,
    ]),
    [
      { queues: [] },
      "TypeError",
      "Cannot use empty 'queues': name some, or say 'all' to take from every queue",
    ],
    [
      { queues: ["a", "b,c"] },
      "TypeError",
      "Cannot use 'queues' with \"b,c\": queue must not contain ','",
    ],
  ];
  for (const [options, name, message] of refused) {
    it(`says: ${message}`, () => {
      assert.throws(() => create(options), { name, message });
    });
  }

  it("sends a random worker id by default, the same on each of its connections", async () => {
    const ids = new Set<string>();
    for (const chance of [0, 0.25, 0.999999]) {
      const { worker, broker } = setUp({ random: () => chance });
      await worker.start();
      broker.connection.end();
      await broker.clock.advance(250);
      assert.equal(broker.connections.length, 2);
      const sent = broker.connections.map(({ headers }) => headers.get("worker-id")!);
      assert.match(sent[0]!, /^worker-[0-9a-z]{8}$/);
      assert.equal(sent[1], sent[0]);
      ids.add(sent[0]!);
      await worker.kill();
    }
    assert.equal(ids.size, 3);
  });

  for (const workerId of ["a", "host 1/web", "~"]) {
    it(`takes the worker id ${JSON.stringify(workerId)} as it is`, async () => {
      const { worker, broker } = setUp({ workerId });
      await worker.start();
      assert.equal(broker.connection.headers.get("worker-id"), workerId);
      await worker.kill();
    });
  }

  it("names each queue of its handlers once", async () => {
    const other = defineJob({ type: "other", queue: "default" });
    const third = defineJob({ type: "third", queue: "mail" });
    const broker = createScriptedBroker();
    const worker = createWorker({
      client: broker.client,
      handlers: [...handlers, handle(other, () => {}), handle(third, () => {})],
      clock: broker.clock,
    });
    await worker.start();
    assert.equal(broker.connection.url.searchParams.get("queue"), "default,mail");
    await worker.kill();
  });
});

describe("handle", () => {
  it("gives the handler the type that the definition has", () => {
    const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
    handle(greet, ({ name }) => name satisfies string);
    // @ts-expect-error: there is no such member
    handle(greet, ({ age }) => age);
    const handler = handle(greet, () => {});
    assert.deepEqual([handler.type, handler.queue, handler.timeoutMs], [
      "greet",
      "default",
      undefined,
    ]);
  });
});
