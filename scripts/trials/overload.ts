/**
 * What a broker does with more calls than it can take:
 *
 *     deno task trial:overload --runtimes deno,node,bun --seconds 60 --times 2 --json FILE
 *
 * First it is found out how many single enqueues a second a fresh broker answers 64 callers. Then `--times` as many come for
 * `--seconds`, whatever became of those before, on up to 2000 connections; what finds none free is not made. Calls that are accepted must have a p99 under a second, the memory may not
 * grow between the first half and the second, no accepted job may be missing, and a second after the load the broker must
 * answer as before.
 *
 * @module
 */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, openFolder, runCommand } from "../bench/bench.ts";
import { toRequest } from "../bench/connection.ts";
import { readChoices, readNumber } from "../bench/flags.ts";
import { toMebibytes, toNumber, toTable } from "../bench/markdown.ts";
import { ownFolder } from "../bench/measurement.ts";
import { openRuntimes } from "../bench/open-runtimes.ts";
import { type Runtime, type RuntimeName, runtimeNames } from "../bench/runtimes.ts";
import { startServer } from "../bench/server-process.ts";
import { openCaller } from "./holds-caller.ts";
import { readMemory } from "./memory.ts";
import { createLoader, type Load } from "./overload-load.ts";

const callers = 64;
const capacityMs = 5000;

/** What an accepted call may take at the 99th percentile, and a call when the load is over, in ms. */
const longestMs = 1000;

/** So much more memory the second half may have than the first. */
const growthAllowed = 1.25;

/** What a load did to the broker of one runtime. */
interface Overload extends Load {
  readonly runtime: RuntimeName;
  /** Calls a second that were answered when there was no overload. */
  readonly capacity: number;
  readonly offered: number;
  /** The most memory in each half; undefined where the system does not tell (all but Linux). */
  readonly rssBytes: readonly (number | undefined)[];
  /** From the last call of the load until all were answered and one more was accepted, in ms. */
  readonly recoveredMs: number;
  /** Jobs that were accepted and are not stored. */
  readonly missing: number;
}

export const overloadTrial: Bench<readonly Overload[]> = {
  name: "overload",
  flags: ["runtimes", "seconds", "times"],

  async measure({ flags, quick, signal, tell }) {
    const ms = readNumber("seconds", flags["seconds"] ?? (quick ? "10" : "60")) * 1000;
    const times = readNumber("times", flags["times"] ?? "2");
    const found: Overload[] = [];
    const runtimes = await openRuntimes(readChoices("runtimes", flags["runtimes"], runtimeNames));
    for (const runtime of runtimes) {
      tell(`overload: ${runtime.name}`);
      found.push(await overload(runtime, { ms, times, signal }));
    }
    return found;
  },

  toMarkdown(found) {
    const numbers = [
      "capacity, calls/s",
      "offered, calls/s",
      "accepted",
      "refused",
      "not made",
      "accepted p50, ms",
      "accepted p99, ms",
      "refused p99, ms",
      "RSS first half, MiB",
      "RSS second half, MiB",
      "recovered after, ms",
      "missing",
      "latest call, ms",
    ];
    return toTable(
      ["Runtime", ...numbers.map((number) => ({ number }))],
      found.map((row) => [
        row.runtime,
        ...[
          row.capacity,
          row.offered,
          row.accepted,
          row.refused,
          row.notMade,
          row.acceptedP50,
          row.acceptedP99,
          row.refusedP99,
        ].map(toNumber),
        ...row.rssBytes.map(toMebibytes),
        ...[row.recoveredMs, row.missing, row.latestCall].map(toNumber),
      ]),
    );
  },

  passes: (found) =>
    found.every(({ acceptedP99, recoveredMs, missing, others, rssBytes: [first, second] }) =>
      acceptedP99 <= longestMs && recoveredMs <= longestMs && missing === 0 &&
      Object.keys(others).length === 0 &&
      (first === undefined || second === undefined || second <= first * growthAllowed)
    ),
};

/** Measures one broker. */
async function overload(
  runtime: Runtime,
  { ms, times, signal }: {
    readonly ms: number;
    readonly times: number;
    readonly signal: AbortSignal;
  },
): Promise<Overload> {
  await using folder = await openFolder();
  const server = await startServer(ownFolder, runtime, join(folder.path, "jobs.db"));
  try {
    const url = new URL(server.url);
    await using loader = createLoader(url);
    await loader.closedLoop(callers, capacityMs / 5); // What the runtime compiles meanwhile is not measured.
    const before = await countJobs(url);
    const capacity = await loader.closedLoop(callers, capacityMs) * 1000 / capacityMs;
    const offered = capacity * times;

    const rssBytes: (number | undefined)[] = [undefined, undefined];
    const startedAt = performance.now();
    const watch = setInterval(() => {
      const half = performance.now() - startedAt < ms / 2 ? 0 : 1;
      const now = readMemory(server.pid, "VmRSS");
      if (now !== undefined) rssBytes[half] = Math.max(rssBytes[half] ?? 0, now);
    }, 500);
    const stored = await countJobs(url);
    const load = await loader.openLoop(offered, ms, signal).finally(() => clearInterval(watch));
    const endedAt = performance.now();
    while (await loader.once() !== 201) await sleep(1);
    const recoveredMs = load.drainedMs + performance.now() - endedAt;
    const found = await countJobs(url);
    if (stored < before + capacity * capacityMs / 1000) throw new Error("A job is missing");
    const missing = stored + load.accepted + 1 - found;
    return { ...load, runtime: runtime.name, capacity, offered, rssBytes, recoveredMs, missing };
  } finally {
    await server.stop();
  }
}

async function countJobs(url: URL): Promise<number> {
  await using caller = await openCaller(url);
  const { body } = await caller.send(toRequest("GET /jobs/count?queue=load", []));
  return JSON.parse(String(body)).count;
}

if (import.meta.main) await runCommand(overloadTrial);
