/** Programs that use too much end by a limit: soon, and on every runtime. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  compile,
  JqCompileError,
  JqError,
  JqLimitError,
  type JqLimits,
  type Json,
} from "../../src/jq/mod.ts";

/** So small that every program here runs for some milliseconds. */
const limits: JqLimits = {
  steps: 300_000,
  outputs: 1000,
  stringLength: 100_000,
  arrayLength: 10_000,
};

/** The limit that ends a program. */
function limitOf(source: string, input: Json = null): string {
  try {
    const outputs = [...compile(source, { limits }).run(input)];
    return `none, ${outputs.length} outputs`;
  } catch (error) {
    if (error instanceof JqLimitError) return error.limit;
    throw error;
  }
}

/** Whether a program ends by outputs, a JqError or a limit, and by no error of the runtime. */
function endsWell(source: string, input: Json): boolean {
  try {
    limitOf(source, input);
    return true;
  } catch (error) {
    return error instanceof JqError;
  }
}

function nest(depth: number, wrap: (inner: Json) => Json): Json {
  let value: Json = 1;
  for (let i = 0; i < depth; i++) value = wrap(value);
  return value;
}

const deepArray = nest(20_000, (inner) => [inner]);
const deepObject = nest(20_000, (inner) => ({ a: inner }));
/** 2 ** 100 values when it is written as text, and small in memory. */
const shared = nest(100, (inner) => [inner, inner]);

describe("the limit steps ends", () => {
  const sources = [
    "def f: f; f",
    "def f(x): f(x); f(.)",
    "def f: def g: f; g; f",
    "last(repeat(1))",
    "first(repeat(empty))",
    "until(false; .)",
    "range(1e12) | empty",
    "reduce range(1e12) as $i (0; . + $i)",
    "[foreach range(1e12) as $i (0; $i; empty)]",
    '"\\(range(1e9))" | empty',
    "{a: range(1e9)} | empty",
    "isempty(range(1e9) | select(. < 0))",
    "[range(5000)] - [range(5000)]",
    "[range(9000) | 0] as $a | $a | indices($a[4000:])",
    "reduce range(1e6) as $i ({}; .[$i | tostring] = $i)",
    "reduce range(9999) as $i ([]; . + [$i])",
    "all(range(1e9); true)",
    "path(repeat(.)) | empty",
    "label $out | repeat(1) | empty",
  ];
  for (const source of sources) test(source, () => assert.equal(limitOf(source), "steps"));

  describe("a program whose single operations take long", () => {
    const slow = [
      '("a" * 1e5) as $a | [range(300) | [$a] | contains(["b"])]',
      "[range(9000) | [., .] | transpose?]",
      "[range(9000) | todate | fromdate]",
      '[range(9000) | strftime("%c")]',
      '("%c" * 1e4) as $format | 0 | strftime($format)',
      '"é" * 1e4 | [range(30) as $i | @uri | length]',
      '[range(9000) | {key: "k\\(.)", value: 1}] | from_entries | with_entries(.) | to_entries',
      "[range(300) | 0.1] as $list | [range(200) | $list | tojson | length]",
      "[range(9999) | label $a | ., (label $b | break $b), break $a] | length",
      "[range(9999) | .[0]?, (. as [$a] ?// $a | $a)]",
      '"a" * 1e5 | test("a" * 200 + "b")',
      '("[" + ([range(1000; 2000) | [.] | implode] | add) + "]+z") as $set | "é" * 1e5 | test($set)',
    ];
    for (const source of slow) test(source, () => assert.equal(limitOf(source), "steps"));
  });

  test("a program over a value that has one part in many places", () => {
    for (const source of ["flatten", "[.. | empty]", "walk(.)", ". == (tojson | .)", "tostream"]) {
      assert.notEqual(limitOf(source, shared), "none", source);
    }
    assert.equal(limitOf(".", shared), "steps");
    assert.equal(limitOf("reduce range(99) as $i (1; [., .])"), "steps");
  });
});

describe("the limit steps or stack ends a regular expression that backtracks for too long", () => {
  const programs: [source: string, input: string][] = [
    ['test("(a+)+$")', `${"a".repeat(40)}!`],
    ['test("(a|a)*$")', `${"a".repeat(40)}!`],
    ['test("(a|aa)+$")', `${"a".repeat(60)}!`],
    ['test("^(\\\\w+\\\\s?)*$")', `${"word ".repeat(20)}!`],
    ['test("(.*)*(.*)*(.*)*x")', "a".repeat(40)],
    ['test("a*a*a*a*a*b")', "a".repeat(500)],
    ['[match("a*?b"; "g")]', "a".repeat(9000)],
    ['test("((?=(a+))a?)*b|(a*)*c")', "a".repeat(40)],
    ['test("(?<=(a+)+)b")', `${"a".repeat(60)}`],
    ['test("((a{1,99}){1,99}){1,99}b")', "a".repeat(200)],
    ['test("(a+)+$"; "l")', "a".repeat(60)],
  ];
  for (const [source, input] of programs) {
    test(source, () => assert.match(limitOf(source, input), /^(steps|stack)$/));
  }
});

describe("a limit of size ends", () => {
  const bySize: Record<string, string[]> = {
    stringLength: [
      '"a" * 1e9',
      '"a" * 1e4 * 1e4',
      'reduce range(1e6) as $i (""; . + "aaaaaaaaaaaaaaaaaaaaaaaaa")',
      '[range(9000) | "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"] | join("")',
      '"aa" * 5e4 | gsub("aa"; "bbbb")',
      '"a" * 1e5 | @base64',
      '("a" * 1e5) as $a | "\\($a)\\($a)"',
      '[range(9999) | "aaaaaaaaaaaaaaa"] | tojson',
    ],
    arrayLength: [
      "[range(1e9)]",
      "[limit(1e9; repeat(1))]",
      "[.[1e9] = 1]",
      ".[1e7] = 1",
      "[range(9000)] | . + .",
      '"a" * 1e5 | explode',
      '"ab" * 5e4 | split("a")',
      '"," * 2e4 | [splits(",")]',
      "[while(true; .)]",
      "[range(200)] | [combinations(2)]",
    ],
    outputs: ["repeat(1)", "range(1e9)", "recurse(.)", "def f: 1, f; f", "while(true; .)"],
  };
  for (const [limit, sources] of Object.entries(bySize)) {
    for (const source of sources) test(source, () => assert.equal(limitOf(source), limit));
  }
});

describe("a limit ends deep recursion", () => {
  const sources = [
    "def f: 1 + f; f",
    "def f: [f]; f",
    "def f: {a: f}; f",
    "def f: f, f; f",
    "def f(x): x | f(x + 1); f(1)",
    "def f(g): g | f(g); f(.)",
    "def f: f | 1; f",
    "(def f: 1 + f; f)?",
    'try (def f: [f]; f) catch "caught"',
    "def f: first(f); f",
    "def f: reduce f as $x (0; 1); f",
    "def f: path(f); f",
    "def f: label $l | f | 1; f",
    "[recurse(.; . == null) | empty]",
  ];
  for (const source of sources) {
    test(source, () => assert.match(limitOf(source), /^(depth|stack|steps)$/));
  }

  test(
    "a deeply nested input ends no program by an error of the runtime",
    { timeout: 30_000 },
    () => {
      const sources = [
        ...["[recurse]", ".. | numbers", "tojson", "walk(.)", "flatten", "[paths]", "del(..)"],
        ...["[tostream]", "[.[]] == .", "[., .] | sort", "contains(.)", ". * .", "{a: .}", "@text"],
      ];
      for (const source of sources) {
        for (const input of [deepArray, deepObject]) {
          // Which limit it is depends on how deep the runtime's stack is; that it is one does not.
          assert.ok(endsWell(source, input), source);
        }
      }
    },
  );

  test("a call in tail position may be repeated 100,000 times", () => {
    const loop = compile("def f: if . >= 100000 then . else . + 1 | f end; f");
    assert.equal(loop.one(0), 100_000);
    const list = compile("last(def f: ., (if . < 100000 then . + 1 | f else empty end); f)");
    assert.equal(list.one(0), 100_000);
  });

  test("the option depth sets the depth at which recursion ends", () => {
    const source = "def f: if . > 0 then 1 + (. - 1 | f) else 0 end; f";
    assert.equal(compile(source, { limits: { depth: 100 } }).one(50), 50);
    assert.throws(() => compile(source, { limits: { depth: 100 } }).one(200), {
      name: "JqLimitError",
      limit: "depth",
    });
  });
});

describe("a source that is nested too deeply is refused by compile()", () => {
  const sources = [
    "[".repeat(100_000),
    "(".repeat(100_000),
    "-".repeat(100_000) + "1",
    "1+".repeat(100_000) + "1",
    "1|".repeat(100_000) + "1",
    ".a".repeat(100_000),
    '"\\('.repeat(100_000),
    "def f: ".repeat(100_000),
    "if 1 then ".repeat(100_000),
    "try ".repeat(100_000) + "1",
    ". as [" + "[".repeat(100_000),
    "{a: ".repeat(100_000),
  ];
  for (const source of sources) {
    test(source.slice(0, 20), () => assert.throws(() => compile(source), JqCompileError));
  }

  test("a long source that is not nested deeply is compiled", () => {
    const list = Array.from({ length: 5000 }, (_, i) => i);
    assert.deepEqual(compile(JSON.stringify(list)).one(null), list);
  });
});

describe("JqLimits", () => {
  test("a limit is not caught by try, ? or // in the program", () => {
    assert.equal(limitOf('try repeat(1) catch "caught"'), "outputs");
    assert.equal(limitOf("(def f: f; f)?"), "steps");
    assert.equal(limitOf("(def f: f; f) // 1"), "steps");
  });

  test("the steps are counted anew in each evaluation", () => {
    const program = compile("[range(1000)] | length", { limits: { steps: 5000 } });
    for (let i = 0; i < 20; i++) assert.equal(program.one(null), 1000);
  });

  test("a limit that is not a positive number is refused with a RangeError", () => {
    assert.throws(() => compile(".", { limits: { steps: 0 } }), RangeError);
    assert.throws(() => compile(".", { limits: { depth: NaN } }), RangeError);
  });
});
