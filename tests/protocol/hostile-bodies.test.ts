import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DecodeError } from "../../src/protocol/codec.ts";
import { jsonCodec } from "../../src/protocol/json.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { decodeWithPayloads } from "../../src/protocol/raw-body.ts";
import { createRandom, type Random, randomValue } from "../support/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Changes, drops, doubles or cuts some bytes. */
function mutate(random: Random, body: Bytes): Bytes {
  let bytes = [...body];
  for (let changes = 1 + random.int(4); changes > 0; changes--) {
    const at = random.int(bytes.length + 1);
    const kind = random.int(5);
    if (kind === 0) bytes[at] = random.int(256);
    else if (kind === 1) bytes.splice(at, 1 + random.int(8));
    else if (kind === 2) bytes.splice(at, 0, ...bytes.slice(at, at + random.int(20)));
    else if (kind === 3) {
      bytes.splice(at, 0, random.pick([0xc1, 0xdf, 0xdd, 0xdb, 0xff, 0x5b, 0x22, 0x5c]));
    } else if (random.once(4)) bytes = bytes.slice(0, at);
  }
  return Uint8Array.from(bytes);
}

for (const codec of [jsonCodec, msgpackCodec]) {
  describe(`bodies of ${codec.format} that were tampered with`, () => {
    it("are read, or refused with a DecodeError", () => {
      let refused = 0;
      const rounds = 4000;
      for (let seed = 1; seed <= rounds; seed++) {
        const random = createRandom(seed);
        const place = random.pick(["single", "bulk"] as const);
        const jobs = [0, 1, 2].map((priority) => ({
          type: "t",
          priority,
          payload: randomValue(random),
        }));
        const body = mutate(random, codec.encode(place === "single" ? jobs[0] : { jobs }));
        try {
          const { payloads } = decodeWithPayloads(body, codec.format, place);
          // What was let in must come out again.
          for (const payload of payloads) {
            if (typeof payload === "string") JSON.parse(payload);
            else if (payload !== undefined) codec.decode(payload);
          }
        } catch (error) {
          assert.ok(error instanceof DecodeError, `seed ${seed}: ${error}`);
          refused++;
        }
      }
      assert.ok(refused > rounds / 4 && refused < rounds, `${refused} of ${rounds} were refused`);
    });
  });
}
