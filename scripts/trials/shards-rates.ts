/**
 * What one database takes: how many jobs go through it in a second, and what each costs the broker and PostgreSQL in CPU time.
 *
 * ```sh
 * deno run -A scripts/trials/shards-rates.ts                        # a file, and PostgreSQL if there is one
 * deno run -A scripts/trials/shards-rates.ts --jobs 50000 --brokers 2
 * ```
 *
 * Broker, client and worker are one process, so that nothing but the store counts. A job goes through when it was enqueued, taken and
 * reported. `docs/scale.md` reckons with these numbers.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { openPostgres } from "../../adapters/postgres/mod.ts";
import { openSqlite } from "../../adapters/sqlite/node-sqlite.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { silentLogger } from "../../src/log.ts";
import type { Database } from "../../src/store/database.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { startPostgres } from "../gate/postgres-server.ts";

/** What was measured of one way to use a database. */
interface Rate {
  readonly jobsASecond: number;
  /** CPU time of this process, and of the server if there is one, in µs a job. */
  readonly brokerMicros: number;
  readonly serverMicros: number | undefined;
}

const job = defineJob<{ text: string }>({ type: "rate", queue: "rates" });
const payload = {
  text:
    "a payload of about a hundred bytes, as the jobs of this repository's benchmarks have one ____",
};

/** CPU time of a process and its children, in µs; the ticks of Linux are 10 ms. */
async function cpuOf(parent: number): Promise<number> {
  let ticks = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(fields[1]) === parent || Number(name) === parent) {
      ticks += Number(fields[11]) + Number(fields[12]);
      // Of children that have ended, the parent has the sum.
      if (Number(name) === parent) ticks += Number(fields[13]) + Number(fields[14]);
    }
  }
  return ticks * 10_000;
}

async function measure(
  work: () => Promise<void>,
  jobs: number,
  server: number | undefined,
): Promise<Rate> {
  const serverBefore = server === undefined ? 0 : await cpuOf(server);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(before);
  return {
    jobsASecond: jobs / seconds,
    brokerMicros: (user + system) / jobs,
    serverMicros: server === undefined ? undefined : (await cpuOf(server) - serverBefore) / jobs,
  };
}

/** Lets jobs go through brokers on one database: in bulk, and one by one. */
async function measureBrokers(
  name: string,
  open: () => Database,
  { jobs, brokers: count, server }: {
    readonly jobs: number;
    readonly brokers: number;
    readonly server?: number;
  },
): Promise<void> {
  const brokers = Array.from(
    { length: count },
    () => createBroker({ store: open(), logger: false }),
  );
  const clients = brokers.map((broker) => createClient({ fetch: broker.fetch }));
  await Promise.all(brokers.map((broker) => broker.start()));
  const each = Math.floor(jobs / count);
  const all = each * count;

  const inBulk = () =>
    Promise.all(clients.map(async (client) => {
      for (let done = 0; done < each; done += 1000) {
        const length = Math.min(1000, each - done);
        await client.enqueueMany(Array.from({ length }, () => job.of(payload)));
      }
    }));
  const singly = () =>
    Promise.all(clients.map(async (client) => {
      let left = each;
      await Promise.all(Array.from({ length: 25 }, async () => {
        while (left-- > 0) await client.enqueue(job, payload);
      }));
    }));
  const drain = async () => {
    let done = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const workers = clients.map((client) =>
      createWorker({
        client,
        logger: silentLogger,
        concurrency: 100,
        handlers: [handle(job, () => {})],
      })
    );
    for (const worker of workers) {
      worker.on("reported", () => ++done === all && resolve());
    }
    await Promise.all(workers.map((worker) => worker.start()));
    await promise;
    await Promise.all(workers.map((worker) => worker.stop()));
  };

  for (const [way, put] of [["in bulk", inBulk], ["one by one", singly]] as const) {
    const rate = await measure(
      async () => {
        await put();
        await drain();
      },
      all,
      server,
    );
    const { jobsASecond, brokerMicros, serverMicros } = rate;
    console.log(
      [
        name,
        String(count),
        way,
        Math.round(jobsASecond).toLocaleString("en"),
        brokerMicros.toFixed(0),
        serverMicros?.toFixed(0) ?? "",
      ].join(" | "),
    );
  }
  await Promise.all(brokers.map((broker) => broker.stop()));
}

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    jobs: { type: "string", default: "20000" },
    brokers: { type: "string", default: "1" },
  },
});
const jobs = Number(values.jobs);

console.log(
  "database | brokers | enqueued | jobs/s through | broker, CPU µs a job | server, CPU µs a job",
);
const folder = await Deno.makeTempDir();
await measureBrokers("SQLite", () => openSqlite(`${folder}/jobs.db`), { jobs, brokers: 1 });
await Deno.remove(folder, { recursive: true });

const server = await startPostgres();
if ("missing" in server) console.log(server.missing);
else {
  try {
    const options = { jobs, brokers: Number(values.brokers), server: server.pid };
    const name = `PostgreSQL ${server.version}`;
    await measureBrokers(name, () => openPostgres({ url: server.url }), options);
  } finally {
    await server.stop();
  }
}
