/**
 * The trial of a bad network on one runtime: a broker, two workers behind the proxy and one beside it, phase after phase.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "../../src/client/mod.ts";
import type { Runtime } from "../bench/runtimes.ts";
import { startFeeder } from "./bad-network-feed.ts";
import { RunLedger } from "./bad-network-ledger.ts";
import { type Phase, phases } from "./bad-network-phases.ts";
import { startBroker, startWorker, type Watched } from "./bad-network-processes.ts";
import { startProxy } from "./bad-network-proxy.ts";
import { Finishes, type Recovery, untilRecovered } from "./bad-network-watch.ts";
import type { WorkerLine } from "./bad-network-worker.ts";

/** What one phase showed. */
export interface PhaseFigures extends Recovery {
  readonly name: string;
  /** Lines that all processes logged in the phase and until it was over. */
  readonly logLines: number;
  /** The greatest part of a CPU that one of the workers behind the proxy used during the phase. */
  readonly cpu: number;
}

/** What came of a trial. */
export interface TrialResult {
  readonly jobs: number;
  readonly runs: number;
  /** Jobs that succeeded more than once. */
  readonly repeated: number;
  readonly usualRate: number;
  readonly overlaps: Readonly<Record<string, number>>;
  readonly phases: readonly PhaseFigures[];
  /** MiB of each process, at first and at the end. */
  readonly memory: Readonly<Record<string, readonly [number, number]>>;
  readonly failures: readonly string[];
}

const fewestJobs = 20_000;
const calm = "calm";
const drainMs = 90_000;

/** More lines of log in a second, of all processes together, are a flood. */
const mostLinesPerSecond = 30;

/** Who uses more of a CPU than this while it is kept from its work turns in a circle. */
const mostCpu = 0.7;

/** A process that grows by more than this has kept something, in MiB. */
const mostGrowth = 100;

/** Runs the trial. */
export async function runBadNetwork(
  runtime: Runtime,
  onPhase: (figures: PhaseFigures, logged: readonly string[]) => void,
): Promise<TrialResult> {
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "millrace-bad-network-"));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, "jobs.db");
  const failures: string[] = [];
  const ledger = new RunLedger();
  const finishes = new Finishes(["worker 1", "worker 2"]);

  let broker = await startBroker(runtime, { data, port: 0 });
  cleanup.defer(() => broker.kill());
  const port = Number(new URL(broker.url).port);
  const proxy = await startProxy(port);
  cleanup.defer(() => proxy.close());
  const client = createClient({ url: broker.url, retry: { limit: 10 } });

  const workers: Watched[] = [];
  const starts = [
    { name: "worker 1", url: proxy.url, concurrency: 8, format: "json" },
    { name: "worker 2", url: proxy.url, concurrency: 8, format: "msgpack" },
    { name: "beside", url: broker.url, concurrency: 3, format: "json" },
  ] as const;
  for (const start of starts) {
    const { name } = start;
    const onLine = (line: WorkerLine) => {
      ledger.record(line);
      if (line.kind === "over" && line.done) finishes.record(name, 1);
      if (line.kind === "fault") failures.push(`${name}: ${line.text}`);
    };
    const worker = await startWorker(runtime, start, onLine);
    cleanup.defer(() => worker.kill());
    workers.push(worker);
  }
  const isolated = workers.slice(0, 2);
  const listLogged = () => [broker, ...workers].map(({ name, logged }) => ({ name, logged }));

  const begin = async (phase: Phase) => {
    ledger.phase = phase.name;
    if (phase.weather !== undefined) await proxy.set(phase.weather);
    if (phase.event === "stop worker") isolated[0]!.signal("SIGSTOP");
    if (phase.event === "stop broker" || phase.event === "kill broker") await feeder.pause();
    if (phase.event === "stop broker") broker.signal("SIGSTOP");
    if (phase.event === "kill broker") await broker.kill();
  };
  const end = async ({ event }: Phase) => {
    await proxy.set({});
    if (event === "stop worker") isolated[0]!.signal("SIGCONT");
    if (event === "stop broker") broker.signal("SIGCONT");
    if (event === "kill broker") broker = await startBroker(runtime, { data, port });
    feeder.goOn();
  };
  const runPhase = async (phase: Phase): Promise<PhaseFigures> => {
    const before = new Map(listLogged().map(({ logged }) => [logged, logged.length]));
    const cpuBefore = isolated.map((worker) => worker.cpuMs());
    const startedAt = performance.now();
    await begin(phase);
    await sleep(phase.ms);
    const tookMs = performance.now() - startedAt;
    const cpu = Math.max(...isolated.map((worker, at) => worker.cpuMs() - cpuBefore[at]!)) / tookMs;
    await end(phase);
    const recovery = await untilRecovered(client, finishes);
    ledger.phase = calm;
    const lines = listLogged().flatMap(({ name, logged }) =>
      logged.slice(before.get(logged) ?? 0).map((line) => `${name}: ${line}`)
    );
    const figures = { name: phase.name, ...recovery, logLines: lines.length, cpu };
    const perSecond = lines.length / ((performance.now() - startedAt) / 1000);
    if (perSecond > mostLinesPerSecond) failures.push(`${phase.name}: ${lines.length} log lines`);
    if (cpu > mostCpu) failures.push(`${phase.name}: a worker used ${cpu.toFixed(2)} of a CPU`);
    if (recovery.rateMs === undefined) failures.push(`${phase.name}: the rate did not come back`);
    if (recovery.heldMs === undefined) failures.push(`${phase.name}: jobs stayed in flight`);
    onPhase(figures, lines);
    return figures;
  };

  const feeder = startFeeder(client);
  ledger.phase = calm;
  await sleep(3000);
  const usualRate = await finishes.learnUsual(8);
  const mebi = (process: Watched) => Math.round(process.rssBytes() / 1024 / 1024);
  const memoryBefore = new Map([broker, ...workers].map((one) => [one.name, mebi(one)]));
  const figures: PhaseFigures[] = [];
  for (const phase of phases) {
    figures.push(await runPhase(phase));
    await sleep(1000);
  }
  await feeder.finish(fewestJobs);

  const unfinished = async () =>
    await client.count({ status: ["ready", "scheduled", "in_flight"] });
  const drainedBy = performance.now() + drainMs;
  while (await unfinished() > 0 && performance.now() < drainedBy) await sleep(200);
  await sleep(500);
  for (const status of ["ready", "scheduled", "in_flight", "dead"] as const) {
    const count = await client.count({ status: [status] });
    if (count > 0) failures.push(`${count} jobs are ${status} at the end`);
  }
  const forgotten = ledger.findForgotten(feeder.count);
  if (forgotten.length > 0) {
    failures.push(`${forgotten.length} jobs never succeeded: ${forgotten.slice(0, 5)}`);
  }
  if (ledger.running > 0) failures.push(`${ledger.running} runs did not come to an end`);
  const calmOverlaps = ledger.overlaps.get(calm) ?? 0;
  if (calmOverlaps > 0) failures.push(`${calmOverlaps} runs at the same time in a calm network`);
  const all = [broker, ...workers];
  for (const { name, endedByItself, logged } of all) {
    if (endedByItself) failures.push(`${name} ended by itself: ${logged.slice(-3).join("\n")}`);
  }
  const memory: Record<string, [number, number]> = {};
  for (const one of all) {
    const [before, after] = memory[one.name] = [memoryBefore.get(one.name)!, mebi(one)];
    if (after - before > mostGrowth) failures.push(`${one.name} grew by ${after - before} MiB`);
  }
  return {
    jobs: feeder.count,
    runs: ledger.runs,
    repeated: ledger.repeated,
    usualRate,
    overlaps: Object.fromEntries(ledger.overlaps),
    phases: figures,
    memory,
    failures,
  };
}
