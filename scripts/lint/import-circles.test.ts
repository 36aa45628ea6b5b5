/**
 * The check for import circles must be able to fail.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listImportCircles } from "./import-circles.ts";

/** A file that imports others of its folder. */
function importing(...names: string[]): string {
  return names.map((name) => `import { x } from "./${name}.ts";\n`).join("");
}

describe("listImportCircles()", () => {
  it("finds none where files are imported twice, but never from below", () => {
    const sources = new Map([
      ["src/a.ts", importing("b", "c")],
      ["src/b.ts", importing("d")],
      ["src/c.ts", importing("d", "missing")],
      ["src/d.ts", 'import { join } from "node:path";\n'],
    ]);
    assert.deepEqual(listImportCircles(sources), []);
  });

  it("finds two files that import each other", () => {
    const sources = new Map([["src/a.ts", importing("b")], ["src/b.ts", importing("a")]]);
    assert.deepEqual(listImportCircles(sources), ["src/a.ts → src/b.ts → src/a.ts"]);
  });

  it("finds a circle that the first file only leads to", () => {
    const sources = new Map([
      ["src/a.ts", importing("b")],
      ["src/b.ts", importing("c")],
      ["src/c.ts", importing("d")],
      ["src/d.ts", importing("b")],
    ]);
    assert.deepEqual(listImportCircles(sources), [
      "src/b.ts → src/c.ts → src/d.ts → src/b.ts",
    ]);
  });

  it("finds each of two circles that share no file", () => {
    const sources = new Map([
      ["src/a.ts", importing("b", "c")],
      ["src/b.ts", importing("a")],
      ["src/c.ts", importing("d")],
      ["src/d.ts", importing("c")],
    ]);
    assert.equal(listImportCircles(sources).length, 2);
  });

  it("finds a file that imports itself", () => {
    assert.deepEqual(listImportCircles(new Map([["src/a.ts", importing("a")]])), [
      "src/a.ts → src/a.ts",
    ]);
  });

  for (
    const [kind, text] of [
      ["of types", 'import type { B } from "../y/b.ts";\n'],
      ["by a re-export", 'export { b } from "../y/b.ts";\n'],
      ["at run time", 'const { b } = await import("../y/b.ts");\n'],
    ] as const
  ) {
    it(`finds a circle that is closed by an import ${kind}`, () => {
      const sources = new Map([
        ["src/x/a.ts", text],
        ["src/y/b.ts", 'import { a } from "../x/a.ts";\n'],
      ]);
      assert.equal(listImportCircles(sources).length, 1);
    });
  }
});
