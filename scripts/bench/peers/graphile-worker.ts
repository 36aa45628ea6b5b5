/**
 * graphile-worker, with a pool of 30 connections: as it comes, or with what its page on performance has against many round
 * trips: a local queue of 500 jobs, and completions that are sent together.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { load, type Peer, type PgModule, toPayload } from "./peer.ts";

/** What is used of it. */
interface GraphileModule {
  readonly Logger: new (create: () => () => void) => object;
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>;
    addJob(task: string, payload: unknown): Promise<unknown>;
    addJobs(jobs: readonly object[]): Promise<unknown>;
    release(): Promise<void>;
  }>;
  run(options: object): Promise<{ stop(): Promise<void> }>;
}

/**
 * Opens it on a database of its own.
 *
 * @param packages The folder that it is installed in.
 */
export async function openGraphile(
  packages: string,
  { database, isTuned }: { readonly database: string; readonly isTuned: boolean },
): Promise<Peer> {
  const graphile = await load<GraphileModule>(packages, "graphile-worker/dist/index.js");
  const { default: { Pool } } = await load<PgModule>(packages, "pg/lib/index.js");
  const pgPool = new Pool({ connectionString: database, max: 30 });
  pgPool.on("error", () => {});
  const logger = new graphile.Logger(() => () => {});
  const utils = await graphile.makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  const isEmpty = async () =>
    (await pgPool.query("SELECT 1 FROM graphile_worker._private_jobs LIMIT 1")).rowCount === 0;

  return {
    async enqueueMany(numbers) {
      await utils.addJobs(
        numbers.map((number) => ({ identifier: "noop", payload: toPayload(number) })),
      );
    },
    async enqueueOne(number) {
      await utils.addJob("noop", toPayload(number));
    },
    async work({ concurrency, purpose, onJob, onDone }) {
      // A queue that takes 500 at once would wait for no job where they come one by one.
      const size = purpose === "latency" ? concurrency + 1 : 500;
      const tuned = { localQueue: { size }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
      const taskList = {
        noop(payload: { readonly number: number }) {
          onJob(payload.number);
        },
      };
      const runner = await graphile.run({
        pgPool,
        logger,
        concurrency,
        noHandleSignals: true,
        pollInterval: 1000,
        taskList,
        preset: {
          worker: { concurrentJobs: concurrency, maxPoolSize: 30, ...isTuned ? tuned : {} },
        },
      });
      // It tells of a completion before that is sent: its table says when all are over.
      let stopped = false;
      const watch = (async () => {
        let told = purpose !== "drain";
        while (!stopped && !told) {
          await sleep(2);
          if (!await isEmpty()) continue;
          told = true;
          onDone(Infinity);
        }
      })();
      return {
        async stop() {
          stopped = true;
          await watch;
          await runner.stop();
        },
      };
    },
    async count() {
      const text = "SELECT count(*) FROM graphile_worker._private_jobs";
      return Number((await pgPool.query(text)).rows[0]!.count);
    },
    async close() {
      await utils.release();
      await pgPool.end();
    },
  };
}
