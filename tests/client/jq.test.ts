import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jq } from "../../src/client/mod.ts";
import { compile } from "../../src/jq/mod.ts";
import { createRandom, randomValue } from "../support/random.ts";

describe("jq", () => {
  it("writes values as JSON", () => {
    assert.equal(jq`.a == ${1} and .b == ${"x"}`, '.a == (1) and .b == ("x")');
    assert.equal(jq`.`, ".");
    assert.equal(jq`${[1, { a: null }]}`, '([1,{"a":null}])');
    assert.equal(jq`.n - ${-1}`, ".n - (-1)");
    assert.equal(jq`.id == ${1234567890123456789n}`, ".id == (1234567890123456789)");
  });

  it("quotes texts, so that none becomes code", () => {
    for (const text of ['" or true or "', "\\(error)", '\\"', "#", "$x", "\n", "'", "\u0000"]) {
      assert.equal(compile(jq`. == ${text}`).some(text), true, text);
      assert.equal(compile(jq`. == ${text}`).some("other"), false, text);
    }
    const random = createRandom(1);
    for (let i = 0; i < 200; i++) {
      const value = JSON.parse(JSON.stringify(randomValue(random)));
      assert.deepEqual(compile(jq`${value}`).one(null), value);
    }
  });

  it("refuses what is no JSON value", () => {
    for (const value of [undefined, NaN, Infinity, () => 1, Symbol("x")]) {
      assert.throws(() => jq`. == ${value}`, TypeError);
    }
  });
});
