/** Unique keys of payloads: the recipe of the Ruby client, and parts of a payload. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  defineJob,
  fromRubyPayload,
  type RubyPayload,
  toRubyPayload,
  toUniqueKey,
  uniqueBy,
} from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";

/** What the Ruby client makes of `MyApp::MyJob` with these arguments. */
const vectors: readonly [kwargs: Record<string, unknown>, hash: string][] = [
  [{ example: 42 }, "0b9ca7f07581994caa848878576fed30e09e7177611c01aeafe7113921090c29"],
  [{ example: 99 }, "3be19cc482f366dcd538c22b8536d7947672071b8c8fb3a2486ebfd04b2216b6"],
  [{}, "bcd08012e829243d82e953a8140ffb58aeeb839e545ee1547a894bb2c9ba1b8f"],
];

describe("unique keys", () => {
  it("are those of the Ruby client", async () => {
    const job = defineJob<RubyPayload>({
      type: "MyApp::MyJob",
      queue: "ruby",
      uniqueKey: uniqueBy(),
    });
    for (const [kwargs, hash] of vectors) {
      const payload = toRubyPayload(["Bill", "Ben"], kwargs);
      assert.deepEqual(payload, { args: ["Bill", "Ben"], kwargs });
      assert.equal(await toUniqueKey("MyApp::MyJob", payload), `MyApp::MyJob:${hash}`);
      assert.equal(await toUniqueKey("MyApp::MyJob", payload, { prefix: false }), hash);
      assert.equal((await job.toRequest(payload)).uniqueKey, `MyApp::MyJob:${hash}`);
    }
  });

  it("do not depend on the order of keys, at any depth, and do on that of lists", async () => {
    const key = await toUniqueKey("t", { a: { x: 1, y: [{ p: 1, q: 2 }] }, b: null });
    assert.equal(await toUniqueKey("t", { b: null, a: { y: [{ q: 2, p: 1 }], x: 1 } }), key);
    assert.notEqual(await toUniqueKey("t", [1, 2]), await toUniqueKey("t", [2, 1]));
    // Beyond U+FFFF, the order of code points is not that of JavaScript: U+1F600 comes after U+FF21.
    const [low, high] = ["\uff21", "\u{1f600}"];
    const ordered = new TextEncoder().encode(`{"${low}":1,"${high}":2}`);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", ordered));
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const given = { [high]: 2, [low]: 1 };
    assert.equal(await toUniqueKey("t", given, { prefix: false }), hex);
  });

  it("are of what travels", async () => {
    const at = new Date(0);
    assert.equal(
      await toUniqueKey("t", { at, gone: undefined }),
      await toUniqueKey("t", { at: at.toJSON() }),
    );
    assert.equal(await toUniqueKey("t", undefined), await toUniqueKey("t", null));
  });

  it("are of parts of a payload", async () => {
    const of = (payload: unknown, only: (string | (string | number)[])[]) =>
      toUniqueKey("t", payload, { only });
    const same = async (a: unknown, b: unknown, only: (string | (string | number)[])[]) =>
      await of(a, only) === await of(b, only);
    assert.ok(await same({ a: 1, b: 1 }, { b: 2, a: 1 }, ["a"]));
    assert.ok(!await same({ a: 1, b: 1 }, { b: 2, a: 1 }, ["a", "b"]));
    assert.equal(await of({ a: 1, b: 2 }, ["a"]), await toUniqueKey("t", { a: 1 }));
    assert.equal(
      await of({ a: { b: 1, c: 2 }, d: 3 }, ["a.b", "d", "x.y"]),
      await toUniqueKey("t", { a: { b: 1 }, d: 3 }),
    );
    assert.equal(
      await of({ args: ["x", "y"] }, ["args.1"]),
      await toUniqueKey("t", { args: [null, "y"] }),
    );
    assert.equal(await of({ "a.b": 1, a: 2 }, [["a.b"]]), await toUniqueKey("t", { "a.b": 1 }));
    assert.equal(await of({ a: 1 }, [""]), await toUniqueKey("t", { a: 1 }));
    assert.equal(await of({ a: 1 }, ["b"]), await toUniqueKey("t", {}));
    // What an object inherits is no part of it, and no key reaches one.
    assert.equal(await of({ a: 1 }, ["constructor", "__proto__.x"]), await toUniqueKey("t", {}));
  });

  it("are of all but parts of a payload, which stays as it is", async () => {
    const payload = { a: { b: 1, c: 2 }, list: [1, 2], d: 3 };
    const except = ["a.b", "list.0", "d", "x.y"];
    assert.equal(
      await toUniqueKey("t", payload, { except }),
      await toUniqueKey("t", { a: { c: 2 }, list: [null, 2] }),
    );
    assert.deepEqual(payload, { a: { b: 1, c: 2 }, list: [1, 2], d: 3 });
  });

  it("have one part or the other", async () => {
    const message = "Cannot make a unique key of 'only' 'a' and 'except' 'b': give one of them";
    assert.throws(() => uniqueBy({ only: ["a"], except: ["b"] }), { name: "TypeError", message });
    await assert.rejects(toUniqueKey("t", 1, { only: ["a"], except: ["b"] }), { message });
  });

  it("keep a second job out of a broker, single and among many", () =>
    withBroker(async ({ client }) => {
      const job = defineJob<{ user: number; note: string }>({
        type: "t",
        queue: "q",
        uniqueKey: uniqueBy({ only: ["user"] }),
        uniqueWhile: "active",
      });
      const first = await client.enqueue(job, { user: 7, note: "a" });
      assert.equal(first.uniqueWhile, "active");
      const second = await client.enqueue(job, { user: 7, note: "b" });
      assert.deepEqual([second.id, second.duplicate], [first.id, true]);
      const many = await client.enqueueMany(job, [{ user: 8, note: "" }, { user: 7, note: "" }]);
      assert.deepEqual(many.map(({ duplicate }) => duplicate), [false, true]);
    }));
});

describe("payloads of Ruby jobs", () => {
  it("are read", () => {
    assert.deepEqual(fromRubyPayload({ args: [1], kwargs: { a: 2 } }), {
      args: [1],
      kwargs: { a: 2 },
    });
    assert.deepEqual(fromRubyPayload({ args: [1] }), { args: [1], kwargs: {} });
    assert.deepEqual(toRubyPayload(), { args: [], kwargs: {} });
    for (const other of [null, undefined, 1, [], { args: 1 }, { kwargs: [] }]) {
      assert.throws(() => fromRubyPayload(other), {
        name: "TypeError",
        message: /^Cannot read .* as arguments of a Ruby job: expected '\{ args: \[…\], kwargs/,
      });
    }
  });
});
