/**
 * The workloads of the bench, over a client: what they take is counted, every id exactly once.
 *
 * @module
 */

import { type Client, defineJob } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";

/** One line of the table. */
export interface Row {
  readonly name: string;
  readonly jobs: number;
  readonly ms: number;
}

/** How many jobs each workload has. */
export interface Sizes {
  readonly bulk: number;
  readonly single: number;
  readonly drain: number;
}

const noop = defineJob<{ number: number; text: string }>({ type: "noop", queue: "bench" });
const text = "a payload of about a hundred bytes, which is what most jobs carry from here to there";

/** Jobs in one bulk call. */
const bulkSize = 1000;
/** Callers that each wait for their answer before the next call. */
const callers = 25;

/** Runs all workloads on an empty broker. */
export async function runLoads(client: Client, sizes: Sizes): Promise<Row[]> {
  await bulk(client, bulkSize * 5); // a warm-up, not counted
  await client.reset();
  const rows = [await measure("enqueue, 1000 a call", sizes.bulk, () => bulk(client, sizes.bulk))];
  await client.reset();
  rows.push(
    await measure(
      `enqueue one, ${callers} callers`,
      sizes.single,
      () => single(client, sizes.single),
    ),
  );
  await client.reset();
  for (const concurrency of [1, 25, 100]) {
    const jobs = concurrency === 1 ? Math.ceil(sizes.drain / 5) : sizes.drain;
    const ids = await bulk(client, jobs);
    rows.push(
      await measure(
        `drain, concurrency ${concurrency}`,
        jobs,
        () => drain(client, ids, concurrency),
      ),
    );
  }
  return rows;
}

async function measure(name: string, jobs: number, run: () => Promise<unknown>): Promise<Row> {
  const startedAt = performance.now();
  await run();
  return { name, jobs, ms: performance.now() - startedAt };
}

async function bulk(client: Client, jobs: number): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let at = 0; at < jobs; at += bulkSize) {
    const size = Math.min(bulkSize, jobs - at);
    const payloads = Array.from({ length: size }, (_, index) => ({ number: at + index, text }));
    for (const { id } of await client.enqueueMany(noop, payloads)) ids.add(id);
  }
  return ids;
}

async function single(client: Client, jobs: number): Promise<void> {
  let number = 0;
  await Promise.all(Array.from({ length: callers }, async () => {
    while (number < jobs) await client.enqueue(noop, { number: number++, text });
  }));
}

async function drain(client: Client, ids: ReadonlySet<string>, concurrency: number): Promise<void> {
  const left = new Set(ids);
  let acked = 0;
  const worker = createWorker({
    client,
    concurrency,
    handlers: [handle(noop, (_, { job }) => {
      if (!left.delete(job.id)) throw new Error(`job ${job.id} was delivered twice`);
    })],
  });
  worker.on("acked", (event) => {
    acked += event.ids.length;
    if (acked === ids.size) void worker.stop();
  });
  await worker.run();
  if (left.size > 0) throw new Error(`${left.size} jobs were not delivered`);
}
