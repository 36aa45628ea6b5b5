import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DecodeError } from "../../src/protocol/codec.ts";
import { jsonCodec } from "../../src/protocol/json.ts";
import type { PayloadPlace } from "../../src/protocol/payload-place.ts";
import { decodeWithPayloads } from "../../src/protocol/raw-body.ts";
import { createRandom, randomText, randomValue } from "../support/random.ts";

const encoder = new TextEncoder();

function payloads(text: string, place: PayloadPlace = "single"): unknown[] {
  return [...decodeWithPayloads(encoder.encode(text), "json", place).payloads];
}

function refuses(body: string | Uint8Array<ArrayBuffer>, message: RegExp): void {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const decode = () => decodeWithPayloads(bytes, "json", "single");
  assert.throws(decode, { name: "DecodeError", message });
}

/** A list of `depth` levels. */
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("a payload in a JSON body", () => {
  it("is kept to the letter", () => {
    for (
      const payload of [
        "123456789012345678901234567890",
        "-0",
        "1e-7",
        "1.0",
        "1E+2",
        '"\\u00e9\\/"',
        '{"b":1,"a":2,"a":3}',
        "null",
        '""',
        '{ "a" : [ 1 , 2 ] }',
        '"} , \\" ] \\\\"',
      ]
    ) {
      assert.deepEqual(payloads(`{"type":"t","payload":${payload},"queue":"q"}`), [payload]);
      assert.deepEqual(payloads(`{ "payload" : ${payload} }`), [payload]);
      assert.deepEqual(
        payloads(`{"x":[{"payload":0}],"jobs":[{"payload":${payload}},{"payload":1}]}`, "bulk"),
        [payload, "1"],
      );
    }
  });

  it("is undefined when the job has none", () => {
    assert.deepEqual(payloads("{}"), [undefined]);
    assert.deepEqual(payloads('{"type":"payload","meta":{"payload":1}}'), [undefined]);
    assert.deepEqual(payloads('{"jobs":[{},{"payload":1},{"x":{"payload":2}}]}', "bulk"), [
      undefined,
      "1",
      undefined,
    ]);
  });

  it("is the last of several, however its key is spelled", () => {
    assert.deepEqual(payloads('{"payload":1,"pay\\u006coad":{"payload":2},"x":3}'), [
      '{"payload":2}',
    ]);
    assert.deepEqual(payloads('{"jobs":[{"payload":1}],"\\u006aobs":[{"payload":2}]}', "bulk"), [
      "2",
    ]);
    assert.deepEqual(payloads('{"jobs":[{"payload":1}],"jobs":[]}', "bulk"), []);
  });

  it("is not confused by keys of the same name elsewhere", () => {
    const payload = '{"jobs":[{"payload":1}],"payload":"payload"}';
    assert.deepEqual(payloads(`{"payload":${payload},"jobs":[{"payload":2}]}`), [payload]);
    const body =
      `{"payload":0,"more":[{"payload":3}],"jobs":[{"payload":${payload}}],"z":[{"payload":4}]}`;
    assert.deepEqual(payloads(body, "bulk"), [payload]);
  });

  it("is found in the template of a cron entry, and of each entry of a group", () => {
    const job = '{"type":"t","payload":{"job":{"payload":1}}}';
    assert.deepEqual(payloads(`{"name":"e","job":${job},"payload":2}`, "entry"), [
      '{"job":{"payload":1}}',
    ]);
    assert.deepEqual(payloads(`{"job":${job},"job":{}}`, "entry"), [undefined]);
    const entries = `[{"name":"job","job":${job}},{"job":{"x":{"payload":3}}},{"payload":4},
      {"job":{"payload":5},"job":{"payload":[6]},"more":[{"job":{"payload":7}}]},{"job":${job}}]`;
    assert.deepEqual(payloads(`{"paused":false,"entries":${entries},"job":${job}}`, "entries"), [
      '{"job":{"payload":1}}',
      undefined,
      undefined,
      "[6]",
      '{"job":{"payload":1}}',
    ]);
  });

  it("has no line break, whatever the body looked like", () => {
    const random = createRandom(1);
    for (let round = 0; round < 200; round++) {
      const values = [randomValue(random), randomValue(random, 5)];
      const jobs = values.map((payload) => ({ a: randomText(random), payload, z: { payload: 1 } }));
      for (
        const text of [JSON.stringify({ jobs }, null, 2), JSON.stringify({ jobs }, null, "\t\r\n ")]
      ) {
        const kept = payloads(text, "bulk") as string[];
        for (const payload of kept) assert.doesNotMatch(payload, /[\r\n]/);
        assert.deepEqual(kept.map((payload) => JSON.parse(payload)), values);
      }
    }
  });

  it("may be nested 126 levels deep, the body's object coming on top", () => {
    assert.deepEqual(payloads(`{"payload":${nested(126)}}`), [nested(126)]);
    refuses(`{"payload":${nested(127)}}`, /^nested deeper than 127 levels$/);
    assert.deepEqual(payloads(`{"jobs":[{"payload":${nested(124)}}]}`, "bulk"), [nested(124)]);
    assert.throws(() => payloads(`{"jobs":[{"payload":${nested(125)}}]}`, "bulk"), DecodeError);
  });
});

describe("a JSON body", () => {
  it("is refused unless it is plain UTF-8", () => {
    refuses(Uint8Array.of(0xef, 0xbb, 0xbf, ...encoder.encode("{}")), /./);
    refuses(Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0), /^text is not UTF-8$/);
    refuses(Uint8Array.of(0x7b, 0, 0x7d, 0), /./);
    refuses(Uint8Array.of(0x22, 0xc3, 0x22), /^text is not UTF-8$/);
    refuses(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), /^text is not UTF-8$/);
  });

  it("is refused with half a character in a text or a key", () => {
    for (const text of ["\\ud83d", "\\uD83D\\ud83d", "\\ude00\\ud83d", "\\uDE00"]) {
      refuses(`{"payload":["${text}"]}`, /half a surrogate pair/);
      refuses(`{"payload":{"${text}":1}}`, /half a surrogate pair/);
    }
    assert.deepEqual(payloads('{"payload":"\\ud83d\\ude00 \\\\ud83d"}'), [
      '"\\ud83d\\ude00 \\\\ud83d"',
    ]);
  });

  it("is refused with a number that no double holds", () => {
    const long = "1".padEnd(300, "0");
    for (const number of ["1e400", "-1E+400", "1e0309", `${long}e10`, long.padEnd(310, "0")]) {
      refuses(`{"payload":[${number}]}`, /^number is out of the range of a double$/);
    }
    for (const number of ["1e308", "1e-400", long, `0.${long}e20`, '"1e400"']) {
      assert.deepEqual(payloads(`{"payload":${number}}`), [number]);
    }
  });

  it("is refused, and overflows nothing, when it is absurdly deep", () => {
    refuses(`{"payload":${nested(100_000)}}`, /./);
    refuses(`{"payload":["\\ud83d",${nested(100_000)}]}`, /./);
    refuses(`{"payload":${"[".repeat(100_000)}}`, /./);
  });

  it("is refused when it is cut off anywhere", () => {
    const text = '{"jobs":[{"payload":{"a":[1,"\\u00e9é"]}}],"x":-1.5e3}';
    const bytes = encoder.encode(text);
    for (let length = 0; length < bytes.length; length++) {
      const cut = () => decodeWithPayloads(bytes.slice(0, length), "json", "bulk");
      assert.throws(cut, DecodeError, `cut at ${length}`);
    }
  });
});

describe("jsonCodec", () => {
  it("gives back what it was given", () => {
    const random = createRandom(2);
    for (let round = 0; round < 500; round++) {
      const value = randomValue(random);
      assert.deepEqual(jsonCodec.decode(jsonCodec.encode(value)), value);
    }
  });
});
