/**
 * Whether workers that have nothing to do slow down those that have:
 *
 *     deno task bench:idle --runtimes deno,node,bun --workers 1,100,1000 --rounds 3 --quick --json FILE
 *
 * So many take streams are open on one queue, each a connection of its own, while jobs are enqueued into it, one after the
 * other and by 25 callers. What counts is the ratio to the first number of workers.
 *
 * @module
 */

import { join } from "node:path";
import { type Bench, openFolder, runCommand } from "./bench.ts";
import { readChoices, readCount } from "./flags.ts";
import { type IdleFigure, measureIdle } from "./idle-workers.ts";
import { toNumber, toTable } from "./markdown.ts";
import { ownFolder } from "./measurement.ts";
import { openRuntimes } from "./open-runtimes.ts";
import { median } from "./ratios.ts";
import { type RuntimeName, runtimeNames } from "./runtimes.ts";
import { startServer } from "./server-process.ts";

/** One round. */
interface IdleSample extends IdleFigure {
  readonly runtime: RuntimeName;
}

export const idleBench: Bench<readonly IdleSample[]> = {
  name: "idle",
  flags: ["runtimes", "workers", "rounds"],

  async measure({ flags, quick, signal, tell }) {
    const counts = (flags["workers"] ?? "1,100,1000").split(",").map((text) =>
      readCount("workers", text)
    );
    const rounds = readCount("rounds", flags["rounds"] ?? (quick ? "1" : "3"));
    const sizes = { alone: quick ? 200 : 500, together: quick ? 2000 : 5000 };
    const samples: IdleSample[] = [];
    const runtimes = await openRuntimes(readChoices("runtimes", flags["runtimes"], runtimeNames));
    for (let round = 0; round < rounds; round++) {
      for (const runtime of runtimes) {
        tell(`idle: round ${round + 1} of ${rounds}, ${runtime.name}`);
        for (const workers of round % 2 === 0 ? counts : counts.toReversed()) {
          signal.throwIfAborted();
          await using folder = await openFolder();
          const server = await startServer(ownFolder, runtime, join(folder.path, "jobs.db"));
          try {
            const figure = await measureIdle(server, workers, sizes);
            samples.push({ runtime: runtime.name, ...figure });
          } finally {
            await server.stop();
          }
        }
      }
    }
    return samples.sort((one, other) => one.workers - other.workers);
  },

  toMarkdown(samples) {
    const rows = [...Map.groupBy(samples, ({ runtime }) => runtime)].flatMap(([runtime, found]) => {
      const groups = [...Map.groupBy(found, ({ workers }) => workers)];
      const first = groups[0]![1];
      return groups.map(([workers, group]) => [
        runtime,
        workers.toLocaleString("en"),
        ...readers.map((read) => {
          const [value, base] = [group, first].map((samples) => median(samples.map(read)));
          return `${toNumber(value)} (${(value! / base!).toFixed(2)})`;
        }),
      ]);
    });
    return [
      "In brackets the ratio to the first line of the runtime:",
      toTable(["Runtime", { number: "workers" }, ...columns], rows),
    ].join("\n\n");
  },
};

const columns = [
  "enqueued/s",
  "finished/s",
  "one enqueue, p50 ms",
  "p99 ms",
  "server, CPU µs a job",
].map((number) => ({ number }));

const readers: readonly ((sample: IdleSample) => number)[] = [
  ({ jobs, enqueuedMs }) => jobs / enqueuedMs * 1000,
  ({ jobs, finishedMs }) => jobs / finishedMs * 1000,
  ({ p50 }) => p50,
  ({ p99 }) => p99,
  ({ cpuMs, jobs }) => cpuMs / jobs * 1000,
];

if (import.meta.main) await runCommand(idleBench);
