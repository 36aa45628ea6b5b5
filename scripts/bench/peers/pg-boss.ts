/**
 * pg-boss, with 25 connections. A drain fetches and completes in batches, in two loops, which is its fastest; where jobs come one by
 * one, its own workers are woken by LISTEN and NOTIFY.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { load, type Peer, type PgModule, toPayload } from "./peer.ts";

/** What is used of it. */
interface BossModule {
  readonly PgBoss: new (options: object) => {
    on(event: "error", listener: (error: Error) => void): unknown;
    start(): Promise<unknown>;
    stop(options: object): Promise<void>;
    createQueue(name: string, options: object): Promise<void>;
    send(name: string, data: object): Promise<unknown>;
    insert(name: string, jobs: readonly object[]): Promise<unknown>;
    fetch(name: string, options: object): Promise<BossJob[]>;
    complete(name: string, ids: readonly string[]): Promise<unknown>;
    work(
      name: string,
      options: object,
      handler: (jobs: readonly BossJob[]) => Promise<void>,
    ): Promise<unknown>;
    offWork(name: string, options: object): Promise<void>;
  };
}

interface BossJob {
  readonly id: string;
  readonly data: { readonly number: number };
}

const queue = "bench";

/**
 * Opens it on a database of its own.
 *
 * @param packages The folder that it is installed in.
 */
export async function openBoss(packages: string, database: string): Promise<Peer> {
  const { PgBoss } = await load<BossModule>(packages, "pg-boss/dist/index.js");
  const { default: { Pool } } = await load<PgModule>(packages, "pg/lib/index.js");
  const pool = new Pool({ connectionString: database, max: 1 });
  pool.on("error", () => {});
  const boss = new PgBoss({ connectionString: database, max: 25, useListenNotify: true });
  boss.on("error", (error) => console.error("pg-boss:", error.message));
  await boss.start();
  await boss.createQueue(queue, { notify: true });

  return {
    async enqueueMany(numbers) {
      await boss.insert(queue, numbers.map((number) => ({ data: toPayload(number) })));
    },
    async enqueueOne(number) {
      await boss.send(queue, toPayload(number));
    },
    async work({ concurrency, purpose, onJob, onDone }) {
      if (purpose === "latency") {
        const options = {
          batchSize: concurrency,
          burstWhenBatchFull: true,
          pollingIntervalSeconds: 0.5,
          notifyPollingIntervalSeconds: 0.5,
        };
        await boss.work(queue, options, (jobs) => {
          for (const { data } of jobs) onJob(data.number);
          return Promise.resolve();
        });
        return { stop: () => boss.offWork(queue, { wait: true }) };
      }
      let stopped = false;
      const loops = concurrency === 1 ? 1 : 2;
      const batchSize = Math.ceil(concurrency / loops);
      const loop = async () => {
        while (!stopped) {
          const jobs = await boss.fetch(queue, { batchSize });
          for (const { data } of jobs) onJob(data.number);
          if (jobs.length === 0) await sleep(5);
          else await boss.complete(queue, jobs.map(({ id }) => id));
          onDone(jobs.length);
        }
      };
      const all = Promise.all(Array.from({ length: loops }, loop));
      return {
        async stop() {
          stopped = true;
          await all;
        },
      };
    },
    async count() {
      const text = "SELECT count(*) FROM pgboss.job WHERE state < 'completed'";
      return Number((await pool.query(text)).rows[0]!.count);
    },
    async close() {
      await boss.stop({ graceful: false, close: true });
      await pool.end();
    },
  };
}
