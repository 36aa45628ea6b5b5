import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, type Format, type Job, type TakeStream } from "../../src/client/mod.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { createTestClock } from "../../src/testing/test-clock.ts";
import { json, wireJob } from "./script.ts";
import { formats } from "../support/formats.ts";

const encoder = new TextEncoder();

/** A take stream that a test feeds by hand. */
function createFeed(type = "application/x-ndjson") {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const seen = { cancelled: 0, requests: [] as Request[] };
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: () => void seen.cancelled++,
  });
  return {
    seen,
    fetch(request: Request): Promise<Response> {
      seen.requests.push(request);
      return Promise.resolve(new Response(body, { headers: { "content-type": type } }));
    },
    push: (bytes: string | Uint8Array) =>
      controller.enqueue(typeof bytes === "string" ? encoder.encode(bytes) : bytes),
    end: () => controller.close(),
    fail: (error: unknown) => controller.error(error),
  };
}

const line = (id: string) =>
  JSON.stringify(wireJob({ id, status: "in_flight", payload: 1 })) + "\n";
const ids = (jobs: readonly Job[]) => jobs.map(({ id }) => id);

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A job as a frame of the MessagePack stream. */
function packFrame(id: string): Uint8Array {
  return toPackFrame(wireJob({ id, status: "in_flight", payload: 1 }));
}

/** A document as a frame of the MessagePack stream. */
function toPackFrame(value: object): Uint8Array {
  const document = msgpackCodec.encode(value);
  const frame = new Uint8Array(4 + document.length);
  new DataView(frame.buffer).setUint32(0, document.length);
  frame.set(document, 4);
  return frame;
}

describe("take", () => {
  it("sends queues, prefetch, worker id, format and token", async () => {
    const feed = createFeed();
    const client = createClient({ fetch: feed.fetch, token: "secret" });
    const stream = await client.take({ queues: ["a", "b c"], prefetch: 0, workerId: "w" });
    const [request] = feed.seen.requests;
    assert.equal(new URL(request!.url).search, "?queue=a,b%20c&prefetch=0");
    assert.equal(request!.headers.get("accept"), "application/x-ndjson");
    assert.equal(request!.headers.get("worker-id"), "w");
    assert.equal(request!.headers.get("authorization"), "Bearer secret");
    await stream.close();
  });

  it("gives jobs as they come, however the bytes are cut, and passes over heartbeats", async () => {
    const feed = createFeed();
    const stream = await createClient({ fetch: feed.fetch }).take();
    const text = `\n${line("a")}\n\n${line("b")}${line("c")}`;
    for (const char of text) feed.push(char);
    feed.end();
    assert.deepEqual(ids(await Array.fromAsync(stream)), ["a", "b", "c"]);
  });

  it("gives one batch for each piece that completes jobs, and none for a sign of life", async () => {
    const feed = createFeed();
    const stream = await createClient({ fetch: feed.fetch }).take();
    for (const piece of [line("a") + line("b"), "\n", line("c").slice(0, 5), line("c").slice(5)]) {
      feed.push(piece);
    }
    feed.end();
    const batches = await Array.fromAsync(stream.batches());
    assert.deepEqual(batches.map(ids), [["a", "b"], ["c"]]);
  });

  it("gives a heartbeat frame for each piece that completes neither jobs nor control", async () => {
    const feed = createFeed();
    const stream = await createClient({ fetch: feed.fetch }).take();
    for (const piece of ["\n", "\n\n", line("a").slice(0, 5), line("a").slice(5), "\n"]) {
      feed.push(piece);
    }
    feed.end();
    const kinds = (await Array.fromAsync(stream.frames())).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["heartbeat", "heartbeat", "heartbeat", "jobs", "heartbeat"]);
  });

  const controls: [format: Format, type: string, control: string | Uint8Array][] = [
    ["json", "application/x-ndjson", '{"control":"news","more":[1]}\n'],
    [
      "msgpack",
      "application/vnd.zizq.msgpack-stream",
      toPackFrame({ control: "news", more: [1] }),
    ],
  ];
  for (const [format, type, control] of controls) {
    const one = (id: string) => format === "json" ? encoder.encode(line(id)) : packFrame(id);

    it(`gives control frames of ${format} in their places, by name`, async () => {
      const feed = createFeed(type);
      const stream = await createClient({ fetch: feed.fetch, format: formats[format] }).take();
      const bytes = typeof control === "string" ? encoder.encode(control) : control;
      feed.push(concat(one("a"), one("b"), bytes, one("c")));
      feed.push(bytes);
      feed.end();
      const frames = await Array.fromAsync(stream.frames());
      assert.deepEqual(frames.map((frame) => frame.kind === "jobs" ? ids(frame.jobs) : frame), [
        ["a", "b"],
        { kind: "control", name: "news" },
        ["c"],
        { kind: "control", name: "news" },
      ]);
    });

    it(`passes over control frames of ${format} where only jobs are asked for`, async () => {
      const feed = createFeed(type);
      const stream = await createClient({ fetch: feed.fetch, format: formats[format] }).take();
      for (const piece of [control, one("a"), control]) feed.push(piece);
      feed.end();
      assert.deepEqual(ids(await Array.fromAsync(stream)), ["a"]);
    });
  }

  it("takes a job with a member 'control' for a job", async () => {
    const feed = createFeed();
    const stream = await createClient({ fetch: feed.fetch }).take();
    feed.push(`${JSON.stringify(wireJob({ id: "a", control: "news" }))}\n`);
    feed.end();
    assert.deepEqual(ids(await Array.fromAsync(stream)), ["a"]);
  });

  it("speaks MessagePack when the client does", async () => {
    const feed = createFeed("application/vnd.zizq.msgpack-stream");
    const client = createClient({ fetch: feed.fetch, format: formats.msgpack });
    const stream = await client.take();
    const accept = feed.seen.requests[0]!.headers.get("accept");
    assert.equal(accept, "application/vnd.zizq.msgpack-stream");
    feed.push(new Uint8Array(4));
    for (const byte of packFrame("a")) feed.push(Uint8Array.of(byte));
    feed.end();
    assert.deepEqual((await Array.fromAsync(stream))[0]?.payload, 1);
  });

  it("reads the format of the answer, not the one that it asked for", async () => {
    const feed = createFeed("application/x-ndjson");
    const client = createClient({ fetch: feed.fetch, format: formats.msgpack });
    const stream = await client.take();
    feed.push(line("a"));
    feed.end();
    assert.deepEqual(ids(await Array.fromAsync(stream)), ["a"]);
  });

  it("refuses MessagePack when the client was not handed it", async () => {
    const feed = createFeed("application/vnd.zizq.msgpack-stream");
    await assert.rejects(createClient({ fetch: feed.fetch }).take(), {
      name: "ProtocolError",
      message: "Cannot take from an answer of type 'application/vnd.zizq.msgpack-stream': " +
        "expected application/x-ndjson",
    });
  });

  const broken: [what: string, piece: string, message: RegExp][] = [
    ["is no JSON", "{]\n", /Cannot understand/],
    ["is no job", '{"id":"x"}\n', /type: is missing/],
    ["is neither job nor control", '{"control":1}\n', /id: is missing/],
    ["is cut off", line("a").slice(0, -1), /middle of a frame/],
  ];
  for (const [what, piece, message] of broken) {
    it(`refuses a frame that ${what}`, async () => {
      const feed = createFeed();
      const stream = await createClient({ fetch: feed.fetch }).take();
      feed.push(piece);
      feed.end();
      await assert.rejects(Array.fromAsync(stream), { name: "ProtocolError", message });
      assert.equal(feed.seen.requests[0]!.signal.aborted, true);
    });
  }

  it("turns a stream that breaks off into a NetworkError", async () => {
    const feed = createFeed();
    const stream = await createClient({ fetch: feed.fetch }).take();
    const cause = new Error("reset");
    feed.fail(cause);
    await assert.rejects(Array.fromAsync(stream), { name: "NetworkError", cause });
  });

  const refusals: [what: string, answer: Response, name: string][] = [
    ["a refusal", json({ error: "no" }, 400), "RefusedError"],
    ["a failure", json({ error: "no" }, 500), "ServerError"],
    [
      "a web page",
      new Response("<html>", { headers: { "content-type": "text/html" } }),
      "ProtocolError",
    ],
    ["nothing", new Response(null, { status: 204 }), "ProtocolError"],
  ];
  for (const [what, answer, name] of refusals) {
    it(`turns ${what} into a ${name}`, async () => {
      const client = createClient({ fetch: () => Promise.resolve(answer) });
      await assert.rejects(client.take(), { name });
    });
  }

  it("turns a server that is not there into a NetworkError", async () => {
    const client = createClient({ fetch: () => Promise.reject(new TypeError("refused")) });
    await assert.rejects(client.take(), { name: "NetworkError" });
  });
});

/** Whether both ways to tell the server were used: not every transport hears both. */
function assertReleased(feed: ReturnType<typeof createFeed>) {
  assert.equal(feed.seen.cancelled, 1);
  assert.equal(feed.seen.requests[0]!.signal.aborted, true);
}

describe("the end of a take stream", () => {
  const leave: [how: string, leave: (stream: TakeStream) => Promise<void>][] = [
    ["leaving the jobs", async (stream) => {
      for await (const _job of stream) break;
    }],
    ["leaving the batches", async (stream) => {
      for await (const _jobs of stream.batches()) break;
    }],
    ["leaving the frames", async (stream) => {
      for await (const _frame of stream.frames()) break;
    }],
    ["close()", (stream) => stream.close()],
    ["close() twice", async (stream) => {
      await stream.close();
      await stream.close();
    }],
    ["an error while iterating", async (stream) => {
      await assert.rejects(async () => {
        for await (const _job of stream) throw new Error("mine");
      }, /mine/);
    }],
  ];
  for (const [how, end] of leave) {
    it(`is reached by ${how}`, async () => {
      for (const format of ["json", "msgpack"] satisfies Format[]) {
        const feed = createFeed();
        const stream = await createClient({ fetch: feed.fetch, format: formats[format] }).take();
        feed.push(line("a"));
        await end(stream);
        assertReleased(feed);
      }
    });
  }

  it("ends an iteration that waits, without an error, when it is closed", async () => {
    const feed = createFeed();
    const stream = await createClient({ fetch: feed.fetch }).take();
    feed.push(line("a").slice(0, 5));
    const jobs = Array.fromAsync(stream);
    await stream.close();
    assert.deepEqual(await jobs, []);
    assertReleased(feed);
  });

  it("gives the reason of the signal that ends it", async () => {
    const feed = createFeed();
    const clock = createTestClock();
    const controller = new AbortController();
    const { signal } = controller;
    const stream = await createClient({ fetch: feed.fetch, clock }).take({ signal });
    const settled = Promise.allSettled([Array.fromAsync(stream)]);
    await clock.settle();
    controller.abort("enough");
    assert.deepEqual(await settled, [{ status: "rejected", reason: "enough" }]);
    assertReleased(feed);
  });

  it("does not come by timeoutMs once the stream is open", async () => {
    const feed = createFeed();
    const clock = createTestClock();
    const stream = await createClient({ fetch: feed.fetch, clock }).take({ timeoutMs: 10 });
    assert.equal(clock.timers, 0);
    await clock.advance(60_000);
    feed.push(line("a"));
    feed.end();
    assert.deepEqual(ids(await Array.fromAsync(stream)), ["a"]);
  });

  it("comes by timeoutMs while the stream is not open", async () => {
    const clock = createTestClock();
    const client = createClient({ fetch: () => new Promise(() => {}), clock });
    const settled = Promise.allSettled([client.take({ timeoutMs: 10 })]);
    await clock.advance(10);
    const [result] = await settled;
    assert.equal(result!.status === "rejected" && result!.reason.name, "TimeoutError");
  });
});
