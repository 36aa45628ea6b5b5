/**
 * Fills a file with jobs, or measures what calls cost with those that it has. Started by `growth.ts` with a task.
 *
 * Half of the jobs are ready, half are scheduled for the next day; they are spread over ten queues and seven types.
 *
 * @module
 */

import { statSync } from "node:fs";
import process from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient, type EnqueueRequest } from "../../src/client/mod.ts";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import type { GrowthPoint } from "./growth-tables.ts";
import { quantile } from "./ratios.ts";
import type { RuntimeName } from "./runtimes.ts";
import { payload } from "./subject.ts";

/** What to do, with the file `data`. */
export type GrowthTask = { readonly runtime: RuntimeName; readonly data: string } & GrowthWork;

/** To store the jobs from one number up to another, or to measure with so many stored and these ids to look at. */
export type GrowthWork =
  | { readonly kind: "fill"; readonly from: number; readonly to: number }
  | { readonly kind: "measure"; readonly stored: number; readonly ids: readonly string[] };

/** What came of it. */
export interface GrowthAnswer {
  /** Some of the jobs that were stored. None of them is ever taken. */
  readonly ids: readonly string[];
  readonly fillRate?: number;
  readonly point?: Omit<GrowthPoint, "runtime" | "stored" | "fillRate">;
}

const queues = 10;
const types = 7;
const dayMs = 24 * 3_600_000;
const sampled = 500;
const rounds = 15;

/** Jobs of one round, within what one take stream may hold. */
const jobs = 500;

function toJob(n: number): EnqueueRequest {
  const job = { type: `type-${n % types}`, queue: `queue-${n % queues}`, payload };
  return Math.floor(n / queues) % 2 === 0 ? job : { ...job, readyAt: Date.now() + dayMs };
}

async function fill(client: Client, from: number, to: number): Promise<GrowthAnswer> {
  const ids: string[] = [];
  const step = Math.max(1, Math.floor((to - from) / sampled));
  const startedAt = performance.now();
  for (let at = from; at < to;) {
    const count = Math.min(1000, to - at);
    const stored = await client.enqueueMany(Array.from({ length: count }, (_, n) => toJob(at + n)));
    stored.forEach(({ id, status }, n) => {
      if (status === "scheduled" && Math.floor((at + n) / step) > ids.length) ids.push(id);
    });
    at += count;
  }
  return { ids, fillRate: (to - from) / (performance.now() - startedAt) * 1000 };
}

/**
 * Measures each operation in turn, some rounds.
 *
 * @returns The cost of one in µs: the lower quartile, as what disturbs the machine only adds to it.
 */
async function measureCosts(
  client: Client,
  ids: readonly string[],
): Promise<Record<string, number>> {
  const costs = new Map<string, number[]>();
  const measure = async <Result>(name: string, count: number, run: () => Promise<Result>) => {
    const startedAt = performance.now();
    const result = await run();
    const cost = (performance.now() - startedAt) * 1000 / count;
    costs.set(name, [...costs.get(name) ?? [], cost]);
    return result;
  };
  const repeat = (name: string, count: number, call: (at: number) => Promise<unknown>) =>
    measure(name, count, async () => {
      for (let at = 0; at < count; at++) await call(at);
    });
  const anyId = () => ids[Math.floor(Math.random() * ids.length)]!;
  for (let round = 0; round <= rounds; round++) {
    if (round === 1) costs.clear(); // The first one warms up.
    const enqueued = new Set<string>();
    await repeat("enqueue", jobs, async () => {
      enqueued.add((await client.enqueue({ type: "type-0", queue: "alone", payload })).id);
    });
    // From a queue that has no other jobs, or those would take the room of what is acknowledged.
    await takeJobs(client, ["alone"], async (taken) => {
      if (taken.some((id) => !enqueued.delete(id)) || enqueued.size > 0) {
        throw new Error(`${enqueued.size} jobs were not delivered, or one was twice`);
      }
      const { notFound } = await measure(
        "acknowledge",
        jobs,
        () => client.successMany(taken),
      );
      if (notFound.length > 0) throw new Error(`${notFound.length} jobs were not in flight`);
    });
    await measure("take, from one queue", jobs, () => takeJobs(client, ["queue-0"]));
    await waitUntilIdle(client);
    await measure("take, from all queues", jobs, () => takeJobs(client));
    await waitUntilIdle(client);
    await repeat("get by id", jobs, () => client.get(anyId()));
    await repeat("page of 100, from an id", 50, () => client.page({ from: anyId(), limit: 100 }));
    const query = { queue: "queue-0", status: "scheduled" } as const;
    await repeat("page of 100, queue and status", 50, () => client.page({ ...query, limit: 100 }));
    await repeat("count, queue and status", 50, () => client.count(query));
    await repeat("count, all", 50, () => client.count());
  }
  return Object.fromEntries([...costs].map(([name, found]) => [name, quantile(found, 0.25)]));
}

/** Takes as many jobs as one round has, and gives them back unless they are acknowledged. */
async function takeJobs(
  client: Client,
  queues?: readonly string[],
  onTaken?: (ids: readonly string[]) => Promise<void>,
): Promise<void> {
  const stream = await client.take({ queues, prefetch: jobs });
  const taken: string[] = [];
  for await (const { id } of stream) {
    if (taken.push(id) < jobs) continue;
    await onTaken?.(taken);
    return; // Leaving the loop closes the stream.
  }
  throw new Error(`The stream ended after ${taken.length} jobs`);
}

/** Waits until what a stream had is given back: that is no part of what comes next. */
async function waitUntilIdle(client: Client): Promise<void> {
  // A call that stays in the process may be answered without a turn of the event loop, in which a stream would be closed.
  while (await client.count({ status: "in_flight" }) > 0) await nextTurn();
}

async function measureAll(
  client: Client,
  startedAt: number,
  { stored, ids, data }: GrowthTask & { kind: "measure" },
): Promise<GrowthAnswer> {
  await client.page({ limit: 1 });
  const openMs = performance.now() - startedAt;
  const openRssBytes = process.memoryUsage().rss;
  await demandCount(client, stored);
  const costs = await measureCosts(client, ids);
  await demandCount(client, stored);
  const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const fileBytes = sizeOf(data) + sizeOf(`${data}-wal`);
  const { rss: rssBytes } = process.memoryUsage();
  return { ids: [], point: { openMs, openRssBytes, rssBytes, fileBytes, costs } };
}

async function demandCount(client: Client, expected: number): Promise<void> {
  const count = await client.count();
  if (count !== expected) throw new Error(`${count} jobs are stored, expected ${expected}`);
}

const task = JSON.parse(process.argv[2]!) as GrowthTask;
const { openSqlite } = await loadRuntime();
const startedAt = performance.now();
const broker = createBroker({ store: openSqlite(task.data) });
const client = createClient({ fetch: broker.fetch });
const answer = task.kind === "fill"
  ? await fill(client, task.from, task.to)
  : await measureAll(client, startedAt, task);
await broker.stop();
console.log(JSON.stringify(answer));
process.exit();
