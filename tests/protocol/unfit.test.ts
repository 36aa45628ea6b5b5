import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { findUnfit } from "../../src/protocol/unfit.ts";
import { createScript } from "../client/script.ts";

const circle: Record<string, unknown> = { name: "a" };
circle["list"] = [{ circle }];

class Order {
  readonly id = 1;
  total() {
    return 2;
  }
}

describe("findUnfit()", () => {
  const shared = { a: 1 };
  const fine: unknown[] = [
    "x",
    1.5,
    -0,
    true,
    null,
    undefined,
    {},
    [],
    { a: undefined, b: [null, { c: "d" }] },
    Object.assign(Object.create(null), { a: 1 }),
    new Order(),
    { toJSON: () => 1 },
    { twice: [shared, shared], again: shared },
    { page: new URL("https://example.com") },
    JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`),
  ];
  for (const [index, value] of fine.entries()) {
    it(`finds nothing in what JSON carries (${index})`, () => {
      assert.equal(findUnfit(value), undefined);
    });
  }

  const unfit: [value: unknown, complaint: string][] = [
    [
      { items: [{ at: 1 }, {}, { at: new Date() }] },
      ".items[2].at: a Date does not survive JSON, send a number or a string",
    ],
    [new Map(), ": a Map does not survive JSON, send an object or a list"],
    [{ a: new Set([1]) }, ".a: a Set does not survive JSON, send a list"],
    [[/x/], "[0]: a RegExp does not survive JSON, send a string"],
    [{ f() {} }, ".f: a function does not survive JSON, leave it out"],
    [{ s: Symbol("s") }, ".s: a symbol does not survive JSON, send a string"],
    [{ "a b": 1n }, '["a b"]: a bigint does not survive JSON, send a string'],
    [{ list: [1, undefined] }, ".list[1]: undefined does not survive JSON, send null"],
    [new Array(1), "[0]: undefined does not survive JSON, send null"],
    [{ n: NaN }, ".n: NaN does not survive JSON, send null"],
    [-Infinity, ": -Infinity does not survive JSON, send null"],
    [{ u: Promise.resolve() }, ".u: a Promise does not survive JSON, await it"],
    [{ e: new TypeError("x") }, ".e: an Error does not survive JSON, send its message"],
    [{ b: new Uint8Array(2) }, ".b: bytes do not survive JSON, send a string such as base64"],
    [circle, ".list[0].circle: it goes in a circle, which JSON cannot carry"],
  ];
  for (const [value, complaint] of unfit) {
    it(`finds${complaint}`, () => assert.equal(findUnfit(value), complaint));
  }
});

describe("payloads that JSON does not carry", () => {
  const at = { at: new Date(0) };
  const message = "payload.at: a Date does not survive JSON, send a number or a string";
  // A schema that accepts everything, as a JavaScript program may have it.
  const anything = {
    "~standard": { version: 1, validate: (value: unknown) => ({ value }) },
  } as const;
  const mail = defineJob({ type: "mail", queue: "mail", payload: anything });

  it("are refused before anything is sent, also if a schema accepts them", async () => {
    const { fetch, sent } = createScript();
    const client = createClient({ fetch });
    const request = { type: "t", queue: "q", payload: at };
    await assert.rejects(client.enqueue(mail, at), { name: "PayloadError", message });
    await assert.rejects(client.enqueue(request), { name: "PayloadError", message });
    await assert.rejects(client.enqueueMany(mail, [1, at]), { message: `payloads[1]: ${message}` });
    await assert.rejects(client.enqueueMany([{ ...request, payload: 1 }, request]), {
      message: `requests[1]: ${message}`,
    });
    assert.throws(() => mail.toRequest(at), { name: "PayloadError", message });
    assert.deepEqual(sent, []);
  });
});
