/**
 * A rolling upgrade under load: brokers of an earlier revision give way, one after another, to those of this one, on one
 * PostgreSQL, while jobs are enqueued and worked off. Is anything lost, refused or run again?
 *
 * ```sh
 * deno run -A scripts/trials/upgrade.ts --from 43ce717              # 3 brokers, 20,000 jobs
 * deno run -A scripts/trials/upgrade.ts --from HEAD~20 --kill true  # those that give way are killed, and not stopped
 * ```
 *
 * The earlier revision comes from git, into a folder that is removed afterwards.
 *
 * @module
 */

import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { openPostgres } from "../../adapters/postgres/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { silentLogger } from "../../src/log.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { demand } from "../gate/command.ts";
import { startPostgres } from "../gate/postgres-server.ts";
import {
  countLines,
  createSpreadingProxy,
  type MortalBroker,
  startBrokerOn,
} from "./brokers-processes.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    from: { type: "string", default: "43ce717" },
    jobs: { type: "string", default: "20000" },
    kill: { type: "string", default: "false" },
  },
});
const wanted = Number(values.jobs);
const checkout = fileURLToPath(new URL("../..", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "millrace-upgrade-"));
const archive = join(folder, "earlier.tar");
await demand("git", ["archive", "--format=tar", `--output=${archive}`, values.from]);
await demand("tar", ["-xf", archive, "-C", folder]);
symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
const earlier = join(folder, "adapters/cli/main.ts");

const server = await startPostgres();
if ("missing" in server) {
  console.log(server.missing);
  process.exit(0);
}
const database = openPostgres({ url: server.url });
const versionNow = async () => {
  await database.open();
  const [row] = await database.all("SELECT version FROM millrace.schema_version", []);
  return row!["version"];
};

const brokers: MortalBroker[] = [];
for (let at = 0; at < 3; at++) brokers.push(await startBrokerOn(server.url, earlier));
const before = await versionNow();
const proxy = await createSpreadingProxy(() => brokers.map(({ port }) => port));

const count = defineJob({ type: "count", queue: "count", payload: v.number(), retryLimit: 1000 });
const begun = new Map<number, number>();
const reported = new Set<string>();
let ranAgain = 0;
let disconnects = 0;
const workers = Array.from({ length: 6 }, () => {
  const worker = createWorker({
    client: createClient({ url: proxy.url }),
    concurrency: 25,
    logger: silentLogger,
    handlers: [
      handle(count, async (number, { job }) => {
        if (reported.has(job.id)) ranAgain++;
        begun.set(number, (begun.get(number) ?? 0) + 1);
        await sleep(number % 40);
      }),
    ],
  });
  worker.on("acked", ({ ids, notFound }) => {
    for (const id of ids) if (!notFound.includes(id)) reported.add(id);
  });
  worker.on("disconnected", () => void disconnects++);
  return worker;
});
const running = workers.map((worker) => worker.run());

const client = createClient({ url: proxy.url });
let accepted = 0;
let repeated = 0;
const enqueuing = (async () => {
  for (; accepted < wanted; accepted += 50) {
    const jobs = Array.from({ length: 50 }, (_, at) => accepted + at)
      .map((payload) => ({ type: "count", queue: "count", payload }));
    for (let isAccepted = false; !isAccepted;) {
      isAccepted = await client.enqueueMany(jobs, { idempotencyKey: `numbers-${accepted}` })
        .then(() => true, () => false);
      if (isAccepted) continue;
      repeated++;
      await sleep(100);
    }
  }
})();

// Each is taken out of the proxy before it is stopped, as a load balancer does it.
const old = [...brokers];
const steps = old.length + 1;
for (const [at, broker] of old.entries()) {
  while (accepted < wanted * (at + 1) / steps) await sleep(20);
  const next = await startBrokerOn(server.url);
  brokers.splice(brokers.indexOf(broker), 1, next);
  console.error(`${accepted} accepted: a new broker takes the place of an old one`);
  if (values.kill === "true") await broker.end();
  else await broker.stop();
}
await enqueuing;
let left = -1;
for (let quietSince = performance.now(), seen = -1; performance.now() < quietSince + 60_000;) {
  left = await client.count({}).catch(() => -1);
  if (left === 0) break;
  if (begun.size !== seen) quietSince = performance.now();
  seen = begun.size;
  await sleep(100);
}
const after = await versionNow();
await Promise.all(workers.map((worker) => worker.stop()));
await Promise.all(running);
await Promise.all(brokers.map((broker) => broker.stop()));
await database.close();
await proxy.stop();
await server.stop();
rmSync(folder, { recursive: true });

const twice = [...begun.values()].filter((times) => times > 1).length;
console.log(`from ${values.from} with schema ${before} to this revision with schema ${after}`);
console.log(`${accepted} accepted, ${repeated} calls made again, ${disconnects} streams ended`);
console.log(
  `${begun.size} ran, ${twice} more than once, ${ranAgain} after their report was taken, ${left} left`,
);
for (const line of countLines([...old, ...brokers].flatMap(({ errors }) => errors))) {
  console.log(line);
}
process.exit(begun.size === wanted && ranAgain === 0 && left === 0 ? 0 : 1);
