/**
 * The process that is measured by `slow-calls.ts`.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, createLeases, defineJob } from "../../src/client/mod.ts";
import { createHttp, createHttpWorker, defineHttpCallback } from "../../src/offload/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";

/** What one phase came to. */
export interface SlowCallsLine {
  readonly phase: string;
  readonly seconds: number;
  readonly cpuMs: number;
  /** At most. */
  readonly rssMiB: number;
  /** At the end, when what nobody has any more is collected. */
  readonly heapMiB: number;
  readonly callbacks: number;
  /** Ordinary jobs that were handled. */
  readonly ticks: number;
  /** From the enqueue of an ordinary job to its handler. */
  readonly waitMs: { readonly p50: number; readonly p99: number };
}

const [origin = "", callsText = "", roundsText = ""] = process.argv.slice(2);
const calls = Number(callsText);
const mebibyte = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "millrace-slow-"));
const broker = createBroker({ store: openSqlite(join(folder, "jobs.db")), logger: false });
const client = createClient({ fetch: broker.fetch });
const leases = createLeases({ fetch: broker.fetch });

let callbacks = 0;
const noted = defineHttpCallback("noted", {
  onComplete(result) {
    if (result.status === 200 && result.bytes().length > 2000) callbacks++;
  },
  onError: ({ message }) => console.error(message),
});
const requests = createHttpWorker({
  client,
  leases,
  callbacks: [noted],
  maxInFlight: calls,
  guardAddresses: false,
});

let waits: number[] = [];
const tick = defineJob<number>({ type: "tick", queue: "ordinary" });
const ordinary = createWorker({
  client,
  concurrency: 25,
  handlers: [handle(tick, async (sentAt) => {
    waits.push(performance.now() - sentAt);
    await sleep(5);
  })],
});

/** Collects garbage. */
function collect(): void {
  const { Bun } = globalThis as { readonly Bun?: { gc(force: boolean): void } };
  if (Bun !== undefined) return Bun.gc(true);
  setFlagsFromString("--expose_gc");
  (runInNewContext("gc") as () => void)();
}

/** Does something, and says what it took. */
async function measure(phase: string, work: () => Promise<void>): Promise<void> {
  waits = [];
  callbacks = 0;
  let rss = 0;
  const look = setInterval(() => rss = Math.max(rss, process.memoryUsage().rss), 100);
  const before = process.cpuUsage();
  const since = performance.now();
  await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - since) / 1000;
  clearInterval(look);
  collect();
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
  const line: SlowCallsLine = {
    phase,
    seconds,
    cpuMs: Math.round((user + system) / 1000),
    rssMiB: Math.round(rss / mebibyte),
    heapMiB: Math.round(process.memoryUsage().heapUsed / mebibyte),
    callbacks,
    ticks: waits.length,
    waitMs: { p50: at(0.5), p99: at(0.99) },
  };
  console.log(JSON.stringify(line));
}

let isOver = false;
async function feed(): Promise<void> {
  while (!isOver) {
    const jobs = Array.from({ length: 10 }, () => tick.of(performance.now()));
    await client.enqueueMany(jobs);
    await sleep(50);
  }
}

await Promise.all([ordinary.start(), requests.start()]);
const feeding = feed();
await sleep(2000);
await measure("alone", () => sleep(10_000));
const http = createHttp(client, { baseUrl: `${origin}/`, timeoutMs: 60_000 });
for (let round = 1; round <= Number(roundsText); round++) {
  await measure(`round ${round}`, async () => {
    const toJob = (at: number) =>
      http.of("POST", `${round}/${at}`, { json: { at }, callback: noted });
    const jobs = Array.from({ length: calls }, (_, at) => toJob(at));
    await client.enqueueMany(jobs);
    while (callbacks < calls) await sleep(20);
  });
}
await measure("after", () => sleep(5000));
isOver = true;
await feeding;
await Promise.all([ordinary.stop(), requests.stop()]);
await broker.close();
rmSync(folder, { recursive: true });
