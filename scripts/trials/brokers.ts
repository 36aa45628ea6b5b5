/**
 * Several brokers on one PostgreSQL, killed again and again, and the server too: are jobs lost, or run again after their
 * report was taken?
 *
 * ```sh
 * deno run -A scripts/trials/brokers.ts                       # 3 brokers, 6 workers, 20,000 jobs, a kill every second
 * deno run -A scripts/trials/brokers.ts --jobs 200000
 * deno run -A scripts/trials/brokers.ts --server-kills 10     # every tenth kill is the server's
 * deno run -A scripts/trials/brokers.ts --failovers 20        # every twentieth too, and its replica takes its place
 * deno run -A scripts/trials/brokers.ts --freezes 20          # every twentieth: it freezes, is replaced, and goes on
 * deno run -A scripts/trials/brokers.ts --pauses 5            # every fifth has a broker stand still until others gave it up
 * ```
 *
 * Brokers are processes of the command line, on a PostgreSQL of the trial's own. A proxy before them gives each connection
 * to the next one that lives. Who is killed is chance by `--seed`; when, is not.
 *
 * @module
 */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { openPostgres } from "../../adapters/postgres/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { silentLogger } from "../../src/log.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { type PostgresServer, startPostgres } from "../gate/postgres-server.ts";
import {
  countLines,
  createSpreadingProxy,
  type MortalBroker,
  startBrokerOn,
} from "./brokers-processes.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    jobs: { type: "string", default: "20000" },
    brokers: { type: "string", default: "3" },
    workers: { type: "string", default: "6" },
    "kill-ms": { type: "string", default: "1000" },
    "server-kills": { type: "string", default: "0" },
    failovers: { type: "string", default: "0" },
    freezes: { type: "string", default: "0" },
    pauses: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
  },
});
const wanted = Number(values.jobs);
const killMs = Number(values["kill-ms"]);
const serverKills = Number(values["server-kills"]);
const failovers = Number(values.failovers);
const freezes = Number(values.freezes);
const pauses = Number(values.pauses);
/** Longer than a broker may be silent before others give its jobs to others. */
const pauseMs = 18_000;
/** How long a server is frozen before its replica is promoted, and after that; and how long it then goes on. */
const frozenMs = { before: 5000, after: 25_000, goesOn: 5000 };
let seed = Number(values.seed);
const chance = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;

const started = await startPostgres();
if ("missing" in started) {
  console.log(started.missing);
  process.exit(0);
}
let primary = started;
let replica = failovers > 0 || freezes > 0 ? await followed(primary) : undefined;
const hosts = [primary, replica].map((server) => server && new URL(server.url).host);
const address = `postgres://postgres@${
  hosts.filter((host) => host !== undefined)
}/postgres?application_name=broker`;
const brokers = await Promise.all(
  Array.from({ length: Number(values.brokers) }, () => startBrokerOn(address)),
);

/** Starts a replica, and has the server answer no commit that it has not. */
async function followed(server: PostgresServer, port?: number): Promise<PostgresServer> {
  const replica = await server.follow(port);
  const database = openPostgres({ url: server.url, schema: "trial" });
  await database.open();
  await database.all("ALTER SYSTEM SET synchronous_standby_names = '*'", []);
  await database.all("SELECT pg_reload_conf()", []);
  await database.close();
  return replica;
}

/** Ends the server; its replica takes its place, and a new one follows that. */
async function failOver(): Promise<void> {
  const dead = primary;
  await dead.kill();
  await replica!.promote();
  await replace(dead);
}

/** The replica was promoted. */
async function replace(dead: PostgresServer): Promise<void> {
  primary = replica!;
  await dead.stop();
  replica = await followed(primary, Number(new URL(dead.url).port));
}

/** To how many servers brokers wrote after these had been replaced and went on. */
let strayed = 0;

/** Freezes the server; its replica takes its place; the server goes on, and waits for no replica any more. */
async function freeze(): Promise<void> {
  const old = primary;
  await old.freeze();
  await sleep(frozenMs.before);
  await replica!.promote();
  await sleep(frozenMs.after);
  await old.thaw();
  const database = openPostgres({ url: old.url });
  await database.open();
  await database.all("ALTER SYSTEM RESET synchronous_standby_names", []);
  await database.all("SELECT pg_reload_conf()", []);
  await sleep(500); // For commits that waited.
  const digest = async () =>
    (await database.all(
      `SELECT md5(concat((SELECT string_agg(jobs::text, ',' ORDER BY seq) FROM millrace.jobs),
        (SELECT string_agg(brokers::text, ',' ORDER BY brokers::text) FROM millrace.brokers))) AS md5`,
      [],
    ))[0]!["md5"];
  const before = await digest();
  await sleep(frozenMs.goesOn);
  if (await digest() !== before) strayed++;
  const text =
    "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'broker' AND state IS NOT NULL";
  console.error(`${(await database.all(text, []))[0]!["n"]} connections to the server before`);
  await database.close();
  await replace(old);
}
const proxy = await createSpreadingProxy(() => brokers.map(({ port }) => port));

const count = defineJob({ type: "count", queue: "count", payload: v.number(), retryLimit: 1000 });
/** How often each job was begun, by its number; the jobs whose report the broker has taken; and those begun after that. */
const begun = new Map<number, number>();
const reported = new Set<string>();
let ranAgain = 0;
const workers = Array.from({ length: Number(values.workers) }, () => {
  const client = createClient({ url: proxy.url });
  const worker = createWorker({
    client,
    concurrency: 25,
    logger: silentLogger,
    handlers: [
      handle(count, async (number, { job }) => {
        if (reported.has(job.id)) ranAgain++;
        begun.set(number, (begun.get(number) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, number % 40));
      }),
    ],
  });
  worker.on("acked", ({ ids, notFound }) => {
    // A report of one that was not this worker's any more is answered too, and was not taken.
    for (const id of ids) if (!notFound.includes(id)) reported.add(id);
  });
  return worker;
});
const running = workers.map((worker) => worker.run());

const kills = { brokers: 0, servers: 0, failovers: 0, freezes: 0, pauses: 0 };
/** The broker that stands still, and until when it does. */
let still: MortalBroker | undefined;
let stillness: Promise<void> | undefined;
let isOver = false;
const killing = (async () => {
  for (let times = 1; !isOver; times++) {
    await new Promise((resolve) => setTimeout(resolve, killMs));
    if (isOver) break;
    if (failovers > 0 && times % failovers === 0) {
      kills.failovers++;
      await failOver();
    } else if (freezes > 0 && times % freezes === 0) {
      kills.freezes++;
      await freeze();
    } else if (serverKills > 0 && times % serverKills === 0) {
      kills.servers++;
      await primary.crash();
    } else {
      // The next kill does not wait until it listens again; one is always left.
      const alive = brokers.filter((broker) => broker.port !== undefined && broker !== still);
      if (alive.length < 2) continue;
      if (pauses > 0 && times % pauses === 0 && still === undefined) {
        kills.pauses++;
        still = alive[Math.floor(chance() * alive.length)]!;
        stillness = still.pause(pauseMs).then(() => void (still = undefined));
        continue;
      }
      kills.brokers++;
      void alive[Math.floor(chance() * alive.length)]!.kill();
    }
  }
})();

const client = createClient({ url: proxy.url });
const accepted = new Set<number>();
let repeated = 0;
const startedAt = performance.now();
const telling = setInterval(() => {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.error(
    `${seconds} s: ${accepted.size} accepted, ${begun.size} begun, ${reported.size} reported, ` +
      `${kills.brokers} brokers and ${kills.servers} servers killed, ${kills.failovers} failovers`,
  );
}, 30_000);
for (let number = 0; number < wanted; number += 50) {
  const numbers = Array.from({ length: Math.min(50, wanted - number) }, (_, at) => number + at);
  // A call without an answer comes again under the same key, and is done once.
  const idempotencyKey = `numbers-${number}`;
  for (let isAccepted = false; !isAccepted;) {
    try {
      await client.enqueueMany(
        numbers.map((payload) => ({ type: "count", queue: "count", payload })),
        {
          idempotencyKey,
        },
      );
      isAccepted = true;
    } catch {
      repeated++;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  for (const number of numbers) accepted.add(number);
}
const enqueuedMs = performance.now() - startedAt;
const lost = () => [...accepted].filter((number) => !begun.has(number)).length;
/** It is over when nothing is left, or when nothing more was done for two minutes. */
let left = -1;
for (let quietSince = performance.now(), before = -1; performance.now() < quietSince + 120_000;) {
  left = await client.count({}).catch(() => -1);
  if (left === 0) break;
  if (begun.size !== before) quietSince = performance.now();
  before = begun.size;
  await new Promise((resolve) => setTimeout(resolve, 250));
}
clearInterval(telling);
isOver = true;
await killing;
await stillness;
const drainedMs = performance.now() - startedAt;
await Promise.all(workers.map((worker) => worker.stop()));
await Promise.all(running);
await new Promise((resolve) => setTimeout(resolve, 3000)); // Those that start again.
await Promise.all(brokers.map((broker) => broker.stop()));
await proxy.stop();
await primary.stop();
await replica?.stop();

const twice = [...begun.values()].filter((times) => times > 1).length;
console.log(
  `${kills.brokers} brokers and ${kills.servers} servers were killed, ${kills.failovers} servers replaced, ${kills.freezes} frozen, ${kills.pauses} brokers stood still`,
);
if (freezes > 0) {
  console.log(`${strayed} of the frozen ones were written to after they were replaced`);
}
console.log(
  `${accepted.size} jobs accepted in ${
    (enqueuedMs / 1000).toFixed(1)
  } s, ${repeated} calls made again`,
);
console.log(
  `${begun.size} ran, all were done after ${(drainedMs / 1000).toFixed(1)} s; ${left} are left`,
);
console.log(
  `${twice} ran more than once, ${ranAgain} after their report was taken, ${lost()} were lost`,
);
for (const line of countLines(brokers.flatMap(({ errors }) => errors))) console.log(line);
process.exit(lost() + ranAgain + strayed === 0 && left === 0 ? 0 : 1);
