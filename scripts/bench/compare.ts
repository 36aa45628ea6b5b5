/**
 * Compares the speed of this checkout with another one:
 *
 *     deno task bench:compare REVISION       # or --folder PATH
 *         --runtimes deno,node,bun  --settings embedded,served-json,served-msgpack,served-own
 *         --figures bulk,list,single,drain1,drain25,drain100
 *         --rounds 5  --quick  --floor 0.97  --json FILE
 *
 * In each round both checkouts run in fresh processes and on fresh database files, at the same time, but only one of them works:
 * each workload is run by one and then by the other, and who is first changes each time. So both meet the same machine. A
 * ratio is that of two neighbours; the table shows the median of all ratios, with the quartiles. More than 1 means that this
 * checkout is faster, or needs less CPU time: that of the server, and that of the client and worker too where they are the
 * checkout's own. The error says within which distance the true median lies, 19 times of 20.
 *
 * Exits with 1 if `--floor` is given and a ratio is below it by more than noise, with 2 if something failed: a job that was
 * lost, for example.
 *
 * @module
 */

import { type Checkout, openFolder, openOwn, openRevision } from "./checkouts.ts";
import { type CompareConfig, readCompareFlags } from "./compare-flags.ts";
import { type ComparedFigure, findVerdicts, printFigures } from "./compare-table.ts";
import { measureInTurn } from "./in-turn.ts";
import { openMeasurement } from "./measurement.ts";
import { generator, openRuntimes } from "./open-runtimes.ts";
import { compare, type Pair } from "./ratios.ts";
import { sizesOf } from "./settings.ts";

async function measureRounds(
  ours: Checkout,
  theirs: Checkout,
  { config, signal }: { readonly config: CompareConfig; readonly signal: AbortSignal },
): Promise<ComparedFigure[]> {
  const { rounds, passes, figures } = config;
  const runtimes = await openRuntimes(config.runtimes);
  const pairs = new Map<string, Pair[]>();
  for (let round = 0; round < rounds; round++) {
    for (const runtime of runtimes) {
      for (const setting of config.settings) {
        const sizes = sizesOf(setting, figures);
        const count = Object.keys(sizes).length;
        if (count === 0) continue;
        console.error(`round ${round + 1} of ${rounds}: ${runtime.name}, ${setting}`);
        const open = ({ folder }: Checkout) =>
          openMeasurement({ checkout: folder, setting, sizes, runtime, passes }, {
            generator,
            signal,
          });
        await using our = await open(ours);
        await using their = await open(theirs);
        await measureInTurn([our, their], { round, figures: count }, (figure, pair) => {
          const key = JSON.stringify({ runtime: runtime.name, setting, figure });
          pairs.set(key, [...pairs.get(key) ?? [], pair]);
        });
      }
    }
  }
  return [...pairs].map(([key, pairs]) => ({ ...JSON.parse(key), ...compare(pairs), pairs }));
}

async function main(): Promise<number> {
  const config = readCompareFlags(Deno.args);
  const { revision, folder, floor, json } = config;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => stop.abort(new Error(`Stopped by ${signal}`)));
  }
  await using ours = await openOwn();
  await using theirs = await (folder === undefined ? openRevision(revision!) : openFolder(folder));
  console.log(`this:  ${ours.name}\nother: ${theirs.name}\n`);
  const figures = await measureRounds(ours, theirs, { config, signal: stop.signal });
  printFigures(figures);
  if (json !== undefined) {
    const report = { ours: ours.name, theirs: theirs.name, config, figures };
    await Deno.writeTextFile(json, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (floor === undefined) return 0;
  const below = findVerdicts(figures, floor, "below");
  const unsure = findVerdicts(figures, floor, "unsure");
  console.log([
    `\nBelow ${floor}: ${below.length}`,
    ...below,
    `Below ${floor}, but it may be noise: ${unsure.length}`,
    ...unsure,
  ].join("\n"));
  return below.length === 0 ? 0 : 1;
}

Deno.exit(
  await main().catch((error) => {
    console.error(error instanceof TypeError ? error.message : error);
    return 2;
  }),
);
