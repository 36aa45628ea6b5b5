/**
 * `deno.json` and `package.json` are twins, and `src/version.ts` knows their version.
 *
 * @module
 */

import assert from "node:assert/strict";
import { version } from "../../src/version.ts";
import { root } from "./command.ts";
import { CheckError, type Report } from "./report.ts";

export async function checkManifests(report: Report): Promise<void> {
  const [jsr, npm] = await Promise.all(
    ["deno.json", "package.json"].map(async (file) =>
      JSON.parse(await Deno.readTextFile(root + file))
    ),
  );
  await report.check("one version", () => compare([jsr.version, npm.version], [version, version]));
  await report.check("the same entries", () =>
    compare(
      mapValues(npm.exports, ({ default: path }) => path),
      mapValues(jsr.exports, (path) => path.replace("./", "./dist/").replace(/ts$/, "js")),
    ));
  await report.check("the same dependencies", () =>
    compare(
      mapValues({ ...npm.dependencies, ...npm.devDependencies }, String),
      mapValues(jsr.imports, (specifier) => specifier.replace(/^npm:@?[^@]+@/, "")),
    ));
}

function compare(npm: unknown, jsr: unknown): void {
  try {
    assert.deepEqual(npm, jsr);
  } catch (error) {
    throw new CheckError(`package.json (+) against deno.json (-):\n${(error as Error).message}`);
  }
}

// deno-lint-ignore no-explicit-any
function mapValues(record: any, change: (value: any) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, change(value)] as const).sort(),
  );
}
