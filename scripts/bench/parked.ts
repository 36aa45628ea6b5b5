/**
 * What parked jobs cost those that are not: 20,000 jobs are drained, with nothing else in the database, and again with
 * 100,000 jobs in the same queue that wait for 1,000 exhausted budgets. `deno run -A scripts/bench/parked.ts`, or any
 * other runtime.
 *
 * @module
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createBudgets, createClient, type EnqueueRequest } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { defineJob } from "../../src/client/mod.ts";

const drained = 20_000;
const parked = 100_000;
const budgetCount = 1000;
const noop = defineJob({ type: "noop", queue: "bench" });
const hourly = { type: "time_based", durationMs: 3_600_000 } as const;

const place = await mkdtemp(join(tmpdir(), "millrace-bench-"));
try {
  const { openSqlite } = await loadRuntime();
  const broker = createBroker({ store: openSqlite(join(place, "jobs.db")) });
  const options = { fetch: broker.fetch };
  const client = createClient(options);
  const budgets = createBudgets(options);
  const many = (count: number, more: (at: number) => Partial<EnqueueRequest>) =>
    client.enqueueMany(
      Array.from({ length: count }, (_, at) => ({
        type: "noop",
        queue: "bench",
        payload: null,
        ...more(at),
      })),
    );

  const drain = async (
    what: string,
    more: (at: number) => Partial<EnqueueRequest> = () => ({}),
  ) => {
    await many(drained, more);
    let done = 0;
    const worker = createWorker({
      client,
      concurrency: 25,
      queues: ["bench"],
      handlers: [
        handle(noop, () => {
          if (++done === drained) void worker.stop();
        }),
      ],
    });
    const startedAt = performance.now();
    await worker.run();
    const ms = performance.now() - startedAt;
    const rate = Math.round(drained / ms * 1000).toLocaleString("en");
    console.log(`${what.padEnd(56)}${rate.padStart(8)} /s`);
  };

  await drain("warm-up");
  await drain("nothing parked");
  await budgets.put("free", { allocation: 1_000_000, strategy: { type: "while_in_flight" } });
  const drawing = () => ({ budgets: [{ key: "free" }] });
  await drain("nothing parked, all draw on one budget that has enough", drawing);

  for (let at = 0; at < budgetCount; at++) {
    await budgets.put(`b${at}`, { allocation: 1, strategy: hourly });
  }
  await many(parked + budgetCount, (at) => ({ budgets: [{ key: `b${at % budgetCount}` }] }));
  const blocker = createWorker({ client, concurrency: 50, handlers: [handle(noop, () => {})] });
  const running = blocker.run();
  while (await client.count() > parked) await new Promise((resolve) => setTimeout(resolve, 50));
  await blocker.stop();
  await running;

  await drain(`${parked.toLocaleString("en")} parked`);
  await drain(`${parked.toLocaleString("en")} parked, all draw on one that has enough`, drawing);
  await broker.close();
} finally {
  await rm(place, { recursive: true });
}
