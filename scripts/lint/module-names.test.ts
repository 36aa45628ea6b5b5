/**
 * What is read of a file's imports and exports; the checks over several files stand on it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readModuleNames } from "./module-names.ts";

describe("readModuleNames()", () => {
  const imports: Record<string, readonly [specifier: string, names: readonly string[] | "all"]> = {
    'import { a, type B as C } from "./x.ts";': ["./x.ts", ["a", "B"]],
    'import type { A } from "./x.ts";': ["./x.ts", ["A"]],
    'import {\n  a,\n  b,\n} from "./x.ts";': ["./x.ts", ["a", "b"]],
    'import * as x from "./x.ts";': ["./x.ts", "all"],
    'import x from "./x.ts";': ["./x.ts", []],
    'import x, { a } from "./x.ts";': ["./x.ts", ["a"]],
    'import "./x.ts";': ["./x.ts", []],
    'export { a as b } from "./x.ts";': ["./x.ts", ["a"]],
    'export * from "./x.ts";': ["./x.ts", "all"],
    'const { a, b: c } = await import("./x.ts");': ["./x.ts", ["a", "b"]],
    'const later = import("./x.ts").then((x) => x.a);': ["./x.ts", "all"],
    'type A = typeof import("./x.ts");': ["./x.ts", "all"],
    'type A = import("./x.ts").B;': ["./x.ts", ["B"]],
  };
  for (const [text, [specifier, names]] of Object.entries(imports)) {
    it(`reads the import ${JSON.stringify(text)}`, () => {
      assert.deepEqual(readModuleNames(text).imports, [{ specifier, names }]);
    });
  }

  it("reads each kind of export, and leaves out the default", () => {
    const text = `export const a = 1;
export async function b() {}
export function* c() {}
export class D {}
export abstract class E {}
export interface F {}
export type G<T> = T;
export { h, i as j, type K };
export { l as default } from "./x.ts";
export type { M } from "./x.ts";
export default a;
const inner = 1;
`;
    const expected = ["a", "b", "c", "D", "E", "F", "G", "h", "j", "K", "M"];
    assert.deepEqual(readModuleNames(text).exports, expected);
  });

  it("passes over comments", () => {
    const text = `/**
 * import { a } from "./a.ts";
 * import("./a.ts")
 */
// export const b = 1;
`;
    assert.deepEqual(readModuleNames(text), { imports: [], exports: [] });
  });
});
