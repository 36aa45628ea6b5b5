/**
 * What qless says of its workers, over a real broker.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLeases, defineJob } from "../../src/client/mod.ts";
import { createWorker, handle, type WorkerOptions } from "../../src/worker/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";

const crawl = defineJob<string>({
  type: "crawl",
  queue: "hosts",
  retryLimit: 0,
  retention: { completedMs: 60_000 },
});

class Unreachable extends Error {
  override name = "Unreachable";
}

/** A worker that takes under leases, as those of qless do, or from a stream; failures are grouped as in qless. */
function createCrawler({ broker, client, clock }: TestBroker, options: Partial<WorkerOptions>) {
  const leases = createLeases({ fetch: broker.fetch });
  return createWorker({
    client,
    clock,
    failureGroup: ({ job, error }) => `${job.type}:${(error as Error).name}`,
    handlers: [handle(crawl, async (deed, { job }) => {
      if (deed === "fail") throw new Unreachable("No route to host");
      if (deed === "complete") await client.success(job);
      if (deed === "kill") await client.failure(job, { message: "By itself", kill: true });
      if (deed === "give back") await client.release(job, { delayMs: 60_000 });
      if (deed === "delete") await client.delete(job.id);
      if (deed === "take away") await leases.timeout(job.id);
    })],
    ...options,
  });
}

describe("a worker", () => {
  for (const way of ["under leases", "from a stream"] as const) {
    const run = (deed: string) =>
      withBrokerJob(async (parts) => {
        const leases = createLeases({ fetch: parts.broker.fetch });
        const failures: string[] = [];
        const worker = createCrawler(parts, {
          ...way === "under leases" && { leases },
          maxJobs: 1,
          logger: { debug() {}, info() {}, warn() {}, error: (line) => failures.push(line) },
        });
        const { id } = await parts.client.enqueue(crawl, deed);
        await worker.run();
        const troubles = failures.filter((line) => !line.startsWith("Job is dead"));
        assert.deepEqual(troubles, [], "what is refused is no trouble");
        const job = await parts.client.get(id).catch(() => undefined);
        const error = await parts.client.error(id, 1).catch(() => undefined);
        return { status: job?.status, group: job?.failureGroup, error };
      });

    it(`completes a job whose handler returns normally, ${way}`, async () => {
      assert.equal((await run("return")).status, "completed");
    });

    it(`fails a job as its type and the kind of its error, ${way}`, async () => {
      const { status, group, error } = await run("fail");
      assert.deepEqual([status, group], ["dead", "crawl:Unreachable"]);
      assert.equal(error!.message, "No route to host");
      assert.match(error!.backtrace!, /worker\.test\.ts/);
    });

    it(`does neither if the job has changed its own state, ${way}`, async () => {
      assert.equal((await run("complete")).status, "completed");
      const killed = await run("kill");
      assert.deepEqual([killed.status, killed.error!.message], ["dead", "By itself"]);
      assert.deepEqual([(await run("give back")).status], ["scheduled"]);
      assert.equal((await run("delete")).status, undefined);
      assert.deepEqual([(await run("take away")).status], ["ready"]);
    });
  }
});

/** Runs with a broker and gives the result. */
async function withBrokerJob<Result>(
  test: (parts: TestBroker) => Promise<Result>,
): Promise<Result> {
  let result!: Result;
  await withBroker(async (parts) => {
    result = await test(parts);
  });
  return result;
}
