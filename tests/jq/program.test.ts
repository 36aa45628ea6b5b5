/** The ways to run a program: for all outputs, one, the first, or whether any is true; with variables and a clock. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, JqError, type JqProgram, type Json } from "../../src/jq/mod.ts";

/** The first outputs of a program; no more are asked for. */
function take(program: JqProgram, count: number, input: Json = null): Json[] {
  const outputs: Json[] = [];
  for (const output of program.run(input)) {
    outputs.push(output);
    if (outputs.length === count) break;
  }
  return outputs;
}

describe("run()", () => {
  test("gives the first outputs of a program with endlessly many", () => {
    assert.deepEqual(take(compile("repeat(1)"), 3), [1, 1, 1]);
    assert.deepEqual(take(compile("range(infinite)"), 5), [0, 1, 2, 3, 4]);
    assert.deepEqual(take(compile("def f: ., (. + 1 | f); f"), 1000, 0).at(-1), 999);
  });

  test("gives all outputs in order, however many", () => {
    const outputs = [...compile("range(5000) | ., -.").run(null)];
    assert.equal(outputs.length, 10_000);
    assert.deepEqual(outputs.slice(-2), [4999, -4999]);
  });

  test("gives the outputs before an error, and then throws it", () => {
    const outputs: Json[] = [];
    assert.throws(() => {
      for (const output of compile('range(100), error("late")').run(null)) outputs.push(output);
    }, { name: "JqError", message: "late", value: "late" });
    assert.equal(outputs.length, 100);
  });

  test("evaluates nothing before the first output is asked for", () => {
    const outputs = compile('error("at once")').run(null);
    assert.throws(() => [...outputs], JqError);
  });

  test("can be iterated twice at the same time", () => {
    const program = compile(".[] + 1");
    const pairs: unknown[] = [];
    for (const a of program.run([1, 2])) {
      for (const b of program.run([10])) pairs.push([a, b]);
    }
    assert.deepEqual(pairs, [[2, 11], [3, 11]]);
  });
});

describe("one()", () => {
  test("gives the only output, or undefined if there is none or more than one", () => {
    assert.equal(compile(".a").one({ a: 1 }), 1);
    assert.equal(compile("null").one(1), null);
    assert.equal(compile("empty").one(1), undefined);
    assert.equal(compile("1, 2").one(1), undefined);
    assert.equal(compile("repeat(1)").one(1), undefined);
  });

  test("throws an error that comes after the first output", () => {
    assert.throws(() => compile('1, error("x")').one(null), JqError);
  });
});

describe("first()", () => {
  test("gives the first output, and does not evaluate what follows", () => {
    assert.equal(compile('1, error("x")').first(null), 1);
    assert.equal(compile("empty").first(null), undefined);
    assert.throws(() => compile('error("x"), 1').first(null), JqError);
  });
});

describe("some()", () => {
  test("tells whether any output is neither false nor null", () => {
    assert.equal(compile(".[]").some([null, false, 0]), true);
    assert.equal(compile(".[]").some([null, false]), false);
    assert.equal(compile("empty").some(1), false);
    assert.equal(compile(".a == 1").some({ a: 1 }), true);
    assert.equal(compile('true, error("unseen")').some(null), true);
  });

  test("throws an error that comes before such an output", () => {
    assert.throws(() => compile(".a.b").some({ a: 1 }), {
      name: "JqError",
      message: 'Cannot index number with string "b"',
    });
  });
});

describe("JqOptions.variables", () => {
  test("a variable has the value of its name, or null without one", () => {
    const program = compile("[$a, $b, .]", { variables: ["a", "b"] });
    assert.deepEqual(program.one(1, { b: [2], a: 3 }), [3, [2], 1]);
    assert.deepEqual(program.one(1, { a: 3 }), [3, null, 1]);
    assert.deepEqual(program.one(1), [null, null, 1]);
  });

  test("a variable is known in definitions, and hidden by an inner one of its name", () => {
    const source = "def f: $a; 5 as $a | [f, $a]";
    assert.deepEqual(compile(source, { variables: ["a"] }).one(null, { a: 1 }), [1, 5]);
  });

  test("a variable that is not declared is refused", () => {
    assert.throws(() => compile("$a"), { reason: 'undefined variable "$a"' });
  });
});

describe("JqOptions.now", () => {
  test("the clock is read once for each evaluation", () => {
    let ms = 1_000;
    const program = compile("[now, now] | ., (.[0] | todate)", { now: () => ms += 500 });
    assert.deepEqual([...program.run(null)], [[1.5, 1.5], "1970-01-01T00:00:01Z"]);
    assert.deepEqual(program.first(null), [2, 2]);
  });

  test("the builtin now is refused without a clock", () => {
    assert.throws(() => compile("now"), { name: "JqCompileError" });
  });
});

describe("values of a program", () => {
  test("a member that objects inherit is not found", () => {
    for (const key of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      assert.equal(compile(`.${key}`).one({}), null);
      assert.equal(compile(`has("${key}")`).one({}), false);
      assert.equal(compile(`.["${key}"]`).one({}), null);
    }
  });

  test("a member named __proto__ is a member like any other", () => {
    const input = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as Json;
    const sources = [
      ". + {b: 2}",
      ". * {}",
      "with_entries(.)",
      "to_entries | from_entries",
      "map_values(.)",
      "del(.a)",
      ".a = 2",
      "{__proto__}",
      "pick(.__proto__)",
      "walk(.)",
      ". as {__proto__: $p} | {__proto__: $p}",
      'setpath(["__proto__", "polluted"]; true)',
      '. + {("__proto__"): {polluted: true}}',
      "{} | .__proto__.polluted = true",
      'reduce 1 as $x ({}; .["__proto__"] = {polluted: true})',
      "tojson | fromjson",
    ];
    for (const source of sources) {
      const output = compile(source).one(input) as object;
      assert.ok(Object.hasOwn(output, "__proto__"), source);
      assert.equal(Object.getPrototypeOf(output), Object.prototype, source);
      assert.equal("polluted" in output, false, source);
    }
    assert.equal("polluted" in {}, false);
  });

  test("the input is never changed", () => {
    const input = { a: [3, 1, 2], b: { c: 1 } };
    const before = JSON.stringify(input);
    const sources = [".a |= sort", ".b.c += 1", "del(.a[0])", ".a | sort, reverse, unique"];
    for (const source of sources) assert.ok([...compile(source).run(input)].length > 0);
    assert.equal(JSON.stringify(input), before);
  });

  test("nan and infinity are replaced in outputs, by default or by the option nonFinite", () => {
    assert.deepEqual(compile("[nan, infinite, {a: -infinite}]").one(null), [
      null,
      Number.MAX_VALUE,
      { a: -Number.MAX_VALUE },
    ]);
    const asText = compile("[nan, infinite]", { nonFinite: String });
    assert.deepEqual(asText.one(null), ["NaN", "Infinity"]);
  });
});
