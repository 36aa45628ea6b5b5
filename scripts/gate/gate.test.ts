/**
 * What the gate concludes from what others print: a gate that cannot fail is none.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countTests } from "./junit.ts";
import { findSnippets } from "./snippets.ts";
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
