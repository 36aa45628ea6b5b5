/**
 * The gate: runs every check of the project, or the named stages, and ends with `N passed, N failed`.
 *
 * ```sh
 * deno task test              # everything
 * deno task test lint deno    # two stages
 * deno task test surface --pin
 * ```
 *
 * No file here is named `test.ts`: `deno test scripts` would take it for tests, and the gate would run itself.
 *
 * @module
 */

import { docs } from "./docs.ts";
import { format } from "./format.ts";
import { jq } from "./jq.ts";
import { lint } from "./lint.ts";
import { publish } from "./publish.ts";
import { Report, type Stage } from "./report.ts";
import { suites } from "./suites.ts";
import { surface } from "./surface.ts";
import { types } from "./types.ts";
import { vitest } from "./vitest.ts";
import { workerd } from "./workerd.ts";

const stages: readonly Stage[] = [
  format,
  lint,
  types,
  docs,
  surface,
  jq,
  ...suites,
  vitest,
  workerd,
  publish,
];

const names = Deno.args.filter((word) => !word.startsWith("--"));
const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`Unknown stage '${unknown[0]}': the stages are`);
  for (const { name, about } of stages) console.error(`  ${name.padEnd(9)} ${about}`);
  Deno.exit(2);
}

const report = new Report();
const times: string[] = [];
for (const stage of stages) {
  if (names.length > 0 && !names.includes(stage.name)) continue;
  console.log(`${stage.name}: ${stage.about}`);
  const startMs = performance.now();
  await stage.run(report).catch((error) =>
    report.check(`stage ${stage.name} runs`, () => Promise.reject(error))
  );
  times.push(`${stage.name} ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
}

console.log(`\n${times.join(", ")}`);
for (const failure of report.failures) console.log(`failed: ${failure}`);
console.log(`${report.passed} passed, ${report.failed} failed`);
Deno.exit(report.failed === 0 ? 0 : 1);
