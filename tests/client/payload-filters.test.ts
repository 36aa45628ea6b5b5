/** Filters by payload: the texts, and which jobs they find. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { payloadContains, payloadEquals, payloadStartsWith } from "../../src/client/mod.ts";
import { compile } from "../../src/jq/mod.ts";
import { job, withBroker } from "../support/broker.ts";

describe("filters by payload", () => {
  it("are the texts of the protocol's clients", () => {
    assert.equal(payloadEquals({ a: [1] }), '. == {"a":[1]}');
    assert.equal(payloadEquals("x", "user.name"), '.user.name == "x"');
    assert.equal(payloadContains({ a: 1 }), '. | contains({"a":1})');
    assert.equal(payloadContains(["x"], "tags"), '.tags | contains(["x"])');
    assert.equal(payloadStartsWith(["Bill", 2], "args"), '.args[0:2] == ["Bill",2]');
    assert.equal(payloadStartsWith([]), ".[0:0] == []");
    assert.equal(payloadEquals(-1, ["a b", 0]), '.["a b"][0] == -1');
    assert.equal(payloadEquals(12345678901234567890n), ". == 12345678901234567890");
  });

  it("let no value and no key become code", () => {
    for (const text of ['" or true or "', "\\(error)", '\\"', '"] | true #', "\n", "'", "\u0000"]) {
      for (
        const [filter, whole] of [
          [payloadEquals(text), text],
          [payloadContains([text]), [text]],
          [payloadStartsWith([text]), [text]],
          [payloadEquals(1, [text]), { [text]: 1 }],
        ] as const
      ) {
        assert.equal(compile(filter).some(whole), true, filter);
        assert.equal(compile(filter).some(Array.isArray(whole) ? ["other"] : {}), false, filter);
      }
    }
    assert.throws(() => payloadEquals(undefined), TypeError);
    assert.throws(() => payloadEquals(1, [1.5]), TypeError);
  });

  it("find jobs", () =>
    withBroker(async ({ client }) => {
      const payloads = [{ args: ["Bill", "Ben"] }, { args: ["Bill"] }, { args: [] }, 5, null];
      await client.enqueueMany(payloads.map((payload) => job({ payload })));
      const found = async (filter: string) =>
        (await client.page({ filter })).jobs.map(({ payload }) => payload);
      assert.deepEqual(await found(payloadEquals(5)), [5]);
      assert.deepEqual(await found(payloadEquals(null)), [null]);
      assert.deepEqual(await found(payloadContains({ args: ["Ben"] })), [payloads[0]]);
      assert.deepEqual(await found(payloadStartsWith(["Bill"], "args")), payloads.slice(0, 2));
      assert.deepEqual(await found(payloadStartsWith(["Bill", "Ben"], "args")), [payloads[0]]);
    }));
});
