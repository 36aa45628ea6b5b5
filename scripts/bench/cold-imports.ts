/**
 * How long a program waits for each entry of the package, in a process that has loaded nothing:
 *
 *     deno run -A scripts/bench/cold-imports.ts --runs 15
 *
 * Each number is the median of `--runs` processes, in ms, of the import alone, with the package as npm delivers it. What a
 * runtime keeps of compiled sources between processes counts as it is by default.
 *
 * @module
 */

import { demand } from "../gate/command.ts";
import { installBuilt, readManifest } from "../gate/package.ts";
import { readNumber } from "./flags.ts";
import { toTable } from "./markdown.ts";
import { openRuntimes } from "./open-runtimes.ts";
import { runtimeNames } from "./runtimes.ts";

const at = Deno.args.indexOf("--runs");
const runs = at === -1 ? 15 : readNumber("runs", Deno.args[at + 1]!);
const folder = await installBuilt();
const { exports } = await readManifest();
const runtimes = await openRuntimes(runtimeNames);

const rows: string[][] = [];
for (const entry of Object.keys(exports)) {
  const file = `${folder}/cold-import.mjs`;
  await Deno.writeTextFile(
    file,
    `const start = performance.now();
await import("millrace${entry.slice(1)}");
console.log(performance.now() - start);
`,
  );
  const row = [`\`${entry}\``];
  for (const { name, program } of runtimes) {
    const words = name === "deno" ? ["run", "-A", file] : [file];
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      times.push(Number(await demand(program, words, { cwd: folder })));
    }
    row.push(times.sort((a, b) => a - b)[Math.floor(runs / 2)]!.toFixed(1));
  }
  rows.push(row);
}
console.log(toTable(["Entry", ...runtimes.map(({ name }) => ({ number: name }))], rows));
Deno.exit(0);
