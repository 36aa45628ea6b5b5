/** Large bodies in MessagePack: what is cut out of them is what reading them at once gives. */

import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encode } from "@msgpack/msgpack";
import { DecodeError } from "../../src/protocol/codec.ts";
import { lightenJson } from "../../src/protocol/large-json.ts";
import { lightenPack } from "../../src/protocol/large-pack.ts";
import { payloadPaths, type PayloadPlace } from "../../src/protocol/payload-place.ts";
import { decodeWithPayloads } from "../../src/protocol/raw-body.ts";
import type { RawPayload } from "../../src/protocol/record.ts";
import { createRandom, type Random, randomText, randomValue } from "../support/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The payloads of a body that count. */
function cut(bytes: Bytes, place: PayloadPlace) {
  const cutting = lightenPack(bytes, [payloadPaths[place]]);
  let turns = 0;
  for (;;) {
    const { value, done } = cutting.next();
    if (!done) turns++;
    else {
      const { payloads } = decodeWithPayloads(value.bytes, "msgpack", place);
      const toPayload = (number: RawPayload) => {
        const { buffer, byteOffset } = number as Bytes;
        return value.payloads[new DataView(buffer, byteOffset).getUint32(1)];
      };
      return { turns, payloads: payloads.map((number) => number && toPayload(number)) };
    }
  }
}

const bodies: Readonly<Record<PayloadPlace, (random: Random) => object>> = {
  single: (random) => ({
    [randomText(random)]: randomValue(random),
    ...!random.once(6) && {
      payload: random.once(9) ? { deep: [NaN, 1.5, -Infinity] } : randomValue(random),
    },
    more: [randomValue(random)],
  }),
  entry: (random) => ({ name: "a", job: bodies.single(random), payload: 1 }),
  bulk: (random) => ({ jobs: listOf(random, bodies.single) }),
  beside: (random) => ({ payload: 1, enqueue: listOf(random, bodies.single) }),
  entries: (random) => ({ entries: listOf(random, bodies.entry), more: random.int(9) }),
};

function listOf(random: Random, toItem: (random: Random) => object): object[] {
  return Array.from({ length: random.int(4) }, () => toItem(random));
}

describe("a large body in MessagePack", () => {
  it("gives the payloads that it has when it is read at once, or is refused as then", () => {
    let refused = 0;
    for (let seed = 0; seed < 3000; seed++) {
      const random = createRandom(seed);
      const place = random.pick(Object.keys(bodies) as PayloadPlace[]);
      const bytes = encode(bodies[place](random)) as Bytes;
      if (random.once(2)) bytes[random.int(bytes.length)] = random.int(256);
      const attempt = (read: () => readonly unknown[]) => {
        try {
          return read();
        } catch (error) {
          assert.ok(error instanceof DecodeError, String(error));
          return error.message.replace(/ (at byte|than) \d+/, "").slice(0, 12);
        }
      };
      const whole = attempt(() => decodeWithPayloads(bytes, "msgpack", place).payloads);
      if (typeof whole === "string") refused++;
      assert.deepEqual(attempt(() => cut(bytes, place).payloads), whole, `seed ${seed}`);
    }
    assert.ok(refused > 300, `${refused} were refused`);
  });

  it("leaves turns to others, also within one text", () => {
    for (const payload of [Array.from({ length: 400_000 }, () => 1), "é".repeat(3_000_000)]) {
      const { turns, payloads } = cut(encode({ type: "t", payload }) as Bytes, "single");
      assert.ok(turns > 4, `${turns} turns`);
      assert.deepEqual(Buffer.compare(payloads[0] as Bytes, encode(payload)), 0);
    }
  });

  it("has null in the place of numbers that JSON cannot say, however many they are", () => {
    const payload = Array.from({ length: 100_000 }, (_, n) => n % 3 === 0 ? n : NaN);
    const { turns, payloads } = cut(encode({ payload, more: Infinity }) as Bytes, "single");
    assert.ok(turns > 3, `${turns} turns`);
    const expected = encode(payload.map((number) => Number.isNaN(number) ? null : number));
    assert.equal(Buffer.compare(payloads[0] as Bytes, expected), 0);
  });

  it("counts a long text as JSON does", () => {
    const name = "n".repeat(100);
    const links = Array.from({ length: 12_000 }, () => ({ id: "x".repeat(25), name }));
    const body = { payload: 1, depends_on: links };
    assert.deepEqual(cut(encode(body) as Bytes, "single").payloads, [encode(1)]);
    const cutting = lightenJson(new TextEncoder().encode(JSON.stringify(body)), [
      payloadPaths.single,
    ]);
    let step = cutting.next();
    while (!step.done) step = cutting.next();
    assert.deepEqual(step.value.payloads, ["1"]);
  });

  it("has little besides its payloads", () => {
    for (
      const value of [
        { a: "x".repeat(20_000_000) },
        Array.from({ length: 1_100_000 }, () => 1),
      ]
    ) {
      assert.throws(() => cut(encode(value) as Bytes, "single"), /over 1048576 bytes besides/);
    }
    let deep: unknown = 1;
    for (let level = 0; level < 1022; level++) deep = [deep];
    assert.equal(cut(encode({ payload: deep }, { maxDepth: 2000 }) as Bytes, "single").turns, 0);
    const deeper = encode({ payload: [deep] }, { maxDepth: 2000 }) as Bytes;
    assert.throws(() => cut(deeper, "single"), /deeper than 1023 levels/);
    const broken = encode({ payload: "é".repeat(1_000_000) }) as Bytes;
    broken[broken.length - 1] = 0x20;
    assert.throws(() => cut(broken, "single"), /is not UTF-8/);
  });
});
