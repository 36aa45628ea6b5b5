/**
 * What jobs cost that wait for others, beside plain ones, and whether a job with very many dependents holds the loop:
 *
 *     deno run -A scripts/trials/graph.ts --layers 20 --width 1000 --parents 2 --fan 100000
 *
 * Each job of a layer waits for some of the layer before. The plain jobs and the graph are drained in turn, by a worker in
 * the process of the broker, on a file. A million jobs are `--layers 1000`.
 *
 * @module
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient, defineJob } from "../../src/client/mod.ts";
import type { DependencyUse, EnqueueRequest } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { readCount } from "../bench/flags.ts";

/** Jobs of one call. */
const callSize = 10_000;

const { values: flags } = parseArgs({
  options: {
    layers: { type: "string", default: "20" },
    width: { type: "string", default: "1000" },
    parents: { type: "string", default: "2" },
    fan: { type: "string", default: "100000" },
    rounds: { type: "string", default: "2" },
  },
});
const layers = readCount("layers", flags.layers);
const width = readCount("width", flags.width);
const parents = readCount("parents", flags.parents);
const fan = readCount("fan", flags.fan);
const rounds = readCount("rounds", flags.rounds);

const step = defineJob<number>({ type: "step", queue: "q" });

/** The body of a bulk enqueue goes as it is: the client would cut it into parts. */
async function enqueue(
  broker: { fetch(request: Request): Promise<Response> },
  jobs: readonly object[],
): Promise<string[]> {
  const response = await broker.fetch(
    new Request("http://broker/jobs/bulk", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jobs }),
    }),
  );
  const body = await response.json();
  if (response.status !== 201) throw new Error(body.error);
  return body.jobs.map(({ id }: { readonly id: string }) => id);
}

const job = (payload: number, dependsOn: readonly DependencyUse[]) => {
  const request: Pick<EnqueueRequest, "type" | "queue" | "payload"> = {
    type: "step",
    queue: "q",
    payload,
  };
  return dependsOn.length === 0 ? request : { ...request, ["depends_on"]: dependsOn };
};

/** Stores the layers; each job waits for those at its place and behind it in the layer before. */
async function storeLayers(broker: Parameters<typeof enqueue>[0], edges: number): Promise<void> {
  let before: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const jobs = Array.from({ length: width }, (_, at) => {
      const count = before.length === 0 ? 0 : edges;
      const ids = Array.from({ length: count }, (_, next) => before[(at + next) % width]!);
      return job(layer, [...new Set(ids)]);
    });
    before = [];
    for (let at = 0; at < jobs.length; at += callSize) {
      before.push(...await enqueue(broker, jobs.slice(at, at + callSize)));
    }
  }
}

/** Works on all that there is, and gives how long it took, in ms. */
async function drain(client: Client, jobs: number): Promise<number> {
  let done = 0;
  const finished = Promise.withResolvers<void>();
  const worker = createWorker({
    client,
    handlers: [handle(step, () => {
      if (++done === jobs) finished.resolve();
    })],
    concurrency: 1000,
  });
  const startedAt = performance.now();
  const running = worker.run();
  await finished.promise;
  await worker.stop();
  await running;
  return performance.now() - startedAt;
}

/** The longest time that a timer of no time was late, in ms. */
function watchLoop(): () => number {
  let longest = 0;
  let at = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - at);
    at = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return longest;
  };
}

const folder = await mkdtemp(join(tmpdir(), "millrace-graph-"));
try {
  const broker = createBroker({ store: openSqlite(join(folder, "jobs.db")) });
  const client = createClient({ fetch: broker.fetch });
  const jobs = layers * width;
  for (let round = 0; round < rounds; round++) {
    for (const edges of [0, parents]) {
      const storedAt = performance.now();
      await storeLayers(broker, edges);
      const stored = performance.now() - storedAt;
      const ms = await drain(client, jobs);
      const rate = (ms: number) => Math.round(jobs / ms * 1000);
      console.log(
        `${jobs} jobs that wait for ${edges}: stored ${rate(stored)}/s, drained ${rate(ms)}/s`,
      );
    }
  }
  const [root] = await enqueue(broker, [job(0, [])]);
  for (let at = 0; at < fan; at += callSize) {
    const count = Math.min(callSize, fan - at);
    await enqueue(broker, Array.from({ length: count }, () => job(1, [root!])));
  }
  const stream = await client.take({ prefetch: 1 });
  for await (const taken of stream) {
    const stop = watchLoop();
    const startedAt = performance.now();
    await client.success(taken);
    const answered = performance.now() - startedAt;
    while (await client.count({ status: "blocked" }) > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const all = performance.now() - startedAt;
    console.log(
      `${fan} dependents: answered after ${answered.toFixed(1)} ms, all ready after ${
        all.toFixed(0)
      } ms, the loop was held for ${stop().toFixed(1)} ms at most`,
    );
    break;
  }
  await stream.close();
  await broker.close();
} finally {
  await rm(folder, { recursive: true });
}
