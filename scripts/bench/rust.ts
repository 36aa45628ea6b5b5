/**
 * Lets the protocol's official Rust client measure two servers in turn:
 *
 *     deno task bench:rust --program PATH --base "COMMAND" --this "COMMAND" --rounds 5 --jobs 50000 --concurrency 25
 *         --format msgpack --quick --json FILE
 *
 * `--base-name` and `--this-name` say what they are. A command has `{port}` and `{data}` where the port and the path of the data belong; `--this` is by default the server of
 * this checkout on Deno. The program is not part of this repository. To build it:
 *
 *     # in the source of the crate `zizq` 0.7.0, from crates.io
 *     cargo build --release --example throughput        # makes target/release/examples/throughput
 *
 * Each round starts both servers on empty folders, one after the other. The program enqueues in bulk, lists and drains; a job
 * that is left afterwards is an error. Medians, and the ratio of them: above 1 this checkout is faster.
 *
 * @module
 */

import { join } from "node:path";
import { type Bench, type BenchRun, openFolder, runCommand } from "./bench.ts";
import { readChoices, readCount } from "./flags.ts";
import { toNumber, toTable } from "./markdown.ts";
import { ownFolder } from "./measurement.ts";
import { generator } from "./open-runtimes.ts";
import { median } from "./ratios.ts";
import { readRates, rustFigures, type RustRates } from "./rust-output.ts";
import { startCommand } from "./server-command.ts";
import { toWords } from "./runtimes.ts";

/** The rates of all rounds. */
interface RustResults {
  readonly base: { readonly name: string; readonly rounds: readonly RustRates[] };
  readonly this: { readonly name: string; readonly rounds: readonly RustRates[] };
}

/** No run of the program may hang, in ms. */
const longestMs = 180_000;

export const rustBench: Bench<RustResults> = {
  name: "rust",
  flags: [
    "program",
    "base",
    "base-name",
    "this",
    "this-name",
    "rounds",
    "jobs",
    "concurrency",
    "format",
  ],

  async measure({ flags, quick, signal, tell }) {
    const { program, base } = flags;
    if (program === undefined || base === undefined) throw new TypeError(howTo);
    const commands = { base, this: flags["this"] ?? ownCommand() };
    const rounds = readCount("rounds", flags["rounds"] ?? (quick ? "1" : "5"));
    const env = {
      JOB_COUNT: String(readCount("jobs", flags["jobs"] ?? (quick ? "10000" : "50000"))),
      CONCURRENCY: String(readCount("concurrency", flags["concurrency"] ?? "25")),
      ZIZQ_FORMAT: readChoices("format", flags["format"] ?? "msgpack", ["json", "msgpack"])[0]!,
    };
    const found = { base: [] as RustRates[], this: [] as RustRates[] };
    for (let round = 0; round < rounds; round++) {
      tell(`rust: round ${round + 1} of ${rounds}`);
      const sides = ["base", "this"] as const;
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        found[side].push(await measureOne(program, commands[side], { env, signal }));
      }
    }
    return {
      base: { name: flags["base-name"] ?? base, rounds: found.base },
      this: {
        name: flags["this-name"] ?? flags["this"] ?? "this checkout on Deno",
        rounds: found.this,
      },
    };
  },

  toMarkdown(results) {
    const rows = rustFigures.map((name) => {
      const [ours, theirs] = [results.this, results.base].map(({ rounds }) =>
        median(rounds.map((rates) => rates[name]))
      );
      return [name, toNumber(ours), toNumber(theirs), (ours! / theirs!).toFixed(2)];
    });
    const columns = ["this, jobs/s", "base, jobs/s", "ratio"].map((number) => ({ number }));
    const legend = `This is ${results.this.name}, base is ${results.base.name}.`;
    return [legend, toTable(["Workload", ...columns], rows)].join("\n\n");
  },
};

const howTo =
  `Expected '--program PATH' and '--base COMMAND'. The program is the example \`throughput\` of the crate \`zizq\` 0.7.0:
get its source, run \`cargo build --release --example throughput\` in it, and give target/release/examples/throughput.
A command is such as: deno run -A adapters/cli/main.ts serve --port {port} --data {data}`;

function ownCommand(): string {
  const words = toWords(generator, join(ownFolder, "adapters/cli/main.ts"), ownFolder);
  return [generator.program, ...words, "serve", "--port", "{port}", "--data", "{data}"].join(" ");
}

/** Runs the program once against a fresh server. */
async function measureOne(
  program: string,
  command: string,
  { env, signal }: { readonly env: Readonly<Record<string, string>> } & Pick<BenchRun, "signal">,
): Promise<RustRates> {
  await using folder = await openFolder();
  await using server = await startCommand(command, join(folder.path, "data"));
  const run = new Deno.Command(program, {
    env: { ...env, ZIZQ_URL: server.url },
    stdin: "null",
    signal: AbortSignal.any([signal, AbortSignal.timeout(longestMs)]),
  });
  const { code, stdout, stderr } = await run.output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`'${program}' ended with ${code}: ${decoder.decode(stderr)}`);
  const rates = readRates(decoder.decode(stdout));
  const { count } = await (await fetch(`${server.url}/jobs/count`)).json();
  if (count !== 0) throw new Error(`${count} jobs are left in '${command}'`);
  return rates;
}

if (import.meta.main) await runCommand(rustBench);
