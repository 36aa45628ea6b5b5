import { decode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PackWriter } from "../../src/protocol/pack-writer.ts";
import { payloadAsJson, payloadAsPack } from "../../src/protocol/payload.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import { jobToJson, metadataView, wholeView } from "../../src/protocol/record-json.ts";
import { writeJob } from "../../src/protocol/record-pack.ts";
import { randomJob } from "../support/job-record.ts";
import { createRandom } from "../support/random.ts";

function packed(write: (writer: PackWriter) => void): Uint8Array<ArrayBuffer> {
  const writer = new PackWriter();
  write(writer);
  return writer.end();
}

for (const format of ["json", "msgpack"] as const) {
  describe(`a record with a payload that came as ${format}`, () => {
    it("is written as the object that it stands for", () => {
      const random = createRandom(11);
      for (let round = 0; round < 500; round++) {
        const { record, wire } = randomJob(random, format);
        const { payload: _, ...withoutPayload } = wire;
        assert.deepEqual(JSON.parse(jobToJson(record, wholeView)), wire);
        assert.deepEqual(JSON.parse(jobToJson(record, metadataView, ',"x":1')), {
          ...withoutPayload,
          x: 1,
        });
        assert.deepEqual(
          decode(packed((writer) => writeJob(writer, record, wholeView))),
          wire,
        );
        const more = packed((writer) => {
          writeJob(writer, record, metadataView, 1);
          writer.text("x");
          writer.nil();
        });
        assert.deepEqual(decode(more), { ...withoutPayload, x: null });
      }
    });
  });
}

describe("a payload", () => {
  const { record } = randomJob(createRandom(1), "json");
  const from = (payload: Partial<JobRecord>) => ({
    ...record,
    payloadJson: null,
    payloadPack: null,
    ...payload,
  });

  it("leaves in its own format as it came", () => {
    const payloadJson = '{"a":123456789012345678901, "b":-0, "c":1e-7}';
    assert.equal(payloadAsJson(from({ payloadJson })), payloadJson);
    const payloadPack = Uint8Array.of(0xcf, 255, 255, 255, 255, 255, 255, 255, 255);
    assert.deepEqual(payloadAsPack(from({ payloadPack })), payloadPack);
  });

  it("keeps integers of 64 bits in the other format", () => {
    const integers: [text: string, ...bytes: number[]][] = [
      ["9007199254740993", 0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1],
      ["-9007199254740993", 0xd3, 0xff, 0xdf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      ["1234567890123456800", 0xcf, 0x11, 0x22, 0x10, 0xf4, 0x7d, 0xe9, 0x81, 0x20],
      ["9223372036854775807", 0xcf, 0x7f, 255, 255, 255, 255, 255, 255, 255],
      ["-9223372036854775808", 0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
      ["18446744073709551615", 0xcf, 255, 255, 255, 255, 255, 255, 255, 255],
    ];
    for (const [text, ...bytes] of integers) {
      const payloadJson = `{"a":[${text}]}`;
      const payloadPack = Uint8Array.of(0x81, 0xa1, 0x61, 0x91, ...bytes);
      assert.deepEqual(payloadAsPack(from({ payloadJson })), payloadPack, text);
      assert.equal(payloadAsJson(from({ payloadPack })), payloadJson, text);
    }
    const least = [0xd3, 0xff, 0xe0, 0, 0, 0, 0, 0, 1];
    const most = [0xcf, 0, 0x1f, 255, 255, 255, 255, 255, 255];
    const payloadPack = Uint8Array.of(0x93, ...least, ...most, 0xcf, ...new Array(7).fill(0), 42);
    assert.equal(payloadAsJson(from({ payloadPack })), "[-9007199254740991,9007199254740991,42]");
  });

  it("has doubles in MessagePack for other numbers that none holds", () => {
    const texts = [
      "18446744073709551616",
      "-9223372036854775809",
      "0.12345678901234567890",
      "1e-400",
    ];
    for (const text of texts) {
      const payloadPack = payloadAsPack(from({ payloadJson: `[${text}]` }));
      assert.deepEqual(decode(payloadPack), [Number(text)], text);
      assert.notEqual(payloadPack[1], 0xcf, text);
    }
    const mixed = '{"a":12345678901234567,"b":"\\n","c":[-0,1.5,null,true],"d":{"e":-5}}';
    const options = { useBigInt64: true };
    assert.deepEqual(decode(payloadAsPack(from({ payloadJson: mixed })), options), {
      a: 12345678901234567n,
      b: "\n",
      c: [-0, 1.5, null, true],
      d: { e: -5 },
    });
  });

  it("is null when there is none", () => {
    assert.equal(payloadAsJson(from({})), "null");
    assert.deepEqual(payloadAsPack(from({})), Uint8Array.of(0xc0));
  });
});

describe("PackWriter", () => {
  it("grows to what is written", () => {
    const texts = [0, 31, 32, 255, 256, 65_535, 65_536, 3_000_000].map((length) =>
      "x".repeat(length)
    );
    const bytes = packed((writer) => {
      writer.list(texts.length + 2);
      for (const text of texts) writer.text(text);
      writer.list(70_000);
      for (let i = 0; i < 70_000; i++) writer.bool(i % 2 === 0);
      writer.map(20);
      for (let i = 0; i < 20; i++) {
        writer.text(`é${i}`);
        writer.uint(i);
      }
    });
    const [...read] = decode(bytes) as unknown[];
    assert.deepEqual(read.slice(0, texts.length), texts);
    assert.equal((read.at(-2) as unknown[]).length, 70_000);
    assert.equal((read.at(-1) as Record<string, unknown>)["é19"], 19);
  });

  it("writes integers in the fewest bytes", () => {
    for (
      const [value, length] of [
        [0, 1],
        [127, 1],
        [128, 2],
        [255, 2],
        [256, 3],
        [65_535, 3],
        [65_536, 5],
        [2 ** 32 - 1, 5],
        [2 ** 32, 9],
        [Number.MAX_SAFE_INTEGER, 9],
      ] as const
    ) {
      const bytes = packed((writer) => writer.uint(value));
      assert.equal(decode(bytes), value);
      assert.equal(bytes.length, length, `${value}`);
    }
  });
});
