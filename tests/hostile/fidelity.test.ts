/**
 * What goes in comes out: by either format in, by either format and either way out.
 *
 * @module
 */

import { decode, encode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonCodec } from "../../src/protocol/json.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const types = { json: "application/json", msgpack: "application/msgpack" };
type Format = keyof typeof types;
const formats = ["json", "msgpack"] as const;
const codecs = { json: jsonCodec, msgpack: msgpackCodec };
const encoder = new TextEncoder();

const every = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code)).join("");

/** Any list within lists. */
const nested = (depth: number): unknown => depth === 0 ? 1 : [nested(depth - 1)];

const values: readonly [string, unknown][] = [
  ["null", null],
  ["booleans", [true, false]],
  ["integers of every size", [
    ...[0, 1, -1, 23, 24, 127, 128, 255, 256, -32, -33, -128, -129, -32_768, -32_769],
    ...[65_535, 65_536, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1, 2 ** 32, -(2 ** 31) - 1],
    ...[2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 53, -(2 ** 53)],
  ]],
  ["floats", [0.1, -0, 1.5, 1 / 3, 5e-324, 1.7976931348623157e308, 1e21, 1e-7, 123.456e100, -2.5]],
  ["floats that JSON parsers get wrong", [
    ...[2.2250738585072011e-308, 9007199254740993.5, 0.30000000000000004, 1.7800590868057611e-307],
    ...[5.0216813883093451e-308, 6.9294956446009195e15, 4.9406564584124654e-324],
  ]],
  ["texts", [
    "",
    "a",
    "\u0000",
    "a\u0000b",
    "é€😀",
    "\ufeffx",
    "\u2028\u2029",
    '"\\/\b\f\n\r\t',
    every,
  ]],
  ["a text of 1 MiB", "€".repeat(349_525) + "x"],
  ["lists and objects", [[], {}, [[]], { a: { b: [{}] } }, new Array(1000).fill(7)]],
  ["keys", {
    "": 1,
    "\u0000": 2,
    "a.b": 3,
    "😀": 4,
    payload: 5,
    jobs: [6],
    "1": 7,
    "\\n": 8,
    "\n": 9,
  }],
  ["keys with a past", JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}')],
  ["120 levels", nested(120)],
];

async function call(
  { broker }: TestBroker,
  path: string,
  { accept, type, body }: { accept?: Format; type?: Format; body?: Bytes },
): Promise<{ status: number; bytes: Bytes }> {
  const response = await broker.fetch(
    new Request(`http://broker${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(accept && { accept: types[accept] }),
        ...(type && { "content-type": types[type] }),
      },
      body: body ?? null,
    }),
  );
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
}

/** The payload of the first job of a body, read by what the broker does not use. */
function payloadOf(bytes: Bytes, format: Format): unknown {
  const value = format === "json"
    ? JSON.parse(new TextDecoder().decode(bytes))
    // The library refuses the key '__proto__'.
    : new TextDecoder("latin1").decode(bytes).includes("__proto__")
    ? msgpackCodec.decode(bytes)
    : decode(bytes);
  return (value.jobs?.[0] ?? value).payload;
}

/** One job whose payload is these bytes. */
function bodyOf(format: Format, payload: Bytes): Bytes {
  if (format === "json") {
    return encoder.encode(
      `{"type":"t","queue":"q","payload":${new TextDecoder().decode(payload)}}`,
    );
  }
  const head = [
    0x83,
    0xa4,
    ...encoder.encode("type"),
    0xa1,
    0x74,
    0xa5,
    ...encoder.encode("queue"),
  ];
  return Uint8Array.from([...head, 0xa1, 0x71, 0xa7, ...encoder.encode("payload"), ...payload]);
}

/** Stores a job and gives its id. */
async function store(parts: TestBroker, format: Format, body: Bytes): Promise<string> {
  const { status, bytes } = await call(parts, "/jobs", { type: format, body });
  assert.equal(status, 201, new TextDecoder().decode(bytes));
  return JSON.parse(new TextDecoder().decode(bytes)).id;
}

describe("a payload", () => {
  for (const [what, value] of values) {
    for (const format of formats) {
      it(`of ${what} comes out of ${format} as it went in`, () =>
        withBroker(async (parts) => {
          // JavaScript's own writer of JSON makes 0 of −0.
          const payload = format === "json" && Array.isArray(value) && value.includes(-0)
            ? encoder.encode(`[${value.map((item) => Object.is(item, -0) ? "-0.0" : item).join()}]`)
            : codecs[format].encode(value);
          const id = await store(parts, format, bodyOf(format, payload));
          for (const accept of formats) {
            for (const path of [`/jobs/${id}`, "/jobs"]) {
              const { bytes } = await call(parts, path, { accept });
              assert.deepEqual(payloadOf(bytes, accept), value);
            }
          }
          const { jobs } = await parts.take();
          await parts.clock.settle();
          assert.deepEqual(jobs[0]?.payload, value);
        }));
    }
  }

  it("with integers beyond 2^53 comes out unchanged in the format it came in", () =>
    withBroker(async (parts) => {
      const big =
        "[9007199254740993,18446744073709551615,-9223372036854775808,123456789012345678901]";
      const json = await store(parts, "json", bodyOf("json", encoder.encode(big)));
      const { bytes } = await call(parts, `/jobs/${json}`, { accept: "json" });
      assert.ok(new TextDecoder().decode(bytes).includes(`"payload":${big}`));

      const exact = [9007199254740993n, 18446744073709551615n, -9223372036854775808n];
      const packed = encode([...exact, NaN], { useBigInt64: true });
      const pack = await store(parts, "msgpack", bodyOf("msgpack", packed));
      const answer = await call(parts, `/jobs/${pack}`, { accept: "msgpack" });
      const { payload } = decode(answer.bytes, { useBigInt64: true }) as { payload: unknown };
      assert.deepEqual(payload, [...exact, null]);
    }));

  it("nested as deeply as the protocol allows comes out, in the other format too", () =>
    withBroker(async (parts) => {
      for (const [format, depth] of [["json", 126], ["msgpack", 1022]] as const) {
        const payload = codecs[format].encode(nested(depth));
        const id = await store(parts, format, bodyOf(format, payload));
        for (const accept of formats) {
          const { bytes } = await call(parts, `/jobs/${id}`, { accept });
          const read = codecs[accept].decode(bytes) as { payload: unknown };
          assert.equal(JSON.stringify(read.payload), JSON.stringify(nested(depth)));
        }
        const deeper = bodyOf(format, codecs[format].encode(nested(depth + 1)));
        assert.equal((await call(parts, "/jobs", { type: format, body: deeper })).status, 400);
      }
    }));
});

/** What is no payload, and what the refusal says of it. */
const refused: readonly [string, Format, string | readonly number[], RegExp][] = [
  ["half of a character, escaped", "json", '"\\ud83d"', /half a surrogate pair/],
  ["half of a character in a key", "json", '{"a\\udc00":1}', /half a surrogate pair/],
  ["a number beyond a double", "json", "1e400", /out of the range of a double/],
  ["NaN", "json", "NaN", /./],
  ["a comment", "json", "1 // one", /./],
  ["a line break in a text", "json", '"a\nb"', /./],
  ["NUL between two values", "json", "1\u0000", /./],
  ["more after the end", "json", "1}{", /./],
  ["half of a character", "msgpack", [0xa3, 0xed, 0xa0, 0xbd], /not UTF-8/],
  ["a text that is not UTF-8", "msgpack", [0xa2, 0xc3, 0x28], /not UTF-8/],
  ["binary data", "msgpack", [0xc4, 1, 0], /binary data/],
  ["an extension", "msgpack", [0xd4, 1, 0], /extension type/],
  ["an instant", "msgpack", [0xd6, 0xff, 0, 0, 0, 0], /extension type/],
  ["a key that is a number", "msgpack", [0x81, 1, 1], /map key that is not a text/],
  ["a key that is null", "msgpack", [0x81, 0xc0, 1], /map key that is not a text/],
  ["a list that claims 4 GiB", "msgpack", [0xdd, 0xff, 0xff, 0xff, 0xff], /cut off/],
  ["an object that claims 4 GiB", "msgpack", [0xdf, 0xff, 0xff, 0xff, 0xff], /cut off/],
  ["a text that claims 4 GiB", "msgpack", [0xdb, 0xff, 0xff, 0xff, 0xff], /cut off/],
  ["binary data that claims 4 GiB", "msgpack", [0xc6, 0xff, 0xff, 0xff, 0xff], /binary data/],
];

describe("a body that is not valid", () => {
  for (const [what, format, payload, message] of refused) {
    it(`${what} in ${format} is refused, and nothing is kept`, () =>
      withBroker(async (parts) => {
        const bytes = typeof payload === "string"
          ? encoder.encode(payload)
          : Uint8Array.from(payload);
        const body = bodyOf(format, bytes);
        const { status, bytes: answer } = await call(parts, "/jobs", { type: format, body });
        assert.equal(status, 400);
        const label = format === "json" ? "JSON" : "MessagePack";
        const { error } = JSON.parse(new TextDecoder().decode(answer));
        assert.ok(error.startsWith(`invalid ${label}: `), error);
        assert.match(error, message);
        assert.equal(await parts.client.count(), 0);
      }));
  }

  it("every beginning of a valid body is refused", () =>
    withBroker(async (parts) => {
      for (const format of formats) {
        const body = bodyOf(format, codecs[format].encode({ a: [1, "é", -1.5, 2 ** 40] }));
        for (let length = 0; length < body.length; length++) {
          const { status } = await call(parts, "/jobs", {
            type: format,
            body: body.slice(0, length),
          });
          assert.equal(status, 400, `${length} bytes of ${format}`);
        }
      }
      assert.equal(await parts.client.count(), 0);
    }));

  it("UTF-16, or a byte order mark, is refused", () =>
    withBroker(async (parts) => {
      const text = '{"type":"t","queue":"q","payload":1}';
      const wide = Uint8Array.from([...text].flatMap((letter) => [letter.charCodeAt(0), 0]));
      const marks = [[0xff, 0xfe], [0xfe, 0xff], [0xef, 0xbb, 0xbf]];
      for (const mark of marks) {
        for (const rest of [wide, encoder.encode(text)]) {
          const body = Uint8Array.from([...mark, ...rest]);
          assert.equal((await call(parts, "/jobs", { type: "json", body })).status, 400);
        }
      }
      assert.equal((await call(parts, "/jobs", { type: "json", body: wide })).status, 400);
      assert.equal(await parts.client.count(), 0);
    }));
});
