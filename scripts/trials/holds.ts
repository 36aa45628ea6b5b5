/**
 * Whether heavy calls keep others waiting:
 *
 *     deno task bench:holds --runtimes deno,node,bun --calls "bulk,patch" --limit 100 --json FILE
 *
 * Each heavy call (`holds-calls.ts`) meets a fresh broker of default settings in a process of its own. Meanwhile another
 * process asks for `/health` every 10 ms, and hears the heartbeats of an idle take stream. No answer may take longer than
 * `--limit` ms, and no heartbeat may be later than that. `--calls` names parts of the calls' names. Prints a table, and ends with
 * 1 if the limit was passed.
 *
 * On a machine with few processors the prober itself is held up now and then: the column `prober late` says how long.
 *
 * @module
 */

import { join } from "node:path";
import { type Bench, openFolder, runCommand } from "../bench/bench.ts";
import { readChoices, readNumber } from "../bench/flags.ts";
import { toMebibytes, toNumber, toTable } from "../bench/markdown.ts";
import { ownFolder } from "../bench/measurement.ts";
import { openRuntimes } from "../bench/open-runtimes.ts";
import { type Runtime, type RuntimeName, runtimeNames } from "../bench/runtimes.ts";
import { startServer } from "../bench/server-process.ts";
import { openCaller } from "./holds-caller.ts";
import { type HeavyCall, heavyCalls } from "./holds-calls.ts";
import { readMemory } from "./memory.ts";
import type { ProbeReport } from "./holds-probe.ts";
import { heartbeatMs, startProbe } from "./holds-probe-process.ts";

/** What one heavy call did to others. */
interface Hold extends ProbeReport {
  readonly runtime: RuntimeName;
  readonly call: string;
  /** What it was answered. */
  readonly answer: string;
  readonly ms: number;
  /** The most memory that the broker had since its start. Undefined where the system does not tell (all but Linux). */
  readonly peakRssBytes: number | undefined;
}

interface HoldResults {
  readonly limitMs: number;
  readonly holds: readonly Hold[];
}

export const holdsTrial: Bench<HoldResults> = {
  name: "holds",
  flags: ["runtimes", "calls", "limit"],

  async measure({ flags, signal, tell }) {
    const limitMs = readNumber("limit", flags["limit"] ?? "100");
    const calls = chooseCalls(flags["calls"]);
    const holds: Hold[] = [];
    const runtimes = await openRuntimes(readChoices("runtimes", flags["runtimes"], runtimeNames));
    for (const runtime of runtimes) {
      for (const call of calls) {
        signal.throwIfAborted();
        tell(`holds: ${runtime.name}, ${call.name}`);
        holds.push(await measureCall(runtime, call));
      }
    }
    return { limitMs, holds };
  },

  toMarkdown({ limitMs, holds }) {
    const numbers = [
      "took, ms",
      "longest health, ms",
      "heartbeat late, ms",
      "prober late, ms",
      "peak RSS, MiB",
    ];
    const table = toTable(
      ["Runtime", "Call", "Answer", ...numbers.map((number) => ({ number }))],
      holds.map((hold) => [
        hold.runtime,
        hold.call,
        hold.answer,
        ...[hold.ms, hold.healthMs, hold.heartbeatLateMs, hold.lateMs].map(toNumber),
        toMebibytes(hold.peakRssBytes),
      ]),
    );
    const over = holds.filter((hold) => isOver(hold, limitMs)).length;
    return `${table}\n\n${over} of ${holds.length} calls held others for more than ${limitMs} ms.`;
  },

  passes: ({ limitMs, holds }) => !holds.some((hold) => isOver(hold, limitMs)),
};

function isOver({ healthMs, heartbeatLateMs }: ProbeReport, limitMs: number): boolean {
  return healthMs > limitMs || heartbeatLateMs > limitMs;
}

function chooseCalls(text: string | undefined): readonly HeavyCall[] {
  if (text === undefined) return heavyCalls;
  const chosen = heavyCalls.filter(({ name }) =>
    text.split(",").some((part) => name.includes(part))
  );
  if (chosen.length > 0) return chosen;
  const names = heavyCalls.map(({ name }) => `'${name}'`).join(", ");
  throw new TypeError(`Flag '--calls' is '${text}', expected parts of ${names}`);
}

/** Measures one call on a fresh broker. */
async function measureCall(runtime: Runtime, call: HeavyCall): Promise<Hold> {
  await using folder = await openFolder();
  const flags = ["--heartbeat-interval", `${heartbeatMs}ms`, ...call.flags ?? []];
  const server = await startServer(ownFolder, runtime, join(folder.path, "jobs.db"), flags);
  try {
    await using caller = await openCaller(new URL(server.url));
    const run = await call.prepare(caller);
    await using probe = startProbe(server.url);
    await probe.report(); // What the preparations did is forgotten.
    const startedAt = performance.now();
    const answer = await run();
    const ms = performance.now() - startedAt;
    const found = await probe.report();
    const peakRssBytes = readMemory(server.pid, "VmHWM");
    return { runtime: runtime.name, call: call.name, answer, ms, ...found, peakRssBytes };
  } finally {
    await server.stop();
  }
}

if (import.meta.main) await runCommand(holdsTrial);
