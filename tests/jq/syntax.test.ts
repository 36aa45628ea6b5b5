/** The errors for a source that is not a program, with their positions. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, JqCompileError } from "../../src/jq/mod.ts";

function mistake(source: string): string {
  try {
    compile(source);
  } catch (error) {
    if (error instanceof JqCompileError) return `${error.line}:${error.column} ${error.reason}`;
  }
  return "none";
}

describe("JqCompileError tells the position of a mistake and what was expected", () => {
  const mistakes: Record<string, string> = {
    "": "1:1 expected a term, got the end",
    "  ": "1:3 expected a term, got the end",
    "# only a comment": "1:17 expected a term, got the end",
    ".[*]": '1:3 expected a term, got "*"',
    ".x ====": '1:6 expected a term, got "=="',
    ".a |": "1:5 expected a term, got the end",
    ".a b": '1:4 expected an operator or the end, got "b"',
    ".a .": '1:5 expected a key, a string or "[", got the end',
    "[1, 2": '1:6 expected "]", got the end',
    "{a: 1": '1:6 expected "," or "}", got the end',
    "{1: 2}": '1:2 expected a key, got "1"',
    "{a: 1 + 2}": '1:7 expected "," or "}", got "+"',
    "(1": '1:3 expected ")", got the end',
    '"abc': `1:2 expected a closing '"', got the end`,
    '"a\\x"': '1:3 expected an escape, got "\\x"',
    '"\\ud800"': "1:2 expected a pair of surrogates",
    '"\\(1"': '1:5 expected ")", got """',
    "1 == 2 == 3": '1:8 expected an operator that binds otherwise, got "=="',
    ".a = .b = 1": '1:9 expected an operator that binds otherwise, got "="',
    "if 1 then 2": '1:12 expected "elif", "else" or "end", got the end',
    "if 1 else 2 end": '1:6 expected "then", got "else"',
    "reduce .[] as x (0; 1)": '1:15 expected a variable, "[" or "{", got "x"',
    "reduce .[] as $x (0)": '1:20 expected ";", got ")"',
    ". as [] | 1": '1:7 expected a variable, "[" or "{", got "]"',
    "def f: 1;": "1:10 expected a term, got the end",
    "def f(: 1; f": '1:7 expected a parameter, got ":"',
    "try": "1:4 expected a term, got the end",
    "label x | 1": '1:7 expected a label such as $out, got "x"',
    "break": "1:6 expected a label such as $out, got the end",
    "break $out": '1:7 undefined label "$out"',
    "1 +\n  f(1)": '2:3 undefined filter "f/1"',
    "map(.a; .b)": '1:1 undefined filter "map/2"',
    "$x": '1:1 undefined variable "$x"',
    "@nothing": '1:1 undefined format "@nothing"',
    "'a'": `1:1 expected a term, got "'"`,
    "{(1): 2}": "1:2 expected a string as a key, got 1",
  };
  for (const [source, expected] of Object.entries(mistakes)) {
    test(JSON.stringify(source), () => assert.equal(mistake(source), expected));
  }
});

describe("JqCompileError tells why a builtin or keyword of jq is refused", () => {
  const refused: Record<string, RegExp> = {
    input: /one input/,
    "[inputs]": /one input/,
    debug: /no output/,
    'debug("x")': /no output/,
    stderr: /no output/,
    input_line_number: /no file/,
    input_filename: /no file/,
    env: /environment/,
    "$ENV.PATH": /environment/,
    halt: /cannot end the process/,
    "halt_error(1)": /cannot end the process/,
    now: /no clock/,
    'import "a" as a; a::f': /no modules/,
    'include "a"; f': /no modules/,
    "module {}; 1": /no modules/,
    modulemeta: /no modules/,
  };
  for (const [source, reason] of Object.entries(refused)) {
    test(source, () => assert.match(mistake(source), reason));
  }
});

describe("programs that jq 1.7.1 does not have", () => {
  const accepted: [source: string, input: null, output: unknown][] = [
    ["[.[]?//1]", null, [1]],
    ["if true then {a: 1} else 0 end.a", null, 1],
    ["reduce range(3) as $x ([]; . + [$x])[1]", null, 1],
    ['" a " | [trim, ltrim, rtrim]', null, ["a", "a ", " a"]],
    ["[1, [2] | toarray]", null, [[1], [2]]],
    ["add(1, 2)", null, 3],
    ["[skip(1; 1, 2, 3)]", null, [2, 3]],
    ["65 | ascii", null, "A"],
    ['"a" | @base32, (@base32 | @base32d) | .', null, "ME======"],
  ];
  for (const [source, input, output] of accepted) {
    test(source, () => assert.deepEqual(compile(source).first(input), output));
  }
});
