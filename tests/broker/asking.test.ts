/** What a broker asks workers that answer, and what it does about what they say. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode } from "@msgpack/msgpack";
import type { Broker } from "../../src/broker/mod.ts";
import {
  createMsgpackDecoder,
  createNdjsonDecoder,
  createSseDecoder,
} from "../../src/client/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";

const run = "run-00000001";

/** A stream as a worker of the wire sees it. */
interface WorkerStream {
  /** The documents of all frames so far. */
  readonly frames: readonly Readonly<Record<string, unknown>>[];
  readonly asks: readonly number[];
  /** The jobs so far: their ids, and at which delivery. */
  readonly jobs: readonly { readonly id: string; readonly delivery: number }[];
  readonly isEnded: boolean;
  close(): Promise<void>;
}

const decoders = {
  "application/x-ndjson": createNdjsonDecoder,
  "text/event-stream": createSseDecoder,
  "application/vnd.zizq.msgpack-stream": createMsgpackDecoder,
};

async function connect(
  broker: Broker,
  {
    prefetch = 10,
    accept = "application/x-ndjson",
    headers = { "millrace-extensions": "1", "worker-run": run, "worker-id": "w" },
  }: {
    readonly prefetch?: number;
    readonly accept?: keyof typeof decoders;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<WorkerStream> {
  const response = await broker.fetch(
    new Request(`http://broker/jobs/take?prefetch=${prefetch}`, {
      headers: { accept, ...headers },
    }),
  );
  assert.equal(response.status, 200);
  const decoder = decoders[accept]();
  const frames: Record<string, unknown>[] = [];
  let isEnded = false;
  const reader = response.body!.getReader();
  void (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const bytes of decoder.push(value)) {
        const isPacked = accept === "application/vnd.zizq.msgpack-stream";
        frames.push(
          isPacked
            ? decode(bytes) as Record<string, unknown>
            : JSON.parse(new TextDecoder().decode(bytes)),
        );
      }
    }
    isEnded = true;
  })();
  return {
    frames,
    get asks() {
      return frames.filter(({ control }) => control === "ask").map(({ number }) =>
        number as number
      );
    },
    get jobs() {
      return frames.filter(({ id }) => id !== undefined).map(({ id, deliveries }) => {
        return { id: id as string, delivery: deliveries as number };
      });
    },
    get isEnded() {
      return isEnded;
    },
    close: () => reader.cancel(),
  };
}

type Held = WorkerStream["jobs"];

/** Says what a worker does and has. */
const tell = (
  { broker }: TestBroker,
  { holds = [], ...more }: { readonly holds?: Held; readonly [member: string]: unknown },
  of: string = run,
) =>
  send(broker, "PUT", `/workers/${of}`, {
    ids: holds.map(({ id }) => id),
    deliveries: holds.map(({ delivery }) => delivery),
    ...more,
  });

const enqueue = ({ client }: TestBroker, count: number) =>
  client.enqueueMany(Array.from({ length: count }, () => job()));

const inFlight = ({ client }: TestBroker) => client.count({ status: "in_flight" });

describe("a worker that names its run", () => {
  for (const accept of Object.keys(decoders) as (keyof typeof decoders)[]) {
    it(`is asked at once, and again and again: ${accept}`, () =>
      withBroker(async (parts) => {
        const stream = await connect(parts.broker, { accept });
        await parts.clock.settle();
        assert.deepEqual(stream.frames, [{ control: "ask", number: 1, within_ms: 60_000 }]);
        for (let number = 2; number < 20; number++) {
          assert.equal((await tell(parts, { heard: number - 1 })).status, 200);
          await parts.clock.advance(15_000);
          assert.equal(stream.asks.at(-1), number);
        }
        assert.equal(stream.isEnded, false);
        await stream.close();
      }));
  }

  it("loses its jobs to others when it does not answer within its time", () => {
    const { logger, errors } = createRecordingLogger();
    return withBroker(async (parts) => {
      const { broker, clock } = parts;
      const silent = await connect(broker, { prefetch: 2 });
      await enqueue(parts, 3);
      await clock.settle();
      await tell(parts, { heard: 1, holds: silent.jobs });
      const other = await connect(broker, { headers: { "millrace-extensions": "1" } });
      await clock.advance(59_999);
      assert.deepEqual([silent.isEnded, other.jobs.length], [false, 1]);
      await clock.advance(1);
      assert.deepEqual([silent.isEnded, other.jobs.length], [true, 3]);
      assert.deepEqual(other.jobs.map(({ delivery }) => delivery), [1, 2, 2]);
      assert.ok(errors.some((warning) => warning.startsWith("A worker does not answer")));
      // What it says when it wakes up is too late, and its late reports are stale.
      assert.equal((await tell(parts, { heard: 4, holds: silent.jobs })).status, 404);
      const { id, delivery } = silent.jobs[0]!;
      const late = await send(broker, "POST", `/jobs/${id}/success?delivery=${delivery}`);
      assert.equal(late.status, 409);
      await other.close();
    }, { logger });
  });

  it("says itself within which time it answers", () =>
    withBroker(async (parts) => {
      const headers = {
        "millrace-extensions": "1",
        "worker-run": run,
        "worker-answers-within": "4000",
      };
      const stream = await connect(parts.broker, { headers });
      await parts.clock.settle();
      assert.equal(stream.frames[0]!["within_ms"], 4000);
      await parts.clock.advance(3999);
      assert.equal(stream.isEnded, false);
      await parts.clock.advance(1);
      assert.equal(stream.isEnded, true);
      assert.deepEqual(stream.asks, [1, 2, 3, 4]);
    }));

  it("is not taken for dead when the broker itself was stopped", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      await parts.clock.settle();
      await tell(parts, { heard: 1 });
      // The process was stopped for an hour: one timer fires late, and the answers come then.
      parts.clock.setNow(parts.clock.now() + 3_600_000);
      await parts.clock.advance(15_000);
      await tell(parts, { heard: 2 });
      await parts.clock.advance(45_000);
      assert.equal(stream.isEnded, false);
      await stream.close();
    }));

  it("has its former stream ended, and the jobs of that go on at once", () =>
    withBroker(async (parts) => {
      const former = await connect(parts.broker);
      await enqueue(parts, 4);
      await parts.clock.settle();
      assert.equal(former.jobs.length, 4);
      const present = await connect(parts.broker);
      await parts.clock.settle();
      assert.deepEqual([former.isEnded, present.isEnded], [true, false]);
      assert.deepEqual(present.jobs.map(({ delivery }) => delivery), [2, 2, 2, 2]);
      // The former stream is closed late: that ends nothing of the present one.
      await former.close();
      await parts.clock.settle();
      assert.equal((await tell(parts, { heard: 1, holds: present.jobs })).status, 200);
      assert.equal(await inFlight(parts), 4);
      await present.close();
    }));

  it("keeps what comes on its next stream before it knows of that", () =>
    withBroker(async (parts) => {
      const former = await connect(parts.broker);
      await enqueue(parts, 1);
      await parts.clock.settle();
      const present = await connect(parts.broker);
      await parts.clock.settle();
      assert.deepEqual(present.jobs, [{ ...former.jobs[0]!, delivery: 2 }]);
      // The answer may overtake the frame with the second delivery.
      const { body } = await tell(parts, { heard: 1, holds: former.jobs });
      assert.deepEqual(body, { gone: [] });
      assert.equal(await inFlight(parts), 1);
      await present.close();
    }));

  it("loses nothing by a late answer to a question of its former stream", () =>
    withBroker(async (parts) => {
      const former = await connect(parts.broker);
      await tell(parts, { heard: 1 });
      await parts.clock.advance(15_000);
      assert.deepEqual(former.asks, [1, 2]);
      const present = await connect(parts.broker);
      await enqueue(parts, 1);
      await parts.clock.settle();
      await tell(parts, { heard: 2 });
      await parts.clock.settle();
      assert.deepEqual(present.jobs.map(({ delivery }) => delivery), [1]);
      await present.close();
    }));

  it("gets nothing more when it stops taking, and keeps what it has", () =>
    withBroker(async (parts) => {
      const { broker, clock } = parts;
      const leaving = await connect(broker, { prefetch: 3 });
      await enqueue(parts, 3);
      await clock.settle();
      const [kept, ...waiting] = leaving.jobs;
      assert.equal(waiting.length, 2);
      const { status, body } = await tell(parts, { taking: false, holds: [kept!] });
      assert.deepEqual([status, body], [200, { gone: [] }]);
      await enqueue(parts, 2);
      const other = await connect(broker, { headers: {} });
      await clock.settle();
      assert.equal(leaving.jobs.length, 3);
      assert.equal(other.jobs.length, 4);
      assert.equal((await parts.client.get(kept!.id)).deliveries, 1);
      await parts.client.success(kept!.id);
      await clock.settle();
      assert.equal(leaving.jobs.length, 3);
      // It may take again.
      await other.close();
      await tell(parts, { taking: true });
      await clock.settle();
      assert.equal(leaving.jobs.length, 6);
      await leaving.close();
    }));

  it("gets nothing that is being taken for it while it stops", () =>
    withBroker(async (parts) => {
      const leaving = await connect(parts.broker);
      await parts.clock.settle();
      await Promise.all([enqueue(parts, 5), tell(parts, { taking: false })]);
      await parts.clock.settle();
      assert.equal(await inFlight(parts), 0);
      await leaving.close();
    }));

  it("gives back what it does not know of, if it was sent before the question", () =>
    withBroker(async (parts) => {
      const { clock } = parts;
      const stream = await connect(parts.broker, { prefetch: 5 });
      await enqueue(parts, 3);
      await clock.settle();
      // The first question came before the jobs: nothing can be said of them yet.
      await tell(parts, { heard: 1 });
      await clock.settle();
      assert.equal(stream.jobs.length, 3);
      await clock.advance(15_000);
      const [one, two, three] = stream.jobs;
      const wrong = { ...two!, delivery: 7 };
      await tell(parts, { heard: 2, holds: [one!, wrong] });
      await clock.settle();
      // They come again, here, as nobody else reads: uncharged.
      const again = stream.jobs.slice(3);
      assert.deepEqual(again, [{ ...two!, delivery: 2 }, { ...three!, delivery: 2 }]);
      assert.equal((await parts.client.get(two!.id)).attempts, 0);
      await stream.close();
    }));

  it("that always forgets a job does not get it for ever", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      const { id } = await parts.client.enqueue(job({ retryLimit: 0 }));
      for (let number = 1; number <= 9; number++) {
        await parts.clock.settle();
        await tell(parts, { heard: stream.asks.at(-1) });
        await parts.clock.advance(15_000);
      }
      const { status, deliveries } = await parts.client.get(id);
      assert.deepEqual([status, deliveries], ["dead", 4]);
      await stream.close();
    }, { maxDeliveries: 3 }));

  it("is told what is not its any more", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const stream = await connect(broker, { prefetch: 5 });
      await enqueue(parts, 5);
      await clock.settle();
      const [deleted, killed, moved, released, kept] = stream.jobs;
      await client.delete(deleted!.id);
      await client.failure(killed!.id, { message: "by somebody else", kill: true });
      await client.release(moved!.id, { delayMs: 60_000 });
      await tell(parts, { taking: false, holds: stream.jobs });
      await client.release(released!.id);
      const { body } = await tell(parts, { taking: false, holds: stream.jobs });
      // What is ready may come back; nobody else has it.
      assert.deepEqual(body.gone.sort(), [deleted, killed, moved].map((held) => held!.id).sort());
      const other = await connect(broker, { headers: {} });
      await clock.settle();
      const later = await tell(parts, { taking: false, holds: [released!, kept!] });
      assert.deepEqual(later.body.gone, [released!.id]);
      await other.close();
      await stream.close();
    }));

  it("is looked up by ids of any form", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      const holds = ["x", "", "0".repeat(25), "é"].map((id) => ({ id, delivery: 1 }));
      const { status, body } = await tell(parts, { holds });
      assert.deepEqual([status, body.gone.length], [200, 4]);
      await stream.close();
    }));
});

describe("what workers say", () => {
  it("is refused when it is not understood, and changes nothing", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      await enqueue(parts, 1);
      await parts.clock.settle();
      for (
        const [body, problem] of [
          [{}, /ids: is missing/],
          [{ ids: [] }, /deliveries: is missing/],
          [{ ids: ["a"], deliveries: [] }, /expected as many deliveries as ids/],
          [{ ids: ["a"], deliveries: ["1"] }, /deliveries\[0\]: expected an integer/],
          [{ ids: [], deliveries: [], taking: "no" }, /taking: expected true or false, got "no"/],
          [{ ids: [], deliveries: [], heard: -1 }, /heard: expected an integer/],
        ] as const
      ) {
        const answer = await send(parts.broker, "PUT", `/workers/${run}`, body);
        assert.equal(answer.status, 400);
        assert.match(answer.body.error, problem);
      }
      assert.equal(await inFlight(parts), 1);
      await stream.close();
    }));

  it("may not be longer than any other call", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      const holds = Array.from({ length: 6 }, (_, at) => ({ id: `${at}`, delivery: 1 }));
      const { status, body } = await tell(parts, { holds });
      assert.deepEqual([status, body.error], [413, "'ids' has more than 5 items"]);
      await stream.close();
    }, { maxItemsPerCall: 5 }));

  it("is a sign of life also when it is refused", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      await parts.clock.settle();
      const holds = Array.from({ length: 6 }, (_, at) => ({ id: `${at}`, delivery: 1 }));
      for (let times = 0; times < 8; times++) {
        const { status } = times % 2 === 0
          ? await tell(parts, { holds })
          : await tell(parts, { taking: 1 });
        assert.equal(status, times % 2 === 0 ? 413 : 400);
        await parts.clock.advance(20_000);
      }
      assert.equal(stream.isEnded, false);
      await parts.clock.advance(60_000);
      assert.equal(stream.isEnded, true);
    }, { maxItemsPerCall: 5 }));

  it("is a sign of life also when too much is at work", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      await parts.clock.settle();
      const body = new ReadableStream({ start() {} });
      const init = { method: "POST", body, duplex: "half" };
      const busy = parts.broker.fetch(new Request("http://broker/jobs", init));
      for (let times = 0; times < 8; times++) {
        assert.equal((await tell(parts, {})).status, 503);
        await parts.clock.advance(20_000);
      }
      assert.equal(stream.isEnded, false);
      await parts.clock.advance(600_000);
      await busy;
    }, { maxCalls: 1, bodyTimeoutMs: 200_000 }));

  it("is not asked for on a stream that nobody reads", () =>
    withBroker(async ({ broker, client, clock }) => {
      await client.enqueue(job({ payload: "x".repeat(300_000) }));
      const headers = { "millrace-extensions": "1", "worker-run": run };
      const response = await broker.fetch(new Request("http://broker/jobs/take", { headers }));
      await clock.advance(60_000);
      const text = await response.text(); // The stream has ended.
      assert.equal(text.split('"control":"ask"').length - 1, 1);
      assert.equal(await client.count({ status: "ready" }), 1);
    }));

  it("is refused of a run that has no stream", () =>
    withBroker(async (parts) => {
      const { status, body } = await tell(parts, {}, "run-without-a-stream");
      assert.deepEqual([status, body.error], [404, "no take stream of this run is open"]);
    }));
});

describe("a client of the protocol", () => {
  for (
    const [what, headers] of [
      ["without headers", {}],
      ["that only wants extensions", { "millrace-extensions": "1" }],
      ["that names a run, but wants no extensions", { "worker-run": run }],
    ] as const
  ) {
    it(`${what} is never asked, and keeps its jobs as long as its stream`, () =>
      withBroker(async (parts) => {
        const stream = await connect(parts.broker, { headers });
        await enqueue(parts, 2);
        await parts.clock.advance(600_000);
        assert.deepEqual([stream.asks, stream.frames.length, stream.isEnded], [[], 2, false]);
        await stream.close();
      }));
  }

  it("is told which header is wrong", () =>
    withBroker(async ({ broker }) => {
      for (
        const [name, value] of [
          ["worker-run", "short"],
          ["worker-run", "x".repeat(65)],
          ["worker-run", "with a blank"],
          ["worker-answers-within", "999"],
          ["worker-answers-within", "1e5"],
          ["worker-answers-within", "99999999999"],
        ] as const
      ) {
        const headers = { "millrace-extensions": "1", "worker-run": run, [name]: value };
        const response = await broker.fetch(new Request("http://broker/jobs/take", { headers }));
        assert.equal(response.status, 400);
        const { error } = await response.json() as { readonly error: string };
        assert.match(error, new RegExp(`^invalid header '${name}': must be .*, got "`));
      }
    }));
});
