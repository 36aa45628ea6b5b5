/**
 * Measures all that `docs/performance.md` shows, and prints its tables as Markdown:
 *
 *     deno task bench:page                       # half an hour; --quick: some minutes
 *         --only embedded,served,client,growth,idle,streams,peers,brokers,rust,holds
 *         --folder DIR    # keeps what was measured as DIR/NAME.json, and shows what is there instead of measuring it again
 *         --write         # puts the tables into the page
 *         --program PATH --base COMMAND --base-name TEXT     # for rust, which is left out without a program
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../gate/command.ts";
import { holdsTrial } from "../trials/holds.ts";
import { abortOnSignals, type Bench, type FlagValues, type Report, runBench } from "./bench.ts";
import { brokersBench } from "./brokers.ts";
import { clientBench } from "./client.ts";
import { embeddedBench } from "./embedded.ts";
import { readChoices } from "./flags.ts";
import { growthBench } from "./growth.ts";
import { idleBench } from "./idle.ts";
import { replaceBlock, toBlock } from "./page-blocks.ts";
import { peersBench } from "./peers.ts";
import { rustBench } from "./rust.ts";
import { servedBench } from "./served.ts";
import { streamsBench } from "./streams.ts";

/** A bench of the page, whatever its results are. */
interface Section {
  readonly name: string;
  /** Shows what was measured before, or measures. */
  show(folder: string | undefined, run: Parameters<Bench<unknown>["measure"]>[0]): Promise<string>;
}

function toSection<Results>(bench: Bench<Results>): Section {
  const { name } = bench;
  return {
    name,
    async show(folder, run) {
      const file = folder === undefined ? undefined : join(folder, `${name}.json`);
      const known = file === undefined ? undefined : await readReport<Results>(file);
      const report = known ?? await runBench(bench, run);
      if (file !== undefined && known === undefined) {
        await Deno.writeTextFile(file, `${JSON.stringify(report, null, 2)}\n`);
      }
      return toBlock(report, bench.toMarkdown(report.results));
    },
  };
}

const sections = [
  toSection(embeddedBench),
  toSection(servedBench),
  toSection(clientBench),
  toSection(growthBench),
  toSection(idleBench),
  toSection(streamsBench),
  toSection(peersBench),
  toSection(brokersBench),
  toSection(rustBench),
  toSection(holdsTrial),
];

async function readReport<Results>(file: string): Promise<Report<Results> | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      quick: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      only: { type: "string" },
      folder: { type: "string" },
      ...Object.fromEntries(rustBench.flags.map((name) => [name, { type: "string" } as const])),
    },
  });
  const { quick, write, only, folder, ...rust } = values as typeof values & FlagValues;
  const chosen = readChoices("only", only, sections.map(({ name }) => name));
  if (folder !== undefined) await Deno.mkdir(folder, { recursive: true });
  const signal = abortOnSignals();
  const page = join(root, "docs/performance.md");
  for (const { name, show } of sections) {
    if (!chosen.includes(name)) continue;
    const flags = name === "rust" ? rust : {};
    if (name === "rust" && rust["program"] === undefined && folder === undefined) {
      console.error("rust: left out, as there is no --program");
      continue;
    }
    const tell = (line: string) => console.error(line);
    const block = await show(folder, { flags, quick, signal, tell });
    console.log(`${block}\n`);
    // At once, so that what was measured is kept if a later one fails.
    if (write) {
      await Deno.writeTextFile(page, replaceBlock(await Deno.readTextFile(page), name, block));
    }
  }
}

await main().then(() => Deno.exit(0), (error) => {
  console.error(error instanceof TypeError ? error.message : error);
  Deno.exit(2);
});
