/** Numbers with more digits than a double keeps: read, compared and written by their digits. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, JqError, JqLimitError, type Json } from "../../src/jq/mod.ts";
import { compileExact } from "../../src/jq/program.ts";
import { hasExactNumbers, readExactJson } from "../../src/jq/values/exact-json.ts";
import {
  compareExact,
  ExactNumber,
  exactText,
  isNumber,
  readNumber,
  toDouble,
} from "../../src/jq/values/exact-number.ts";
import type { Json as Value } from "../../src/jq/values/json.ts";
import { createRandom } from "../support/random.ts";

const id = "1234567890123456789";

/** The JSON of a program's only output, with all digits. */
function run(source: string, input = "null"): string {
  return JSON.stringify(compileExact(source, {}).one(readExactJson(input)));
}

/** A decimal text as an integer, scaled by 10 ** 60. */
function scaled(text: string): bigint {
  const [, sign, whole, fraction = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/
    .exec(text)!;
  const digits = BigInt(`${whole}${fraction}`) * (sign === "-" ? -1n : 1n);
  const shift = 60 + Number(power) - fraction.length;
  return digits * 10n ** BigInt(shift);
}

describe("readNumber()", () => {
  test("gives a plain number for what a double is written as, however it is spelled", () => {
    const texts = [
      ...[
        "0",
        "-0",
        "1",
        "1.0",
        "1.50",
        "1e2",
        "1E+2",
        "100e-2",
        "0.1",
        "5e-324",
        "1e308",
        "0e-999",
      ],
      ...["9007199254740992", "1234567890123456800", "12345678901234568e2", "0.30000000000000004"],
      ...["1.7976931348623157e308", "1e400", "-1e400", "0.000000000000000000000000000000001"],
      ...["1.00000000000000000000000", "123456789012345", "1.0e-0000000000000000000000000001"],
    ];
    for (const text of texts) assert.equal(readNumber(text), Number(text), text);
  });

  test("gives an exact one for what no double is written as", () => {
    const texts = [
      ...[id, `-${id}`, "9007199254740993", "9007199254740991.5", "18446744073709551615"],
      ...["100000000000000000001", "0.1000000000000000055511151231257827", "0.10000000000000001"],
      ...["4.9e-324", "1e-400", "-1e-400", "1.00000000000000000000001"],
    ];
    for (const text of texts) {
      const number = readNumber(text);
      assert.ok(number instanceof ExactNumber, text);
      assert.equal(toDouble(number), Number(text));
      assert.equal(exactText(number).toLowerCase(), text);
      assert.equal(JSON.stringify([number]).toLowerCase(), `[${text}]`);
    }
  });

  test("reads any number of digits", () => {
    const digits = "123456789".repeat(100_000);
    assert.equal(exactText(readNumber(`0.${digits}`) as ExactNumber), `0.${digits}`);
    assert.equal(readNumber(`1.${"0".repeat(900_000)}`), 1);
    assert.equal(readNumber(digits), Infinity);
  });
});

describe("compareExact()", () => {
  test("gives the order of the decimal values", () => {
    const random = createRandom(7);
    const digit = () => `${random.int(10)}`;
    const some = (most: number) => Array.from({ length: 1 + random.int(most) }, digit).join("");
    const near = ["9007199254740993", "0.1", "123456789012345678901234567890", "1e-20"];
    const make = () => {
      if (random.int(3) === 0) return `${near[random.int(near.length)]}`;
      const whole = some(24).replace(/^0+(?=\d)/, "");
      const fraction = random.int(2) === 0 ? "" : `.${some(24)}`;
      return `${random.int(2) === 0 ? "-" : ""}${whole}${fraction}`;
    };
    for (let round = 0; round < 20_000; round++) {
      const a = make();
      // Half of the time another one with the same beginning.
      const b = random.int(2) === 0 || a.includes("e") ? make() : a.slice(0, -1) + digit();
      const b2 = /\d$/.test(b) ? b : `${b}0`;
      const difference = scaled(a) - scaled(b2);
      const expected = difference < 0n ? -1 : difference > 0n ? 1 : 0;
      // A double that is no exact number stands for the digits with which it is written, which are those of the text.
      const found = compareExact(readNumber(a), readNumber(b2));
      assert.equal(Math.sign(found), expected, `${a} ${b2}`);
    }
  });

  test("puts nan before all, and infinity behind", () => {
    const number = readNumber(id);
    assert.ok(compareExact(NaN, number) < 0);
    assert.ok(compareExact(number, NaN) > 0);
    assert.ok(compareExact(number, Infinity) < 0);
    assert.ok(compareExact(number, -Infinity) > 0);
  });
});

describe("readExactJson()", () => {
  test("reads what JSON.parse reads, and in the same order", () => {
    const texts = [
      ...[
        "1",
        " -1.5e3 ",
        "true",
        "false",
        "null",
        '""',
        '"a\\n\\u00e9\\"\\\\"',
        "[]",
        "{}",
        "[ ]",
      ],
      ...['[1,[2, [3 ]],{"a":{}}]', '{"b":1,"a":2,"10":3,"a":4,"":5}', '{ "a" : [ true , null ] }'],
      ...[
        '{"__proto__":{"a":1},"c":2}',
        '"\\\\"',
        '["\\\\","\\"",""]',
        '{"\\n":1,"\\\\":2}',
        "\t[\n1\r]",
      ],
      ...[`["${id}",",${id}","[${id}]",":${id}\\" "]`, "[1e-5,2.5E+3,0.000001,-0]"],
    ];
    for (const text of texts) {
      const value = readExactJson(text);
      assert.deepEqual(value, JSON.parse(text), text);
      assert.equal(JSON.stringify(value), JSON.stringify(JSON.parse(text)), text);
    }
  });

  test("is needed for those texts only that have exact numbers, or may have them", () => {
    const plain = ["1", '{"a":[1.5,"x"],"b":1e-200}', "[0.30000000000000004]", `["${id}","e-400"]`];
    for (const text of plain) assert.equal(hasExactNumbers(text), false, text);
    const exact = [id, `-${id}`, `[${id}]`, `{"a":${id}}`, `{"a": -${id}}`, "[1,4.9e-324]"];
    for (const text of exact) assert.equal(hasExactNumbers(text), true, text);
    for (let before = 0; before < 40; before++) {
      assert.equal(hasExactNumbers(`[${" ".repeat(before)}9007199254740993]`), true);
    }
  });
});

describe("an exact number in a program", () => {
  test("is passed on with all digits", () => {
    const input = `{"a":${id},"b":[-${id},{"c":0.1000000000000000055511151231257827}]}`;
    for (
      const source of [".", "with_entries(.)", ". + {}", ".x = 1 | del(.x)", "tojson | fromjson"]
    ) {
      assert.equal(run(source, input), input, source);
    }
  });

  test("is a double once it is computed with", () => {
    assert.equal(run(". + 0", id), "1234567890123456800");
    assert.equal(run("[range(.; . + 1000; 500)]", id), `[${id},1234567890123457300]`);
  });

  test("has a negative with the same digits", () => {
    assert.equal(run("-.", id), `-${id}`);
    assert.equal(run("-. | -.", id), id);
    assert.equal(run(`-${id}`), `-${id}`);
    assert.equal(run(`[-${id}, -(${id}), {a: -${id}}]`), `[-${id},-${id},{"a":-${id}}]`);
    assert.equal(run(`. == -${id}`, `-${id}`), "true");
    assert.equal(run(`. == -1234567890123456788`, `-${id}`), "false");
    assert.equal(run("abs", `-${id}`), id);
  });

  test("equals a number that was computed only if that is written with the same digits", () => {
    assert.equal(run("(. + 0) == .", id), "false");
    assert.equal(run("(. + 0) == 1234567890123456800", id), "true");
  });

  test("is no object, whatever its members would be called", () => {
    for (const key of ["text", "double", "toJSON", "constructor", "__proto__", "a"]) {
      const message = `Cannot index number with string "${key}"`;
      for (const source of [`.${key}`, `.["${key}"]`, `.${key} = 1`]) {
        const program = compileExact(source, {});
        assert.throws(() => program.one(readNumber(id)), { name: "JqError", message }, source);
      }
    }
    assert.equal(run("[.. | type]", `[${id}]`), '["array","number"]');
  });

  test("is ordered among all others, so that to sort is to sort once", () => {
    const texts = ["-1e-400", "0", "1e-400", "0.1", "0.10000000000000001", "9007199254740992"];
    texts.push("9007199254740993", "9007199254740994", id, "1234567890123456800");
    const sorted = `[${texts.join()}]`.replaceAll("e", "E");
    assert.equal(run("sort", `[${texts.toReversed().join()}]`), sorted);
    assert.equal(run("reverse | unique", `[${texts.join()},${texts.join()}]`), sorted);
  });
});

describe("compile() of users, whose numbers are doubles", () => {
  test("gives the nearest double at last, and compares digits before", () => {
    assert.deepEqual([...compile(`${id}, [{a: ${id}}]`).run(null)], [Number(id), [{
      a: Number(id),
    }]]);
    assert.equal(compile(`${id} == 1234567890123456788`).one(null), false);
    assert.equal(compile('"[1234567890123456789]" | fromjson | tojson').one(null), `[${id}]`);
    assert.equal(compile("tonumber | tostring").one(id), id);
  });

  test("gives doubles in the values of errors", () => {
    for (
      const [source, value] of [[`error(${id})`, Number(id)], [`error([${id}])`, [Number(id)]]]
    ) {
      const isIt = (error: unknown) => {
        assert.ok(error instanceof JqError);
        assert.deepEqual(error.value, value);
        assert.match(error.message, /1234567890123456789/);
        return true;
      };
      assert.throws(() => compile(source as string).one(null), isIt);
    }
  });
});

describe("the digits of an exact number are paid for", () => {
  const limits = { steps: 300_000 };
  const long = readNumber(`0.${"1".repeat(100_000)}`);
  const other = readNumber(`0.${"1".repeat(99_999)}2`);
  const sources = [
    "[range(9000) as $i | $a == $b]",
    "[range(9000) as $i | $a < $b]",
    "[range(9000) as $i | [$a] == [$b]]",
    "[range(9000) | $a, $b] | sort",
    "[range(9000) | $a] | unique",
    "[range(9000) | $a | tojson | length]",
    "[range(9000) | [$a] | @csv | length]",
    "reduce range(9000) as $i ($a; -.)",
    "[range(9000) | $a] | index($b)",
    "($a | tojson) as $text | [range(9000) | $text | tonumber | empty]",
  ];
  for (const source of sources) {
    test(source, () => {
      const program = compileExact(source, { limits, variables: ["a", "b"] });
      assert.throws(
        () => program.one(null, { a: long, b: other }),
        (error) => error instanceof JqLimitError && error.limit === "steps",
      );
    });
  }
});

test("isNumber() tells numbers of both kinds from all else", () => {
  for (const value of [1, NaN, readNumber(id)] as Value[]) assert.equal(isNumber(value), true);
  for (const value of [null, "1", {}, [], true] as Json[]) assert.equal(isNumber(value), false);
});
