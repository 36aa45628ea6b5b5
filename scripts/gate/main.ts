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

import { dashboard } from "./dashboard.ts";
import { docs } from "./docs.ts";
import { examples } from "./examples.ts";
import { format } from "./format.ts";
import { jq } from "./jq.ts";
import { lint } from "./lint.ts";
import { postgres } from "./postgres.ts";
import { publish } from "./publish.ts";
import { Report, type Stage } from "./report.ts";
import { bun, deno, node22, node24 } from "./suites.ts";
import { surface } from "./surface.ts";
import { types } from "./types.ts";
import { vitest } from "./vitest.ts";
import { workerd } from "./workerd.ts";

/**
 * What is run after what. The lanes of a step run beside each other, the stages of a lane one after the other: Bun runs
 * its tests in one process, which leaves a core to the stages that use no more than one either.
 */
const steps: readonly (readonly (readonly Stage[])[])[] = [
  [[format, lint, types, surface]],
  [[bun], [docs, jq, vitest, workerd, publish, examples, postgres, dashboard]],
  [[node22, node24], [deno]],
];
const stages = steps.flat(2);

const names = Deno.args.filter((word) => !word.startsWith("--"));
const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`Unknown stage '${unknown[0]}': the stages are`);
  for (const { name, about } of stages) console.error(`  ${name.padEnd(9)} ${about}`);
  Deno.exit(2);
}

const report = new Report();
const times: string[] = [];
for (const lanes of steps) await Promise.all(lanes.map(runLane));

console.log(`\n${times.join(", ")}`);
for (const failure of report.failures) console.log(`failed: ${failure}`);
console.log(`${report.passed} passed, ${report.failed} failed`);
Deno.exit(report.failed === 0 ? 0 : 1);

/** Runs the stages of a lane that are asked for. The first lane tells at once, another one at the end of each stage. */
async function runLane(lane: readonly Stage[], index: number): Promise<void> {
  for (const stage of lane) {
    if (names.length > 0 && !names.includes(stage.name)) continue;
    const told: string[] = [];
    const own = new Report(index === 0 ? undefined : (line) => told.push(line));
    own.print(`${stage.name}: ${stage.about}`);
    const startMs = performance.now();
    await stage.run(own).catch((error) =>
      own.check(`stage ${stage.name} runs`, () => Promise.reject(error))
    );
    times.push(`${stage.name} ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    if (told.length > 0) console.log(told.join("\n"));
    report.add(own);
  }
}
