/**
 * Whether a broker stays as fast when more and more jobs are stored:
 *
 *     deno task bench:growth --runtimes deno,node,bun --jobs 1000000 --quick --json FILE
 *
 * A file grows from 10,000 jobs to 100,000 and so on, up to `--jobs`. At each size a fresh process opens it and measures what
 * one call or job costs (`growth-measure.ts`). What counts is the ratio to the cost at the smallest size. 10,000,000 jobs
 * need some 5 GB of disk and ten minutes a runtime.
 *
 * @module
 */

import { join } from "node:path";
import { type Bench, openFolder, runCommand } from "./bench.ts";
import { askChild } from "./child.ts";
import { readChoices, readCount } from "./flags.ts";
import type { GrowthAnswer, GrowthWork } from "./growth-measure.ts";
import { type GrowthPoint, toGrowthTables } from "./growth-tables.ts";
import { openRuntimes } from "./open-runtimes.ts";
import { runtimeNames } from "./runtimes.ts";

const script = new URL("growth-measure.ts", import.meta.url);

/** How many jobs are stored at first. */
const smallest = 10_000;

export const growthBench: Bench<readonly GrowthPoint[]> = {
  name: "growth",
  flags: ["runtimes", "jobs"],

  async measure({ flags, quick, signal, tell }) {
    const largest = readCount("jobs", flags["jobs"] ?? (quick ? "100000" : "1000000"));
    if (largest < smallest) {
      throw new TypeError(`Flag '--jobs' is '${largest}', expected ${smallest} or more`);
    }
    const points: GrowthPoint[] = [];
    for (
      const runtime of await openRuntimes(readChoices("runtimes", flags["runtimes"], runtimeNames))
    ) {
      await using folder = await openFolder();
      const data = join(folder.path, "jobs.db");
      const ask = (work: GrowthWork) =>
        askChild<GrowthAnswer>(runtime, script, {
          task: { ...work, runtime: runtime.name, data },
          signal,
        });
      let ids: readonly string[] = [];
      for (let stored = smallest, before = 0; before < largest; before = stored, stored *= 10) {
        stored = Math.min(stored, largest);
        tell(`growth: ${runtime.name}, ${stored.toLocaleString("en")} jobs`);
        const filled = await ask({ kind: "fill", from: before, to: stored });
        ids = [...ids, ...filled.ids];
        const measured = await ask({ kind: "measure", stored, ids });
        points.push({
          ...measured.point!,
          runtime: runtime.name,
          stored,
          fillRate: filled.fillRate!,
        });
      }
    }
    return points;
  },

  toMarkdown: toGrowthTables,
};

if (import.meta.main) await runCommand(growthBench);
