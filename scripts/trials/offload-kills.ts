/**
 * Sends requests through workers and a broker that are killed (`kill -9`) and started again, in every phase of a request: before
 * it is sent, in the middle of its answer, behind it, and around the commit that ends it. In the end each request has ended, and
 * exactly one callback is there for it: never neither, never two.
 *
 *     deno run -A scripts/trials/offload-kills.ts --kills 300 --seed 1 --runtime deno|node|bun
 *     deno run -A scripts/trials/offload-kills.ts --kills 300 --postgres 3    # three brokers on a PostgreSQL, behind a proxy
 *
 * Ends with 1 if a request has no callback, or two, or one that tells of a failure. It takes a second for each kill, about; the number of trials that it prints is
 * that of the requests that were under way when something was killed.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createClient } from "../../src/client/mod.ts";
import { createHttp, defineHttpCallback } from "../../src/offload/mod.ts";
import { createRandom } from "../../tests/support/random.ts";
import { openRuntimes } from "../bench/open-runtimes.ts";
import { type Runtime, type RuntimeName, toWords } from "../bench/runtimes.ts";
import { startOnFile, startOnPostgres } from "./offload-kills-brokers.ts";
import { type AnswerPhase, startSlowServer } from "./offload-kills-server.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** Requests that are under way, and workers. */
const mostRequests = 24;
const workerCount = 2;

/** Each part of an answer takes up to this, in ms; a kill comes up to so much later than the phase that it waits for. */
const longestPartMs = 120;
const latestMs = 12;

/** No request takes so long once the killing is over, in ms. */
const patienceMs = 180_000;

const { values: flags } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    runtime: { type: "string", default: "deno" },
    postgres: { type: "string" },
  },
});

function startWorker(runtime: Runtime, url: string): ChildProcess {
  const script = fileURLToPath(new URL("offload-kills-worker.ts", import.meta.url));
  const child = spawn(runtime.program, [...toWords(runtime, script, checkout), url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  // It connects when it can; so it is not waited for.
  child.stdout!.resume();
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await ended;
}

const random = createRandom(Number(flags.seed));
const [runtime] = await openRuntimes([flags.runtime as RuntimeName]);
const folder = mkdtempSync(join(tmpdir(), "offload-kills-"));
const data = join(folder, "jobs.db");

/** Who waits for a phase of any request. */
let awaited: { readonly phase: AnswerPhase; readonly reached: () => void } | undefined;
const server = await startSlowServer(() => random.int(longestPartMs), (phase) => {
  if (awaited?.phase !== phase) return;
  const { reached } = awaited;
  awaited = undefined;
  reached();
});
const reach = (phase: AnswerPhase) =>
  Promise.race([new Promise<void>((reached) => awaited = { phase, reached }), sleep(3000)]);

const brokers = flags.postgres === undefined
  ? await startOnFile(runtime!, data)
  : await startOnPostgres(Number(flags.postgres), (count) => random.int(count));
const { url } = brokers;
const client = createClient({ url, timeoutMs: 20_000, retry: { limit: 100, maxDelayMs: 200 } });
const noted = defineHttpCallback("noted", { onComplete() {}, onError() {} });
const http = createHttp(client, { callback: noted });
const workers: ChildProcess[] = [];
for (let at = 0; at < workerCount; at++) workers.push(startWorker(runtime!, url));

const ids = new Set<string>();
let isFeeding = true;
const countOpen = () => client.count({ type: "http:request" });
const feeding = (async () => {
  while (isFeeding) {
    const room = mostRequests - await countOpen().catch(() => mostRequests);
    const more = Array.from({ length: Math.max(0, room) }, async () => {
      // A client that hears no answer asks again, with its key: the request is stored once.
      ids.add(await http.post(`${server.url}/${crypto.randomUUID()}`, { json: { n: 1 } }));
    });
    await Promise.allSettled(more);
    await sleep(20);
  }
})();

/** Kills by what was killed, and in which phase. */
const kills = new Map<string, number>();
let trials = 0;
const phases = ["before", "asked", "half", "answered"] as const;
const killCount = Number(flags.kills);
const startedAt = performance.now();
for (let done = 0; done < killCount; done++) {
  const phase = random.pick(phases);
  const isBroker = random.once(2);
  if (phase === "before") await sleep(random.int(200));
  else await reach(phase);
  await sleep(random.int(latestMs));
  trials += await countOpen().catch(() => 0);
  if (isBroker) {
    await brokers.kill();
  } else {
    const at = random.int(workers.length);
    await kill(workers[at]!);
    workers[at] = startWorker(runtime!, url);
  }
  const name = `${isBroker ? "broker" : "worker"} ${phase}`;
  kills.set(name, (kills.get(name) ?? 0) + 1);
  if ((done + 1) % 50 === 0) console.error(`${done + 1} kills, ${ids.size} requests`);
}

isFeeding = false;
await feeding;
const deadline = performance.now() + patienceMs;
while (await countOpen() > 0 && performance.now() < deadline) await sleep(200);
const left = await countOpen();
const callbacks = new Map<string, number>();
const failed: string[] = [];
for await (const { payload } of client.list({ type: "http:callback", limit: 1000 })) {
  const { id, kind } = payload as { readonly id: string; readonly kind: string };
  callbacks.set(id, (callbacks.get(id) ?? 0) + 1);
  if (kind !== "complete") failed.push(id);
}
// The feeder may not have heard the id of a request that is stored.
const none = [...ids].filter((id) => !callbacks.has(id));
const several = [...callbacks].filter(([, count]) => count > 1);
const sent = [...server.asked.values()];
console.log(`kills     ${killCount} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
for (const [name, count] of [...kills].sort()) console.log(`          ${count} of a ${name}`);
console.log(`trials    ${trials} requests were under way at a kill`);
console.log(`requests  ${ids.size}, sent ${sent.reduce((sum, count) => sum + count, 0)} times`);
console.log(`callbacks ${callbacks.size}, of failures ${failed.length}`);
for await (const job of client.list({ type: "http:request" })) {
  const { id, status, attempts, readyAt, deliveries } = job;
  const waits = Math.round((readyAt - Date.now()) / 1000);
  console.log(`left      ${id} ${status}, due in ${waits} s`, { attempts, deliveries });
}
console.log(`left ${left}, without a callback ${none.length}, with several ${several.length}`);

for (const worker of workers) await kill(worker);
await brokers.stop();
server.close();
rmSync(folder, { recursive: true });
process.exit(left + none.length + several.length + failed.length > 0 ? 1 : 0);
