/**
 * The check for unused exports must be able to fail.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listUnusedExports } from "./unused-exports.ts";

function list(sources: Record<string, string>): string[] {
  return listUnusedExports(new Map(Object.entries(sources)), new Set(["src/mod.ts"]));
}

describe("listUnusedExports()", () => {
  it("lists an export that no file imports, and none that one does", () => {
    const sources = {
      "src/a.ts": "export const used = 1;\nexport function unused() {}\n",
      "src/b.ts": 'import { used } from "./a.ts";\n',
    };
    assert.deepEqual(list(sources), ["src/a.ts: unused"]);
  });

  it("lists an export that only its own file uses", () => {
    assert.deepEqual(list({ "src/a.ts": "export const a = 1;\nconst b = a;\n" }), ["src/a.ts: a"]);
  });

  it("lists a name that is imported from another file only", () => {
    const sources = {
      "src/a.ts": "export const name = 1;\n",
      "src/b.ts": "export const name = 2;\n",
      "src/c.ts": 'import { name } from "./b.ts";\n',
    };
    assert.deepEqual(list(sources), ["src/a.ts: name"]);
  });

  it("lists a re-export that no file imports", () => {
    const sources = {
      "src/a.ts": "export const a = 1;\n",
      "src/b.ts": 'export { a as b } from "./a.ts";\n',
    };
    assert.deepEqual(list(sources), ["src/b.ts: b"]);
  });

  it("lists an interface that stands once, and none that its file's functions name", () => {
    const sources = {
      "src/a.ts": "export interface Unused {}\nexport interface Options {}\n" +
        "export function a(options: Options) {}\n",
      "src/b.ts": 'import { a } from "./a.ts";\n',
    };
    assert.deepEqual(list(sources), ["src/a.ts: Unused"]);
  });

  it("lists nothing of a public entry, nor what it re-exports", () => {
    const sources = {
      "src/mod.ts": 'export { a } from "./a.ts";\nexport const b = 1;\n',
      "src/a.ts": "export const a = 1;\n",
    };
    assert.deepEqual(list(sources), []);
  });

  it("lists nothing of a file that is imported as a whole", () => {
    const sources = {
      "src/a.ts": "export const a = 1;\n",
      "src/b.ts": 'import * as all from "./a.ts";\n',
    };
    assert.deepEqual(list(sources), []);
  });

  it("lists nothing that a test imports", () => {
    const sources = {
      "src/a.ts": "export const a = 1;\n",
      "tests/a.test.ts": 'import { a } from "../src/a.ts";\n',
    };
    assert.deepEqual(list(sources), []);
  });
});
