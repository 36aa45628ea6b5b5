/**
 * What it costs to enqueue within a transaction, beside the ways that are not safe: the transaction, then an enqueue.
 *
 * ```sh
 * deno run -A scripts/trials/outbox-cost.ts             # 7 rounds, all ways in turn
 * ```
 *
 * Everything runs in one process but the server, which is one of the trial's own without fsync: the ratios count, and no figure
 * by itself.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
// @ts-ignore: without types, as where a broker loads it.
import driver from "pg";
import { serve } from "../../adapters/deno/mod.ts";
import { openPostgres } from "../../adapters/postgres/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { createOutbox, type PgTransaction } from "../../src/outbox/mod.ts";
import { startPostgres } from "../gate/postgres-server.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    rounds: { type: "string", default: "7" },
    calls: { type: "string", default: "300" },
  },
});
const calls = Number(values.calls);

const postgres = await startPostgres();
if ("missing" in postgres) {
  console.log(postgres.missing);
  process.exit(0);
}
const broker = createBroker({ store: openPostgres({ url: postgres.url }) });
await broker.start();
const server = await serve(broker, { port: 0 });
const http = createClient({ url: server.url });
const embedded = createClient({ fetch: broker.fetch });
const outbox = createOutbox();
const quiet = createOutbox({ notify: false });
const pool = new driver.Pool({ connectionString: postgres.url, max: 10 });
await pool.query("CREATE TABLE orders (id serial PRIMARY KEY, total int)");

const order = defineJob<{ total: number }>({ type: "order", queue: "orders" });
const payload = { total: 12 };
const thousand = Array.from({ length: 1000 }, () => payload);

/** A transaction that writes a row, and does something besides. */
async function transact(work: (client: PgTransaction) => unknown = () => {}): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("INSERT INTO orders (total) VALUES (12)");
    await work(client);
    await client.query("COMMIT");
  } finally {
    client.release();
  }
}

const ways: Readonly<Record<string, () => Promise<unknown>>> = {
  "the transaction alone": () => transact(),
  "and then an enqueue over HTTP": async () => {
    await transact();
    await http.enqueue(order, payload);
  },
  "and then an enqueue in process": async () => {
    await transact();
    await embedded.enqueue(order, payload);
  },
  "enqueued within": () => transact((client) => outbox.within(client).enqueue(order, payload)),
  "enqueued within, not notified": () =>
    transact((client) => quiet.within(client).enqueue(order, payload)),
};
const bulk: Readonly<Record<string, () => Promise<unknown>>> = {
  "and then 1000 over HTTP": async () => {
    await transact();
    await http.enqueueMany(order, thousand);
  },
  "1000 within": () => transact((client) => outbox.within(client).enqueueMany(order, thousand)),
};

/** Waits until all entries are jobs. */
async function settle(): Promise<void> {
  await pool.query(`SELECT pg_notify('millrace millrace', '["",["due","outbox",0]]')`);
  while ((await pool.query("SELECT 1 FROM millrace.outbox LIMIT 1")).rows.length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const taken = new Map<string, number[]>();
async function measure(name: string, work: () => Promise<unknown>, per: number): Promise<void> {
  const startMs = performance.now();
  await work();
  const spans = taken.get(name) ?? [];
  taken.set(name, [...spans, (performance.now() - startMs) * 1000 / per]);
}

for (let round = 0; round < Number(values.rounds); round++) {
  for (const callers of [1, 10]) {
    for (const [name, way] of Object.entries(ways)) {
      let left = calls;
      const call = async () => {
        while (left-- > 0) await way();
      };
      const all = () => Promise.all(Array.from({ length: callers }, call));
      await measure(`${callers} callers: ${name}`, all, calls);
      await settle();
    }
  }
  for (const [name, way] of Object.entries(bulk)) {
    await measure(name, way, 1);
    await settle();
  }
}
const rows = 20_000;
await pool.query(
  `INSERT INTO millrace.outbox (job) SELECT '{"type":"t","queue":"q","payload":{"total":12}}'
   FROM generate_series(1, $1)`,
  [rows],
);
await measure("made a job of a row", settle, rows);

for (const [name, spans] of taken) {
  const sorted = [...spans].sort((one, other) => one - other);
  const shown = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((us) => us!.toFixed(0));
  console.log(`${name.padEnd(48)} ${shown[0]!.padStart(7)} µs (${shown[1]} to ${shown[2]})`);
}
await server.stop({ timeoutMs: 0 });
await broker.stop();
await pool.end();
await postgres.stop();
process.exit(0);
