/**
 * Asks a broker for its health all the time, and listens to an idle take stream: how long others have to wait. A process of
 * its own, started by `holds-probe-process.ts` with the address and the interval of heartbeats. For each line on its standard
 * input it prints what was longest since the line before.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { openConnection, openStream, toRequest } from "../bench/connection.ts";

/** What was longest, in ms. */
export interface ProbeReport {
  /** From a question to its answer. */
  readonly healthMs: number;
  /** From when a heartbeat was due until it came. */
  readonly heartbeatLateMs: number;
  /** How late the prober's own timer was: neither of the others is the broker's fault for less than this. */
  readonly lateMs: number;
}

/** The pause between two questions, in ms. */
const pauseMs = 10;

const [, , address, heartbeat] = process.argv;
const url = new URL(address!);
const heartbeatMs = Number(heartbeat);
const health = await openConnection(url);
const request = toRequest("GET /health", []);

let longestHealth = 0;
let longestGap = 0;
let longestLate = 0;
let askedAt: number | undefined;
let heardAt = performance.now();
let tickedAt = performance.now();

async function ask(): Promise<void> {
  const now = askedAt = performance.now();
  const { status } = await health.send(request);
  if (status !== 200) throw new Error(`Health was answered ${status}`);
  longestHealth = Math.max(longestHealth, performance.now() - now);
  askedAt = undefined;
}

setInterval(() => {
  const now = performance.now();
  longestLate = Math.max(longestLate, now - tickedAt - pauseMs);
  tickedAt = now;
  if (askedAt === undefined) void ask();
}, pauseMs);

const first = Promise.withResolvers<void>();
await openStream(url, toRequest("GET /jobs/take?queue=nothing&prefetch=1", []), {
  onBytes() {
    const now = performance.now();
    longestGap = Math.max(longestGap, now - heardAt);
    heardAt = now;
    first.resolve();
  },
  onEnd(error) {
    throw error;
  },
});
await first.promise;

for await (const _ of createInterface({ input: process.stdin })) {
  const now = performance.now();
  const report: ProbeReport = {
    // What is not answered yet counts too.
    healthMs: Math.max(longestHealth, askedAt === undefined ? 0 : now - askedAt),
    heartbeatLateMs: Math.max(0, Math.max(longestGap, now - heardAt) - heartbeatMs),
    lateMs: longestLate,
  };
  longestHealth = longestGap = longestLate = 0;
  console.log(JSON.stringify(report));
}
process.exit();
