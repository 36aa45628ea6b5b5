/**
 * One, two and four brokers on one PostgreSQL, each in a process of its own with callers and a worker, on one queue:
 *
 *     deno task bench:brokers --runtimes node --counts 1,2,4 --jobs 8000 --rounds 3 --commits on --quick --json FILE
 *
 * All jobs are enqueued one by one, by 25 callers in each process, then all are worked off by 25 handlers in each. The number of
 * jobs is the same, however many brokers share them.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Bench, runCommand } from "./bench.ts";
import { readChoices, readCount } from "./flags.ts";
import { toNumber, toTable } from "./markdown.ts";
import { ownFolder } from "./measurement.ts";
import { openRuntimes } from "./open-runtimes.ts";
import { type BenchPostgres, startBenchPostgres } from "./peers/database.ts";
import type { BrokerAnswer, BrokerWork } from "./peers/measure-broker.ts";
import { median } from "./ratios.ts";
import { type Runtime, type RuntimeName, runtimeNames, toWords } from "./runtimes.ts";

/** What so many brokers took in one round. */
export interface BrokersSample {
  readonly runtime: RuntimeName;
  readonly commits: string;
  readonly brokers: number;
  readonly enqueued: number;
  readonly drained: number;
  /** CPU time of PostgreSQL for a job, from its enqueue to its end, in µs. */
  readonly databaseUs: number;
}

const script = fileURLToPath(new URL("peers/measure-broker.ts", import.meta.url));

/** A broker in a process of its own. Disposing of it ends it. */
interface BrokerProcess extends AsyncDisposable {
  ask(work: BrokerWork): void;
  /** The next answer that `is` takes. */
  next(is: (answer: BrokerAnswer) => boolean): Promise<BrokerAnswer>;
  /** How many jobs it said to be over. */
  readonly over: number;
}

async function startBroker(
  database: string,
  { runtime, signal }: { readonly runtime: Runtime; readonly signal: AbortSignal },
): Promise<BrokerProcess> {
  const words = toWords(runtime, script, ownFolder);
  const child = spawn(
    runtime.program,
    [...words, JSON.stringify({ checkout: ownFolder, database })],
    { stdio: ["pipe", "pipe", "inherit"], signal },
  );
  child.stdin!.on("error", () => {});
  child.on("error", () => {});
  let over = 0;
  let waiting: { is: (answer: BrokerAnswer) => boolean; heard: (answer: BrokerAnswer) => void }[] =
    [];
  createInterface({ input: child.stdout! }).on("line", (line) => {
    const answer = JSON.parse(line) as BrokerAnswer;
    over = answer.over ?? over;
    const hearing = waiting.filter(({ is }) => is(answer));
    waiting = waiting.filter(({ is }) => !is(answer));
    for (const { heard } of hearing) heard(answer);
  });
  let fail = (_: Error) => {};
  const failed = new Promise<never>((_, reject) => fail = reject);
  failed.catch(() => {});
  const ended = new Promise<void>((resolve) =>
    child.on("close", (code) => {
      fail(new Error(`A broker ended with ${code ?? child.signalCode}`));
      resolve();
    })
  );
  const process: BrokerProcess = {
    get over() {
      return over;
    },
    ask(work) {
      if (work.kind === "work") over = 0;
      child.stdin!.write(`${JSON.stringify(work)}\n`);
    },
    next: (is) =>
      Promise.race([failed, new Promise<BrokerAnswer>((heard) => waiting.push({ is, heard }))]),
    async [Symbol.asyncDispose]() {
      child.stdin!.end();
      await ended;
    },
  };
  await process.next(({ done }) => done === true);
  return process;
}

async function measure(
  postgres: BenchPostgres,
  { brokers, jobs, ...how }: {
    readonly brokers: number;
    readonly jobs: number;
    readonly runtime: Runtime;
    readonly signal: AbortSignal;
  },
): Promise<Omit<BrokersSample, "runtime" | "commits" | "brokers">> {
  const database = await postgres.makeDatabase("bench_brokers");
  await using open = new AsyncDisposableStack();
  const all: BrokerProcess[] = [];
  for (let at = 0; at < brokers; at++) all.push(open.use(await startBroker(database, how)));
  const share = Math.ceil(jobs / brokers);

  const run = async (first: number) => {
    const before = await postgres.cpuMs();
    const startedAt = performance.now();
    await Promise.all(all.map(async (broker, at) => {
      const done = broker.next(({ done }) => done === true);
      broker.ask({ kind: "enqueue", from: first + at * share, count: share });
      await done;
    }));
    const enqueueMs = performance.now() - startedAt;
    for (const broker of all) broker.ask({ kind: "work" });
    while (all.reduce((sum, { over }) => sum + over, 0) < share * brokers) {
      await Promise.race(all.map((broker) => broker.next(({ over }) => over !== undefined)));
    }
    const ends = await Promise.all(all.map((broker) => {
      const end = broker.next(({ handled }) => handled !== undefined);
      broker.ask({ kind: "stop" });
      return end;
    }));
    const handled = ends.flatMap((end) => end.handled!);
    const distinct = new Set(handled).size;
    if (handled.length !== share * brokers || distinct !== handled.length) {
      throw new Error(`${handled.length} jobs were handled, ${distinct} different ones`);
    }
    const firstAt = Math.min(...ends.map(({ firstAt = Infinity }) => firstAt));
    const lastAt = Math.max(...ends.map(({ lastAt = 0 }) => lastAt));
    return {
      enqueued: share * brokers / enqueueMs * 1000,
      drained: share * brokers / (lastAt - firstAt) * 1000,
      databaseUs: (await postgres.cpuMs() - before) / (share * brokers) * 1000,
    };
  };

  await run(0); // What runs first is slow for a while.
  return await run(share * brokers);
}

export const brokersBench: Bench<readonly BrokersSample[]> = {
  name: "brokers",
  flags: ["runtimes", "counts", "jobs", "rounds", "commits"],

  async measure({ flags, quick, signal, tell }) {
    const jobs = readCount("jobs", flags["jobs"] ?? (quick ? "2000" : "8000"));
    const rounds = readCount("rounds", flags["rounds"] ?? (quick ? "1" : "3"));
    const counts = (flags["counts"] ?? "1,2,4").split(",").map((text) => readCount("counts", text));
    const runtimes = await openRuntimes(
      readChoices("runtimes", flags["runtimes"] ?? "node", runtimeNames),
    );
    const samples: BrokersSample[] = [];
    for (const commits of readChoices("commits", flags["commits"], ["on", "off"])) {
      await using postgres = await startBenchPostgres({ synchronous_commit: commits });
      for (let round = 0; round < rounds; round++) {
        for (const runtime of runtimes) {
          for (const brokers of counts) {
            const sample = await measure(postgres, { brokers, jobs, runtime, signal });
            samples.push({ runtime: runtime.name, commits, brokers, ...sample });
            tell(
              `brokers: round ${
                round + 1
              } of ${rounds}, commits ${commits}, ${runtime.name}, ${brokers}: ${
                toNumber(sample.enqueued)
              } and ${toNumber(sample.drained)} /s`,
            );
          }
        }
      }
    }
    return samples;
  },

  toMarkdown(samples) {
    const groups = Map.groupBy(
      samples,
      ({ runtime, commits, brokers }) => JSON.stringify([runtime, commits, brokers]),
    );
    return toTable(
      [
        "Runtime",
        "synchronous_commit",
        { number: "brokers" },
        { number: "enqueue one, jobs/s" },
        { number: "drain, jobs/s" },
        { number: "PostgreSQL, CPU µs a job" },
      ],
      [...groups.values()].map((group) => {
        const { runtime, commits, brokers } = group[0]!;
        const middle = (value: (sample: BrokersSample) => number) =>
          toNumber(median(group.map(value)));
        return [
          runtime,
          commits,
          String(brokers),
          middle(({ enqueued }) => enqueued),
          middle(({ drained }) => drained),
          middle(({ databaseUs }) => databaseUs),
        ];
      }),
    );
  },
};

if (import.meta.main) await runCommand(brokersBench);
