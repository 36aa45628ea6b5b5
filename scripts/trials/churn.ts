/**
 * A day's worth of jobs through one PostgreSQL: does a table, an index or the cost of a claim grow without bound?
 *
 * ```sh
 * deno run -A scripts/trials/churn.ts                  # 2,000,000 jobs, some ten minutes
 * deno run -A scripts/trials/churn.ts --jobs 200000 --backlog 20000
 * ```
 *
 * One broker with a client and a worker, on a server of the trial's own with Debian's settings, but for `synchronous_commit`,
 * which is off: the disk is not what is looked at. So many jobs wait at any time (`--backlog`); of a hundred, one fails
 * once and two are kept for ten seconds. A line is printed for each twentieth of the jobs. What a claim costs is that of one from the front of the queue,
 * which has to go over what was taken and is not vacuumed yet.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { openPostgres } from "../../adapters/postgres/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { silentLogger } from "../../src/log.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { startPostgres } from "../gate/postgres-server.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    jobs: { type: "string", default: "2000000" },
    backlog: { type: "string", default: "10000" },
  },
});
const wanted = Number(values.jobs);
const backlog = Number(values.backlog);
const many = 1000;

const server = await startPostgres({ synchronous_commit: "off" });
if ("missing" in server) {
  console.log(server.missing);
  process.exit(0);
}
const database = openPostgres({ url: server.url });
const broker = createBroker({ store: openPostgres({ url: server.url }), logger: silentLogger });
await broker.start();
await database.open();
const client = createClient({ fetch: broker.fetch });
const churn = defineJob({
  type: "churn",
  queue: "churn",
  payload: v.number(),
  backoff: { baseMs: 100, exponent: 1, jitterMs: 100 },
});

let given = 0;
let done = 0;
const worker = createWorker({
  client,
  concurrency: 100,
  prefetch: 500,
  logger: silentLogger,
  handlers: [handle(churn, (number, { attempt }) => {
    if (number % 100 === 0 && attempt === 1) throw new Error("once");
  })],
});
worker.on("acked", ({ ids }) => {
  done += ids.length;
});

/** Enqueues another thousand. */
async function enqueue(): Promise<void> {
  const size = Math.min(many, wanted - given);
  const jobs = Array.from({ length: size }, () => {
    const number = given++;
    return churn.of(number, number % 50 === 1 ? { retention: { completedMs: 10_000 } } : {});
  });
  await client.enqueueMany(jobs);
}

const claim = `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT seq FROM jobs
  WHERE queue = 'churn' AND status = 1 AND budget_set = '' ORDER BY priority, seq LIMIT 100`;
const toMiB = (bytes: unknown) => (Number(bytes) / 2 ** 20).toFixed(1);
const startedAt = performance.now();

/** Prints how large everything is now. */
async function look(): Promise<void> {
  const [sizes] = await database.all(
    `SELECT pg_relation_size('jobs') AS heap, pg_indexes_size('jobs') AS indexes, n_dead_tup AS dead,
       n_live_tup AS live, autovacuum_count AS vacuums,
       (SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables WHERE relname <> 'jobs') AS others
     FROM pg_stat_user_tables WHERE relname = 'jobs'`,
    [],
  );
  const [plan] = await database.all(claim, []);
  const told = plan!["QUERY PLAN"];
  const root = (typeof told === "string" ? JSON.parse(told) : told)[0];
  const pages = Number(root.Plan["Shared Hit Blocks"]) + Number(root.Plan["Shared Read Blocks"]);
  console.log([
    `${done} done in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
    `jobs ${toMiB(sizes!.heap)} MiB and indexes ${toMiB(sizes!.indexes)}`,
    `${sizes!.live} live and ${sizes!.dead} dead`,
    `${sizes!.vacuums} vacuums`,
    `other tables ${toMiB(sizes!.others)}`,
    `a claim from the front ${pages} pages, ${root["Execution Time"]} ms`,
  ].join("; "));
}

/** Prints the largest tables and indexes. */
async function lookCloser(): Promise<void> {
  const found = await database.all(
    `SELECT c.relname AS name, c.relkind AS kind, pg_relation_size(c.oid) AS bytes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'millrace' AND c.relkind IN ('r', 'i') ORDER BY bytes DESC LIMIT 20`,
    [],
  );
  for (const { name, kind, bytes } of found) {
    console.log(`  ${kind === "i" ? "index" : "table"} ${name}: ${toMiB(bytes)} MiB`);
  }
}

while (given < Math.min(backlog, wanted)) await enqueue();
await look();
const running = worker.run();
const step = Math.ceil(wanted / 20);
for (let next = step; given < wanted;) {
  if (given - done > backlog) await new Promise((resolve) => setTimeout(resolve, 5));
  else await enqueue();
  if (done < next) continue;
  next += step;
  await look();
}
while (await client.count({ status: ["scheduled", "ready", "in_flight"] }) > 0) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await worker.stop();
await running;
await look();
await lookCloser();
await broker.stop();
await database.close();
await server.stop();
