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
