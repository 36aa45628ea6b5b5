/**
 * What the gate concludes from what others print: a gate that cannot fail is none.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listFiles } from "./files.ts";
import { countTests } from "./junit.ts";
import { compare, readDeno, readMarks, readTsc } from "./mistakes.ts";
import { findSnippets } from "./snippets.ts";
import { isForNode24 } from "./suites.ts";
import { listChanges } from "./surface.ts";

describe("countTests()", () => {
  it("counts what Node writes: an unescaped '>' in a name, nested suites, a file that crashed", () => {
    const xml = `<testsuites>
      <testsuite name="outer &lt;&amp;> 'x'">
        <testcase name="a -> b" time="0.1" classname="test"/>
        <testcase name="c" failure="1 > 2"><failure message="1 > 2">no</failure></testcase>
        <testcase name="d"><skipped type="todo" message="true"/></testcase>
        <testsuite name="inner"><testcase name="e" classname="test"/></testsuite>
      </testsuite>
      <testcase name="b.test.ts"><failure type="testCodeFailure">exitCode: 1</failure></testcase>
    </testsuites>`;
    assert.deepEqual(countTests(xml), { passed: 2, failed: 2 });
  });

  it("leaves out the suites that Deno lists among its tests", () => {
    const xml = `<testsuite name="./a.test.ts">
      <testcase name="outer" classname="./a.test.ts"></testcase>
      <testcase name="outer &gt; a"></testcase>
      <testcase name="outer &gt; b"><failure message="no">no</failure></testcase>
      <testcase name="outer &gt; c"><skipped/></testcase>
    </testsuite>`;
    assert.deepEqual(countTests(xml), { passed: 1, failed: 1 });
  });

  it("counts what Bun writes: tests that end at once", () => {
    const xml = `<testcase name="a" assertions="0" /><testcase name="b"><skipped /></testcase>`;
    assert.deepEqual(countTests(xml), { passed: 1, failed: 0 });
  });

  it("counts nothing where nothing is", () => {
    assert.deepEqual(countTests(""), { passed: 0, failed: 0 });
  });
});

describe("isForNode24()", () => {
  it("chooses what depends on the version of Node, and all that it names is there", async () => {
    const files = (await listFiles("tests", ".test.ts")).map((path) => `./${path}`);
    const chosen = files.filter(isForNode24);
    for (const name of ["store/executor", "outbox/sqlite", "broker/take", "broker/load"]) {
      assert.ok(chosen.includes(`./tests/${name}.test.ts`), name);
    }
    for (const name of ["broker/lives-property", "jq/syntax", "broker/crons"]) {
      assert.ok(!chosen.includes(`./tests/${name}.test.ts`), name);
    }
    const single = chosen.filter((file) => file.startsWith("./tests/broker/"));
    assert.equal(single.length, 9);
  });
});

describe("findSnippets()", () => {
  it("finds each block of TypeScript, with the comment above it", () => {
    const page =
      "<!-- snippet: node -->\n\n```ts\na();\n```\n\n```sh\nb\n```\n\n```ts\nc();\n```\n";
    assert.deepEqual(findSnippets(page), [
      { line: 4, how: "node", code: "a();\n" },
      { line: 12, how: "", code: "c();\n" },
    ]);
  });
});

describe("listChanges()", () => {
  it("tells a member that moved to another symbol", () => {
    const before = "interface A\n\n  x: number\n\ninterface B\n";
    const after = "interface A\n\ninterface B\n\n  x: number\n";
    assert.deepEqual(listChanges(before, after), [
      "- interface A …  x: number",
      "+ interface B …  x: number",
    ]);
  });
});

describe("messages of mistakes", () => {
  const marks = readMarks("a.ts", "call(\n  5,\n//^ not a string\n//^ nor a Date\n);\n// a ^ b\n");
  const expected = [
    { file: "a.ts", line: 2, column: 3, message: "not a string" },
    { file: "a.ts", line: 2, column: 3, message: "nor a Date" },
  ];

  it("are read from below the place", () => assert.deepEqual(marks, expected));

  it("are read from what both compilers print, with details and without notes", () => {
    const told = [{ file: "a.ts", line: 2, column: 3, message: "5 is not a string" }];
    assert.deepEqual(
      readTsc("tests/types/mistakes/a.ts(2,3): error TS1: 5 is\n  not a string\n"),
      told,
    );
    const deno =
      "TS1 [ERROR]: 5 is\n  not a string\n    at file:///tests/types/mistakes/a.ts:2:3\n\n" +
      "TS2 [ERROR]:     declared here\n    x\n        at file:///b.ts:9:9\n\nFound 1 error.\n";
    assert.deepEqual(readDeno(deno), told);
  });

  it("must be told, each at its place, and no others", () => {
    const [first, second] = marks as [typeof marks[0], typeof marks[0]];
    assert.deepEqual(compare(marks, [second, { ...first, message: "5 is not a string" }]), []);
    assert.deepEqual(compare([first], []), ["expected a.ts:2:3 not a string"]);
    assert.deepEqual(compare([first], [{ ...first, column: 4 }]), [
      "expected a.ts:2:3 not a string",
      "told     a.ts:2:4 not a string",
    ]);
  });
});
