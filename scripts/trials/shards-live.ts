/**
 * Shards as docs/scale.md has them, small and real: brokers on files of their own, tenants that are routed by rendezvous, workers that look
 * at some of the shards. One shard is killed and started again, one is added. Are jobs lost, or run again?
 *
 * ```sh
 * deno run -A scripts/trials/shards-live.ts                   # 4 shards, 20,000 jobs of 200 tenants, half a minute
 * deno run -A scripts/trials/shards-live.ts --jobs 100000 --shards 8
 * ```
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type Client, createClient, defineJob } from "../../src/client/mod.ts";
import { silentLogger } from "../../src/log.ts";
import { createWorker, handle, type Worker } from "../../src/worker/mod.ts";
import { byRendezvous, choose, createChance } from "./shards-routing.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    shards: { type: "string", default: "4" },
    jobs: { type: "string", default: "20000" },
    tenants: { type: "string", default: "200" },
    workers: { type: "string", default: "8" },
    "looks-at": { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
  },
});
const wanted = Number(values.jobs);
const tenants = Number(values.tenants);
const looksAt = Number(values["looks-at"]);
const chance = createChance(Number(values.seed));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const main = new URL("../../adapters/cli/main.ts", import.meta.url).pathname;
const folder = await Deno.makeTempDir({ prefix: "millrace-shards-" });

/** A broker on a file. */
interface Shard {
  readonly client: Client;
  child: ChildProcess;
  readonly port: number;
}

async function startBroker(number: number, port = 0) {
  const file = `${folder}/${number}.db`;
  const words = ["run", "-A", main, "serve", "--port", String(port), "--data", file];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"] });
  for await (const line of createInterface({ input: child.stdout! })) {
    const found = /^millrace listening on \S+:(\d+)$/.exec(line);
    if (found !== null) return { child, port: Number(found[1]) };
  }
  throw new Error("A broker did not start");
}

const shards: Shard[] = [];
async function addShard(): Promise<void> {
  const started = await startBroker(shards.length);
  const client = createClient({ url: `http://127.0.0.1:${started.port}` });
  shards.push({ ...started, client });
}
for (let count = 0; count < Number(values.shards); count++) await addShard();
let list: readonly number[] = shards.map((_, shard) => shard);

const job = defineJob<{ tenant: number; number: number }>({ type: "work", queue: "work" });
/** How often each job was run. */
const runs = new Map<number, number>();
const perShard = new Map<number, number>();
const shardsOf = new Map<number, Set<number>>();

/** One process's workers: a worker for each shard that it looks at, with a part of its places. */
const workers = new Map<string, Worker>();
async function look(): Promise<void> {
  for (let worker = 0; worker < Number(values.workers); worker++) {
    for (const shard of choose(worker, list, looksAt)) {
      const name = `${worker} at ${shard}`;
      if (workers.has(name)) continue;
      const made = createWorker({
        client: shards[shard]!.client,
        logger: silentLogger,
        concurrency: 5,
        handlers: [
          handle(job, ({ tenant, number }) => {
            runs.set(number, (runs.get(number) ?? 0) + 1);
            perShard.set(shard, (perShard.get(shard) ?? 0) + 1);
            shardsOf.set(tenant, (shardsOf.get(tenant) ?? new Set()).add(shard));
          }),
        ],
      });
      workers.set(name, made);
      await made.start();
    }
  }
}
await look();

/** As 1, 1/2, 1/3 … */
const weights = Array.from({ length: tenants }, (_, at) => 1 / (at + 1));
const sum = weights.reduce((total, weight) => total + weight, 0);
function pickTenant(): number {
  let at = chance() * sum;
  return weights.findIndex((weight) => (at -= weight) < 0) % tenants;
}

let enqueued = 0;
let waited = 0;
async function enqueue(): Promise<void> {
  while (enqueued < wanted) {
    const number = enqueued++;
    const tenant = pickTenant();
    // Repeated until it is stored, also when it is not known whether it was: the key makes it one.
    for (;;) {
      const { client } = shards[byRendezvous(tenant, list)]!;
      try {
        await client.enqueue(job, { tenant, number }, { idempotencyKey: `job-${number}` });
        break;
      } catch (error) {
        if (error instanceof TypeError) throw error;
        waited++;
        await pause(100);
      }
    }
  }
}
const enqueuing = Promise.all(Array.from({ length: 25 }, enqueue));

while (enqueued < wanted / 4) await pause(20);
const lostShard = shards[1]!;
const ended = once(lostShard.child, "exit");
lostShard.child.kill("SIGKILL");
await ended;
await pause(2000);
lostShard.child = (await startBroker(1, lostShard.port)).child;

while (enqueued < wanted / 2) await pause(20);
await addShard();
list = shards.map((_, shard) => shard);
await look();

await enqueuing;
while (runs.size < wanted) {
  const left = await Promise.all(
    shards.map(({ client }) => client.count({ status: ["ready", "in_flight", "scheduled"] })),
  );
  if (left.every((count) => count === 0)) break;
  await pause(200);
}
await Promise.all([...workers.values()].map((worker) => worker.stop()));

const again = [...runs.values()].filter((times) => times > 1).length;
const moved = [...shardsOf.values()].filter((seen) => seen.size > 1).length;
console.log(`${wanted} jobs of ${tenants} tenants, ${list.length} shards at the end`);
console.log(`lost: ${wanted - runs.size}, begun twice: ${again}, enqueues that waited: ${waited}`);
console.log(`tenants that were on two shards: ${moved} (${(100 * moved / tenants).toFixed(0)} %)`);
console.log(`jobs by shard: ${[...perShard].sort().map(([, count]) => count).join(", ")}`);

await Promise.all(shards.map(({ child }) => {
  const over = once(child, "exit");
  child.kill("SIGTERM");
  return over;
}));
await Deno.remove(folder, { recursive: true });
process.exit(runs.size === wanted ? 0 : 1);
