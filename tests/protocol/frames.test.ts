import { decode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ProtocolError } from "../../src/errors.ts";
import { createFrameDecoder, FrameDecoderStream } from "../../src/protocol/frame-streams.ts";
import { encodeFrames, heartbeat } from "../../src/protocol/frames.ts";
import type { FrameDecoder, StreamFormat } from "../../src/protocol/stream-format.ts";
import { randomJob } from "../support/job-record.ts";
import { createRandom, randomSplit } from "../support/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const formats: readonly StreamFormat[] = ["ndjson", "msgpack-stream", "sse"];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function read(format: StreamFormat, frame: Bytes): unknown {
  return format === "msgpack-stream" ? decode(frame) : JSON.parse(decoder.decode(frame));
}

function concat(parts: readonly Bytes[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A stream of random jobs with heartbeats anywhere between them, and the objects that it says. */
function randomStream(format: StreamFormat, seed: number): { bytes: Bytes; wires: unknown[] } {
  const random = createRandom(seed);
  const beats = () => Array.from({ length: random.int(3) }, () => heartbeat(format));
  const parts = beats();
  const wires: unknown[] = [];
  while (wires.length < 30) {
    const jobs = Array.from({ length: random.int(4) }, () => {
      return randomJob(random, random.pick(["json", "msgpack"] as const));
    });
    parts.push(encodeFrames(format, jobs.map(({ record }) => record)), ...beats());
    wires.push(...jobs.map(({ wire }) => wire));
  }
  return { bytes: concat(parts), wires };
}

function decodeAll(frames: FrameDecoder, chunks: Iterable<Bytes>): Bytes[] {
  const out: Bytes[] = [];
  for (const chunk of chunks) out.push(...frames.push(chunk));
  frames.end();
  return out;
}

function texts(frames: FrameDecoder, ...chunks: readonly string[]): string[] {
  const all = decodeAll(frames, chunks.map((chunk) => encoder.encode(chunk)));
  return all.map((frame) => decoder.decode(frame));
}

for (const format of formats) {
  describe(`frames of ${format}`, () => {
    it("come out as they went in, however the bytes are split", () => {
      for (let seed = 1; seed <= 20; seed++) {
        const { bytes, wires } = randomStream(format, seed);
        for (const longest of [1, 2, 7, 100, 5000]) {
          const chunks = randomSplit(createRandom(seed), bytes, longest);
          const frames = decodeAll(createFrameDecoder(format), chunks);
          assert.deepEqual(frames.map((frame) => read(format, frame)), wires, `seed ${seed}`);
        }
      }
    });

    it("come out when every chunk is overwritten after it was pushed", () => {
      const { bytes, wires } = randomStream(format, 1);
      const decoder = createFrameDecoder(format);
      const read1: unknown[] = [];
      const chunk = new Uint8Array(1);
      for (const byte of bytes) {
        chunk[0] = byte;
        read1.push(...decoder.push(chunk).map((frame) => read(format, frame)));
      }
      assert.deepEqual(read1, wires);
    });

    it("are refused when the stream ends inside of one", () => {
      const random = createRandom(7);
      const frame = encodeFrames(format, [randomJob(random, "json").record]);
      for (let cut = 1; cut < frame.length; cut++) {
        const decoder = createFrameDecoder(format);
        assert.deepEqual(decoder.push(frame.subarray(0, cut)), []);
        assert.throws(() => decoder.end(), ProtocolError, `cut at ${cut} of ${frame.length}`);
      }
    });

    it("are refused beyond the limit, in one chunk or in many", () => {
      const frame = encodeFrames(format, [randomJob(createRandom(7), "json").record]);
      const length = createFrameDecoder(format).push(frame)[0]!.length;
      for (const longest of [1, 10, frame.length]) {
        const chunks = [...randomSplit(createRandom(1), frame, longest)];
        const fits = createFrameDecoder(format, { maxFrameBytes: length });
        assert.equal(decodeAll(fits, chunks).length, 1);
        const tooLong = createFrameDecoder(format, { maxFrameBytes: length - 1 });
        assert.throws(() => decodeAll(tooLong, chunks), ProtocolError);
      }
    });

    it("may be huge and arrive in small pieces", () => {
      const payloadJson = JSON.stringify("x".repeat(8_000_000));
      const job = { ...randomJob(createRandom(1), "json").record, payloadJson };
      const bytes = encodeFrames(format, [job]);
      const chunks: Bytes[] = [];
      for (let at = 0; at < bytes.length; at += 100) chunks.push(bytes.subarray(at, at + 100));
      const frames = decodeAll(createFrameDecoder(format), chunks);
      assert.equal(frames.length, 1);
      assert.equal((read(format, frames[0]!) as { payload: string }).payload.length, 8_000_000);
    });

    it("come out of a transform stream", async () => {
      const { bytes, wires } = randomStream(format, 3);
      const chunks = [...randomSplit(createRandom(3), bytes, 1000)];
      const source = new ReadableStream<Bytes>({
        pull(controller) {
          const chunk = chunks.shift();
          if (chunk) controller.enqueue(chunk);
          else controller.close();
        },
      });
      const jobs: unknown[] = [];
      for await (const frame of source.pipeThrough(new FrameDecoderStream(format))) {
        jobs.push(read(format, frame));
      }
      assert.deepEqual(jobs, wires);
    });

    it("fail a transform stream that ends inside of one", async () => {
      const frame = encodeFrames(format, [randomJob(createRandom(3), "json").record]);
      const source = new ReadableStream<Bytes>({
        start(controller) {
          controller.enqueue(frame.subarray(0, -1));
          controller.close();
        },
      });
      const reader = source.pipeThrough(new FrameDecoderStream(format)).getReader();
      await assert.rejects(reader.read(), ProtocolError);
    });
  });
}

describe("frames of ndjson", () => {
  it("may end in CRLF, also when the chunk ends between the two", () => {
    assert.deepEqual(texts(createFrameDecoder("ndjson"), "1\r\n\r\n2\r", "\n\r", "\n3\n"), [
      "1",
      "2",
      "3",
    ]);
  });

  it("do not count their end against the limit", () => {
    const decoder = createFrameDecoder("ndjson", { maxFrameBytes: 2 });
    assert.deepEqual(texts(decoder, "12\r", "\n", "34\r\n", "5", "6\n"), ["12", "34", "56"]);
  });
});

describe("frames of sse", () => {
  it("pass over comments, other fields and empty events", () => {
    const stream =
      ": hello\n\nevent: job\nid: 1\ndata: 1\nretry: 5\n\n:\n\ndata:\n\ndatum: 2\n\ndata\n\ndata:3\r\n\r\n";
    assert.deepEqual(texts(createFrameDecoder("sse"), stream), ["1", "3"]);
  });

  it("may take several lines", () => {
    const stream = "data: [\ndata:1\n: note\ndata:   ]\n\ndata:\ndata: 2\ndata:\n\n";
    assert.deepEqual(texts(createFrameDecoder("sse"), stream), ["[\n1\n  ]", "\n2\n"]);
  });

  it("count all their lines against the limit", () => {
    const push = (maxFrameBytes: number) =>
      texts(createFrameDecoder("sse", { maxFrameBytes }), "data: 12\ndata: 34\n\n");
    assert.deepEqual(push(5), ["12\n34"]);
    assert.throws(() => push(4), ProtocolError);
  });
});

describe("frames of msgpack-stream", () => {
  it("are refused by what they claim, before they arrive", () => {
    const decoder = createFrameDecoder("msgpack-stream");
    decoder.push(Uint8Array.of(0xff));
    decoder.push(Uint8Array.of(0xff, 0xff));
    assert.throws(() => decoder.push(Uint8Array.of(0xff)), {
      name: "ProtocolError",
      message: "Frame claims 4294967295 bytes, at most 268435456 are accepted",
    });
  });
});
