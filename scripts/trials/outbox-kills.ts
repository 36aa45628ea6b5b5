/**
 * Applications that enqueue within their transactions, while brokers and the server are killed: is there a job for each
 * transaction that was committed, one, and none for any other?
 *
 * ```sh
 * deno run -A scripts/trials/outbox-kills.ts                      # 3 brokers, 4 writers, 60 s, a kill every second
 * deno run -A scripts/trials/outbox-kills.ts --seconds 600 --server-kills 5   # every fifth kill is the server's
 * ```
 *
 * Each transaction also writes the ids of its jobs to a table of the application: what is in it at the end is what was committed,
 * also where nobody heard so. Brokers are processes of the command line, on a PostgreSQL of the trial's own.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
// @ts-ignore: without types, as where a broker loads it.
import driver from "pg";
import { defineJob } from "../../src/client/mod.ts";
import { createOutbox } from "../../src/outbox/mod.ts";
import { startPostgres } from "../gate/postgres-server.ts";
import { startBrokerOn } from "./brokers-processes.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    seconds: { type: "string", default: "60" },
    brokers: { type: "string", default: "3" },
    writers: { type: "string", default: "4" },
    "kill-ms": { type: "string", default: "1000" },
    "server-kills": { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
  },
});
const serverKills = Number(values["server-kills"]);
let seed = Number(values.seed);
const chance = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const server = await startPostgres();
if ("missing" in server) {
  console.log(server.missing);
  process.exit(0);
}
const pool = new driver.Pool({ connectionString: server.url, max: 20 });
pool.on("error", () => {}); // Connections that break while nobody uses them.
await pool.query("CREATE TABLE orders (id text PRIMARY KEY)");
const brokers = await Promise.all(
  Array.from({ length: Number(values.brokers) }, () => startBrokerOn(server.url)),
);

const order = defineJob<{ writer: number }>({ type: "order", queue: "orders" });
const outbox = createOutbox();
const told = { committed: 0, rolledBack: 0, failed: 0 };
let isOver = false;
const ignore = () => {};

/** Runs one transaction, with or without a part that is rolled back, and commits it, or not. */
async function transact(writer: number): Promise<void> {
  const client = await pool.connect();
  client.on("error", ignore);
  let isGood = true;
  try {
    await client.query("BEGIN");
    const within = outbox.within(client);
    const some = Array.from({ length: 1 + Math.floor(chance() * 20) }, () => ({ writer }));
    const receipts = await within.enqueueMany(order, some);
    if (chance() < 0.2) {
      await client.query("SAVEPOINT part");
      await within.enqueue(order, { writer });
      await client.query("ROLLBACK TO SAVEPOINT part");
    }
    const ids = receipts.map(({ id }) => id);
    await client.query("INSERT INTO orders SELECT unnest($1::text[])", [ids]);
    const isKept = chance() < 0.8;
    await client.query(isKept ? "COMMIT" : "ROLLBACK");
    if (isKept) told.committed++;
    else told.rolledBack++;
  } catch {
    isGood = false;
    told.failed++;
  } finally {
    client.off("error", ignore);
    client.release(!isGood);
  }
}

const writers = Array.from({ length: Number(values.writers) }, async (_, writer) => {
  while (!isOver) {
    await transact(writer).catch(() => pause(100));
    await pause(5);
  }
});
let kills = 0;
let crashes = 0;
const end = performance.now() + Number(values.seconds) * 1000;
while (performance.now() < end) {
  await pause(Number(values["kill-ms"]));
  if (serverKills > 0 && (kills + crashes + 1) % serverKills === 0) {
    crashes++;
    await server.crash();
  } else {
    kills++;
    // It is not waited for: another one may be killed while this one starts.
    brokers[Math.floor(chance() * brokers.length)]!.kill().catch(() => {});
  }
}
isOver = true;
await Promise.all(writers);

const ask = async (text: string) => (await pool.query(text)).rows[0];
let waiting = Infinity;
for (let turn = 0; turn < 120 && waiting > 0; turn++) {
  await pause(500);
  waiting = Number((await ask("SELECT count(*) AS n FROM millrace.outbox")).n);
}
const found = await ask(`SELECT count(*) AS ids, count(jobs.id) AS jobs,
    count(*) FILTER (WHERE jobs.id IS NULL) AS lost
  FROM orders LEFT JOIN millrace.jobs ON jobs.id = orders.id AND jobs.named = 1`);
const { surplus } = await ask(`SELECT count(*) AS surplus FROM millrace.jobs
  WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id = jobs.id)`);
const { refused } = await ask("SELECT count(*) AS refused FROM millrace.outbox_refused");
console.log({ kills, crashes, ...told, ...found, surplus, refused, waiting });

await Promise.all(brokers.map((broker) => broker.stop()));
await pool.end();
await server.stop();
const isGood = waiting === 0 &&
  [found.lost, surplus, refused].every((count) => Number(count) === 0);
console.log(isGood ? "A job for each that was committed, and none else" : "FAILED");
process.exit(isGood && Number(found.jobs) > 0 ? 0 : 1);
