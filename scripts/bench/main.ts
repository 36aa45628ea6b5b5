/**
 * Measures throughput under the runtime that runs it: `deno task bench`, `bun scripts/bench/main.ts`,
 * `node scripts/bench/main.ts`. `--quick` takes the median of three times, else it is that of fifteen. Two checkouts are compared by `compare.ts`; the
 * frame decoders have a bench of their own, `frames.ts`.
 *
 * What the settings are is told in `settings.ts`. Prints a table, then everything as one line of JSON. Never part of the gate.
 *
 * @module
 */

import process from "node:process";
import { openMeasurement, ownFolder } from "./measurement.ts";
import { median } from "./ratios.ts";
import { currentRuntime } from "./runtimes.ts";
import { settingNames, sizesOf } from "./settings.ts";
import type { Figure } from "./workloads.ts";

const passes = process.argv.includes("--quick") ? 3 : 15;
const runtime = currentRuntime();
const results: (Figure & { readonly setting: string })[] = [];

for (const setting of settingNames) {
  await using measurement = await openMeasurement({
    checkout: ownFolder,
    setting,
    sizes: sizesOf(setting),
    runtime,
    passes,
  });
  const figures: Figure[] = [];
  for (let step; !(step = await measurement.next()).done;) {
    if (step.figure !== undefined) figures.push(step.figure);
  }
  for (const { name, jobs } of figures.slice(0, figures.length / passes)) {
    const rounds = figures.filter((figure) => figure.name === name);
    const ms = median(rounds.map((figure) => figure.ms));
    const cpuMs = median(rounds.map((figure) => figure.cpuMs));
    results.push({ setting, name, jobs, ms, cpuMs });
    const rate = Math.round(jobs / ms * 1000).toLocaleString("en").padStart(10);
    const cpu = (cpuMs / jobs * 1000).toFixed(1).padStart(9);
    console.log(`${setting.padEnd(16)}${name.padEnd(26)}${rate} /s${cpu} µs of CPU a job`);
  }
}
const version = process.versions[runtime.name];
console.log(JSON.stringify({ runtime: `${runtime.name} ${version}`, results }));
