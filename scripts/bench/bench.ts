/**
 * What all benches with a place in `docs/performance.md` are: a command with flags that prints its tables and writes what
 * it measured as JSON.
 *
 * @module
 */

import { arch, cpus, platform, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { openOwn } from "./checkouts.ts";

/** The flags of one call, by name. */
export type FlagValues = Readonly<Record<string, string | undefined>>;

/** How a bench is run. */
export interface BenchRun {
  readonly flags: FlagValues;
  /** Fewer jobs and rounds: minutes become seconds, and the error larger. */
  readonly quick: boolean;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Says how far it is. */
  readonly tell: (line: string) => void;
}

/** One bench. */
export interface Bench<Results> {
  /** Its name in `deno task bench:NAME`. */
  readonly name: string;
  /** The names of its own flags, each with a value. */
  readonly flags: readonly string[];
  /**
   * Measures.
   *
   * @throws {TypeError} If a flag has a value that cannot be.
   * @throws {Error} If a job was lost or handled twice, for example.
   */
  measure(run: BenchRun): Promise<Results>;
  /** What it found, as tables in Markdown. */
  toMarkdown(results: Results): string;
  /** Whether what it found is good enough. Left out, it judges nothing. */
  passes?(results: Results): boolean;
}

/** What a bench found, and where. */
export interface Report<Results> {
  readonly bench: string;
  /** What was measured. */
  readonly revision: string;
  readonly machine: string;
  readonly measuredAt: string;
  readonly results: Results;
}

/** Runs a bench on this checkout. */
export async function runBench<Results>(
  bench: Bench<Results>,
  run: BenchRun,
): Promise<Report<Results>> {
  await using own = await openOwn();
  const results = await bench.measure(run);
  return {
    bench: bench.name,
    revision: own.name,
    machine: describeMachine(),
    measuredAt: new Date().toISOString(),
    results,
  };
}

/** A signal that SIGINT and SIGTERM abort: what was started is ended, and its folders are removed. */
export function abortOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => stop.abort(new Error(`Stopped by ${signal}`)));
  }
  return stop.signal;
}

/** Runs a bench as a command and ends the process: with 1 if it is not good enough, with 2 if something failed. */
export async function runCommand<Results>(bench: Bench<Results>): Promise<never> {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "string" },
        ...Object.fromEntries(bench.flags.map((name) => [name, { type: "string" } as const])),
      },
    });
    const { quick, json, ...flags } = values as typeof values & FlagValues;
    const tell = (line: string) => console.error(line);
    const report = await runBench(bench, { flags, quick, signal: abortOnSignals(), tell });
    console.log(`${report.revision}\n${report.machine}\n\n${bench.toMarkdown(report.results)}`);
    if (json !== undefined) {
      await Deno.writeTextFile(json, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (bench.passes?.(report.results) === false) Deno.exit(1);
  } catch (error) {
    console.error(error instanceof TypeError ? error.message : error);
    Deno.exit(2);
  }
  Deno.exit(0);
}

/** The processor, the memory and the system. */
function describeMachine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} × ${
    processors[0]!.model
  }, ${memory} GiB, ${platform()} ${release()} ${arch()}`;
}

/** A fresh folder that is removed when it is disposed of. */
export async function openFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "millrace-bench-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
