import { decode, encode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DecodeError } from "../../src/protocol/codec.ts";
import type { PayloadPlace } from "../../src/protocol/payload-place.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { decodeWithPayloads } from "../../src/protocol/raw-body.ts";
import { createRandom, randomValue } from "../support/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** The bytes of a short text. */
const text = (value: string) => [0xa0 | encoder.encode(value).length, ...encoder.encode(value)];
/** The body of one job that has nothing but a payload. */
const single = (...payload: readonly number[]) => [0x81, ...text("payload"), ...payload];
/** A list of `depth` levels. */
const nested = (depth: number) => [...new Array<number>(depth - 1).fill(0x91), 0x90];

function payloads(bytes: readonly number[], place: PayloadPlace = "single"): unknown[] {
  const { payloads } = decodeWithPayloads(Uint8Array.from(bytes), "msgpack", place);
  return payloads.map((payload) => payload && [...payload as Bytes]);
}

function refuses(bytes: readonly number[], message: RegExp, place: PayloadPlace = "single"): void {
  assert.throws(() => payloads(bytes, place), { name: "DecodeError", message });
}

describe("a payload in a MessagePack body", () => {
  it("is kept to the byte", () => {
    const floats = [[0xca, 0x80, 0, 0, 0], [0xcb, 0x3e, 0x7a, 0xd7, 0xf2, 0x9a, 0xbc, 0xaf, 0x48]];
    const integers = [[0xcf, ...new Array(8).fill(0xff)], [0xd3, 0x80, ...new Array(7).fill(0)], [
      0xcd,
      0,
      1,
    ]];
    const texts = [[0xa0], [0xd9, 1, 0x61], [0xdb, 0, 0, 0, 1, 0x61]];
    const containers = [[0x82, ...text("b"), 1, ...text("a"), 2], [0xdd, 0, 0, 0, 1, 0xc0], [
      0xde,
      0,
      0,
    ]];
    for (
      const payload of [...floats, ...integers, ...texts, ...containers, [0xc0], [0xc3], [0xff]]
    ) {
      assert.deepEqual(payloads(single(...payload)), [payload]);
      const job = single(...payload);
      const jobs = [0x82, ...text("x"), 0x91, ...job, ...text("jobs"), 0x92, ...job, ...single(7)];
      assert.deepEqual(payloads(jobs, "bulk"), [payload, [7]]);
    }
  });

  it("is undefined when the job has none", () => {
    assert.deepEqual(payloads([0x80]), [undefined]);
    assert.deepEqual(payloads([0x81, ...text("x"), ...single(1)]), [undefined]);
    assert.deepEqual(payloads([0x81, ...text("jobs"), 0x92, 0x80, ...single(1)], "bulk"), [
      undefined,
      [1],
    ]);
  });

  it("is the last of several, however long the head of its key", () => {
    const long = [0xda, 0, 7, ...encoder.encode("payload")];
    assert.deepEqual(payloads([0x82, ...text("payload"), 1, ...long, 2]), [[2]]);
    assert.deepEqual(payloads([0x82, ...long, 1, ...text("payload"), 2]), [[2]]);
    const jobs = [0xdb, 0, 0, 0, 4, ...encoder.encode("jobs")];
    assert.deepEqual(payloads([0x82, ...text("jobs"), 0x90, ...jobs, 0x91, ...single(1)], "bulk"), [
      [1],
    ]);
    assert.deepEqual(
      payloads([0x81, 0xd9, 10, 0xef, 0xbb, 0xbf, ...encoder.encode("payload"), 1]),
      [undefined],
    );
  });

  it("is found in the template of a cron entry, and of each entry of a group", () => {
    const job = (...payload: number[]) => [...text("job"), ...single(...payload)];
    assert.deepEqual(payloads([0x82, ...text("payload"), 1, ...job(2)], "entry"), [[2]]);
    assert.deepEqual(payloads([0x82, ...job(1), ...text("job"), 0x80], "entry"), [undefined]);
    const entries = [
      0x94,
      ...[0x82, ...text("name"), ...text("job"), ...job(0x81, ...job(1))],
      ...[0x81, ...text("payload"), 3],
      ...[0x83, ...job(4), ...job(5), ...text("more"), 0x91, 0x81, ...job(6)],
      ...[0x81, ...job(7)],
    ];
    assert.deepEqual(payloads([0x82, ...text("entries"), ...entries, ...job(8)], "entries"), [
      [0x81, ...job(1)],
      undefined,
      [5],
      [7],
    ]);
  });

  it("has null in the place of what JSON cannot say", () => {
    const value = { a: [NaN, 1, Infinity], b: -Infinity, c: 1.5 };
    const { payloads } = decodeWithPayloads(encode({ payload: value }), "msgpack", "single");
    assert.deepEqual(decode(payloads[0] as Bytes), { a: [null, 1, null], b: null, c: 1.5 });
    const jobs = [value, 1, NaN].map((payload) => ({ payload, x: [NaN, Infinity] }));
    const bulk = decodeWithPayloads(encode({ jobs, y: NaN }), "msgpack", "bulk").payloads;
    assert.deepEqual(bulk.map((payload) => decode(payload as Bytes)), [
      { a: [null, 1, null], b: null, c: 1.5 },
      1,
      null,
    ]);
    const float32 = single(0xca, 0x7f, 0xc0, 0, 0);
    assert.deepEqual(decodeWithPayloads(Uint8Array.from(float32), "msgpack", "single").payloads, [
      Uint8Array.of(0xc0),
    ]);
  });

  it("may be nested 1022 levels deep", () => {
    assert.deepEqual(payloads(single(...nested(1022))), [nested(1022)]);
    refuses(single(...nested(1023)), /^nested deeper than 1023 levels$/);
    refuses(single(...new Array(100_000).fill(0x91)), /^nested deeper than 1023 levels$/);
  });

  it("is as deep in the answer that lists it", () => {
    const answer = Uint8Array.from([0x81, ...text("jobs"), 0x91, ...single(...nested(1022))]);
    assert.deepEqual(msgpackCodec.encode(msgpackCodec.decode(answer)), answer);
  });
});

describe("a MessagePack body", () => {
  it("is refused when it claims more than it holds", () => {
    const claims = [
      [0xdb],
      [0xdd],
      [0xdf],
      [0xd9, 0xff],
      [0xda, 0xff],
      [0xdc, 0xff],
      [0xde, 0xff],
      [0xbf],
      [0x9f],
      [0x8f],
    ];
    for (const claim of claims) {
      const bomb = claim.length > 1
        ? [...claim, 0xff]
        : claim[0]! > 0xc0
        ? [...claim, 255, 255, 255, 255]
        : claim;
      for (const place of ["single", "bulk"] as const) {
        refuses(bomb, /^cut off/, place);
        refuses(single(...bomb), /^cut off/, place);
        refuses([0x81, ...text("jobs"), ...bomb], /^cut off/, place);
      }
      assert.throws(() => msgpackCodec.decode(Uint8Array.from(bomb)), DecodeError);
    }
  });

  it("is refused with what JSON has no word for", () => {
    for (
      const [bytes, message] of [
        [[0xc4, 0], /^binary data at byte 9/],
        [[0xc5, 0, 1, 0], /^binary data/],
        [[0xc6, 0, 0, 0, 0], /^binary data/],
        [[0xc7, 0, 1], /^an extension type/],
        [[0xd4, 1, 0], /^an extension type/],
        [[0xd6, 0xff, 0, 0, 0, 0], /^an extension type/],
        [[0xc9, 0xff, 0xff, 0xff, 0xff, 1], /^an extension type/],
        [[0xc1], /^the unused type 0xc1/],
        [[0x81, 1, 1], /^a map key that is not a text/],
        [[0x81, 0xc0, 1], /^a map key that is not a text/],
        [[0x81, 0xa1, 0xff, 1], /is not UTF-8$/],
        [[0xa3, 0xed, 0xa0, 0x80], /is not UTF-8$/],
        [[0xa2, 0x61, 0xc3], /is not UTF-8$/],
      ] as const
    ) {
      refuses(single(...bytes), message);
      refuses(
        [0x81, ...text("x"), ...bytes],
        message.source.includes(" 9") ? /at byte 3/ : message,
      );
    }
  });

  it("is refused when it is cut off anywhere, and read to its end when more follows", () => {
    const body = encode({ x: -1.5, jobs: [{ payload: { a: [1, "é", 2 ** 40] }, type: "t" }] });
    for (let length = 0; length < body.length; length++) {
      for (const place of ["single", "bulk"] as const) {
        const cut = () => decodeWithPayloads(body.slice(0, length), "msgpack", place);
        assert.throws(cut, DecodeError, `cut at ${length}`);
      }
    }
    const [payload] = payloads([...body, 0xc1, 0xff], "bulk");
    assert.deepEqual(decode(Uint8Array.from(payload as number[])), { a: [1, "é", 2 ** 40] });
  });
});

describe("msgpackCodec", () => {
  it("gives back what it was given", () => {
    const random = createRandom(3);
    for (let round = 0; round < 500; round++) {
      const value = randomValue(random);
      assert.deepEqual(msgpackCodec.decode(msgpackCodec.encode(value)), value);
    }
  });

  it("reads every kind of number", () => {
    for (
      const [bytes, value] of [
        [[0xe0], -32],
        [[0xcc, 0xff], 255],
        [[0xce, 0xff, 0xff, 0xff, 0xff], 2 ** 32 - 1],
        [[0xcf, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 2 ** 53 - 1],
        [[0xcf, ...new Array<number>(8).fill(0xff)], 2 ** 64],
        [[0xd0, 0x80], -128],
        [[0xd1, 0x80, 0], -32_768],
        [[0xd2, 0x80, 0, 0, 0], -(2 ** 31)],
        [[0xd3, ...new Array<number>(8).fill(0xff)], -1],
        [[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 1], -(2 ** 63)],
        [[0xca, 0x3f, 0xc0, 0, 0], 1.5],
        [[0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0], -0],
      ] as const
    ) assert.equal(msgpackCodec.decode(Uint8Array.from(bytes)), value);
  });

  it("keeps keys and texts that look dangerous", () => {
    const value = JSON.parse('{"__proto__":{"toString":1},"constructor":"\\ufeff"}');
    value[`\ufeff${"x".repeat(300)}`] = "\ufeffé";
    const read = msgpackCodec.decode(msgpackCodec.encode(value)) as object;
    assert.deepEqual(Object.entries(read), Object.entries(value));
    assert.equal(Object.getPrototypeOf(read), Object.prototype);
  });

  it("tells texts apart that share a place in its memory", () => {
    const random = createRandom(4);
    for (let round = 0; round < 5000; round++) {
      const text = Array.from({ length: 3 }, () => random.pick(["a", "b", "é", "\u0000"])).join("");
      assert.equal(msgpackCodec.decode(encode(text)), text);
    }
  });

  it("leaves out undefined members", () => {
    assert.deepEqual(msgpackCodec.encode({ a: undefined }), Uint8Array.of(0x80));
  });
});
