/**
 * How much of what SQLite allows is left when broker, client and worker run in one process:
 *
 *     deno task bench:embedded --runtimes deno,node,bun --jobs 20000 --rounds 3 --quick --json FILE
 *
 * The broker's client is made with `createClient({ fetch: broker.fetch })`. The floor (`floor-subject.ts`) and the broker are
 * measured in turn, each in a process and on a file of its own, so that a share of the floor is that of two neighbours.
 *
 * @module
 */

import { type Bench, runCommand } from "./bench.ts";
import { readChoices, readCount } from "./flags.ts";
import { measureInTurn } from "./in-turn.ts";
import { toNumber, toTable } from "./markdown.ts";
import { openMeasurement, ownFolder } from "./measurement.ts";
import { openRuntimes } from "./open-runtimes.ts";
import { compare, type Pair } from "./ratios.ts";
import { type RuntimeName, runtimeNames } from "./runtimes.ts";
import { sizesFor } from "./settings.ts";

/** A figure of one runtime: `ours` is the broker, `theirs` the floor. */
export interface EmbeddedFigure {
  readonly runtime: RuntimeName;
  readonly figure: string;
  readonly pairs: readonly Pair[];
}

export const embeddedBench: Bench<readonly EmbeddedFigure[]> = {
  name: "embedded",
  flags: ["runtimes", "jobs", "rounds"],

  async measure({ flags, quick, signal, tell }) {
    const jobs = readCount("jobs", flags["jobs"] ?? (quick ? "5000" : "20000"));
    const rounds = readCount("rounds", flags["rounds"] ?? (quick ? "1" : "3"));
    const sizes = sizesFor(jobs);
    const found = new Map<string, EmbeddedFigure & { readonly pairs: Pair[] }>();
    const runtimes = await openRuntimes(readChoices("runtimes", flags["runtimes"], runtimeNames));
    for (let round = 0; round < rounds; round++) {
      for (const runtime of runtimes) {
        tell(`embedded: round ${round + 1} of ${rounds}, ${runtime.name}`);
        const open = (setting: "embedded" | "floor") =>
          openMeasurement({ checkout: ownFolder, setting, sizes, runtime, passes: 5 }, { signal });
        await using ours = await open("embedded");
        await using floor = await open("floor");
        const figures = Object.keys(sizes).length;
        await measureInTurn([ours, floor], { round, figures }, (figure, pair) => {
          const key = `${runtime.name} ${figure}`;
          const known = found.get(key) ?? { runtime: runtime.name, figure, pairs: [] };
          known.pairs.push(pair);
          found.set(key, known);
        });
      }
    }
    return [...found.values()];
  },

  toMarkdown(figures) {
    return toTable(
      [
        "Runtime",
        "Workload",
        { number: "Millrace, jobs/s" },
        { number: "floor, jobs/s" },
        { number: "share of the floor" },
        { number: "quartiles" },
        { number: "Millrace, CPU µs a job" },
        { number: "floor, CPU µs a job" },
      ],
      figures.map(({ runtime, figure, pairs }) => {
        const { rate, cpu } = compare(pairs);
        const { median, low, high } = rate.ratio;
        const quartiles = `${low.toFixed(2)}–${high.toFixed(2)}`;
        const rates = [toNumber(rate.ours), toNumber(rate.theirs), median.toFixed(2), quartiles];
        return [runtime, figure, ...rates, toNumber(cpu.ours), toNumber(cpu.theirs)];
      }),
    );
  },
};

if (import.meta.main) await runCommand(embeddedBench);
