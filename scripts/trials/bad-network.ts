/**
 * Runs workers behind a network that goes silent, comes late, is cut, lies and refuses, and says whether every job came to its
 * end, and how soon all was as usual again.
 *
 *     deno run -A scripts/trials/bad-network.ts [--log FILE] [deno|bun|node ...]
 *
 * On each runtime a broker is a process of `millrace serve` on a file. Two workers reach it through a proxy that misbehaves, a
 * third one reaches it directly and gets what the others lose. More than 20,000 jobs run meanwhile; some fail once, some
 * are snoozed, most take 20 to 200 ms. A job may run more than once when its worker was out of reach, but not on a calm network
 * at the same time. Takes three to four minutes for each runtime; prints a table, and ends with 1 if something does not hold.
 *
 * @module
 */

import { appendFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { openRuntimes } from "../bench/open-runtimes.ts";
import { runtimeNames } from "../bench/runtimes.ts";
import { type PhaseFigures, runBadNetwork, type TrialResult } from "./bad-network-run.ts";

const { values: { log }, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { log: { type: "string" } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !runtimeNames.some((known) => known === name));
if (unknown !== undefined) {
  throw new TypeError(`Runtime '${unknown}' is unknown, expected ${runtimeNames.join(", ")}`);
}
const chosen = runtimeNames.filter((name) =>
  positionals.length === 0 || positionals.includes(name)
);

const toSeconds = (ms: number | undefined) =>
  ms === undefined ? "never" : `${(ms / 1000).toFixed(1)} s`;

const toRow = ({ name, rateMs, heldMs, logLines, cpu }: PhaseFigures) =>
  `| ${name.padEnd(27)} | ${toSeconds(rateMs).padStart(10)} | ${
    toSeconds(heldMs).padStart(10)
  } | ` +
  `${`${logLines}`.padStart(9)} | ${cpu.toFixed(2).padStart(4)} |`;

function print({ phases: _, failures, ...rest }: TrialResult): void {
  console.log(JSON.stringify(rest));
  for (const failure of failures) console.log(`FAILED: ${failure}`);
}

let failed = 0;
for (const runtime of await openRuntimes(chosen)) {
  console.log(`\n${runtime.name}: from the end of each phase\n`);
  console.log("| Phase                       | usual rate | none held | log lines |  CPU |");
  console.log("| --------------------------- | ---------: | ---------: | --------: | ---: |");
  const result = await runBadNetwork(runtime, (figures, logged) => {
    console.log(toRow(figures));
    if (log === undefined) return;
    appendFileSync(log, `== ${runtime.name}, ${figures.name}\n${logged.join("\n")}\n`);
  });
  print(result);
  failed += result.failures.length;
}
process.exit(failed === 0 ? 0 : 1);
