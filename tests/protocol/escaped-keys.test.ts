import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonCodec, parseJson } from "../../src/protocol/json.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { payloadAsPack } from "../../src/protocol/payload.ts";
import { createRandom } from "../support/random.ts";

/** Keys that are, when written, the beginning of an escape: what some engines take others for. */
const poison = ["\\", "\\u", "\\u0", "\\u00", "\\n", '\\"', "a\\", "a\\u", "\\\\", "é\\"];
const pieces = ["\\", '"', "\n", "\u0000", "\u001f", "a", "é", "u", "0", "\ufdd0", "/"];

describe("a key with escapes", () => {
  it("is read as what it is, whatever was read before", () => {
    // An engine expects what it saw, as long as it saw nothing else there.
    let places = 0;
    for (const seen of poison) {
      for (const key of ["\n", '"', "\u0000", "\u0001b", "a\n", "a\u0000", "\\", "é\n"]) {
        const first = `first${places++}`;
        const object = { [first]: 0, [key]: 1 };
        parseJson(JSON.stringify([{ [first]: 0, [seen]: 1 }]));
        const text = JSON.stringify([object]);
        assert.deepEqual(parseJson(text), [object], text);
        const packed = payloadAsPack({ payloadJson: text, payloadPack: null });
        assert.deepEqual(msgpackCodec.decode(packed), [object], text);
      }
    }
  });

  it("is told from texts, from other keys, and from its own repetition", () => {
    for (
      const [text, value] of [
        ['{"a":"\\n","b":["\\\\:"]}', { a: "\n", b: ["\\:"] }],
        ['{"\\n" \t:1, "\\u000a":2}', { "\n": 2 }],
        ['{"\\u0061":{"\\"":[{"\\\\":null}]},"a b":"\\":"}', {
          a: { '"': [{ "\\": null }] },
          "a b": '":',
        }],
        ['["\\n",{"\ufdd00":1,"\\ufdd00":2,"\\t":3}]', ["\n", { "\ufdd00": 2, "\t": 3 }]],
        ['{"\\u005f_proto__":1}', JSON.parse('{"__proto__":1}')],
      ] as const
    ) assert.deepEqual(parseJson(text), value, text);
  });

  it("comes out of random objects as it went in", () => {
    const random = createRandom(5);
    const key = () => Array.from({ length: random.int(4) }, () => random.pick(pieces)).join("");
    for (let round = 0; round < 3000; round++) {
      const object = Object.fromEntries(Array.from({ length: 3 }, () => [key(), key()]));
      const read = jsonCodec.decode(jsonCodec.encode({ payload: [object] }));
      assert.deepEqual(read, { payload: [object] });
    }
  });

  it("overflows nothing, and costs no more than its length", { timeout: 20_000 }, () => {
    const deep = `${'{"\\n":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    try {
      parseJson(deep);
    } catch (error) {
      assert.equal((error as Error).name, "DecodeError");
    }
    const long = 200_000;
    for (
      const text of [
        `{"\\n":"${"\\n".repeat(long)}"}`,
        `{"\\n":"${'\\"'.repeat(long)}"}`,
        `{"${"\\\\".repeat(long)}":1}`,
        `{${Array.from({ length: long }, (_, i) => `"\\n${i}":1`).join()}}`,
      ]
    ) assert.equal(typeof parseJson(text), "object");
  });
});
