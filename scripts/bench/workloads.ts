/**
 * The workloads of the bench. Every id is counted: what was enqueued is listed once and handled once, and nothing is left.
 *
 * @module
 */

import type { Sizes } from "./settings.ts";
import { callers, type Subject } from "./subject.ts";

/** What one workload took. */
export interface Figure {
  readonly name: string;
  readonly jobs: number;
  /** On the clock. */
  readonly ms: number;
  /** CPU time of the code under test: user and system, all threads. */
  readonly cpuMs: number;
}

/** Jobs in one call that enqueues many, and in one page. */
const many = 1000;

/**
 * Runs all workloads on an empty broker and leaves it empty. It stops before each workload, when all is prepared, and after it,
 * so that two checkouts can be measured in turn.
 *
 * @returns A figure after each workload, nothing before it.
 */
export async function* runPass(
  subject: Subject,
  sizes: Sizes,
): AsyncGenerator<Figure | undefined, void> {
  const { bulk, list, single, drain100, drain25, drain1 } = sizes;
  let ids: string[] = [];
  const stock = async (jobs: number) => {
    if (ids.length < jobs) ids.push(...await enqueueInBulk(subject, jobs - ids.length));
  };
  const drain = async function* (jobs: number | undefined, concurrency: number) {
    if (jobs === undefined) {
      if (ids.length > 0) await drainAll(subject, ids, 25);
    } else {
      await stock(jobs);
      yield;
      yield await measure(
        subject,
        `drain, concurrency ${concurrency}`,
        ids.length,
        () => drainAll(subject, ids, concurrency),
      );
    }
    await demandEmpty(subject);
    ids = [];
  };

  if (bulk !== undefined) {
    yield;
    yield await measure(subject, "enqueue, 1,000 a call", bulk, () => stock(bulk));
  }
  if (list !== undefined) {
    await stock(drain100 ?? 5000);
    yield;
    yield await measure(subject, "list, 1,000 a page", list, () => listAll(subject, ids, list));
  }
  yield* drain(drain100, 100);
  if (single !== undefined) {
    yield;
    yield await measure(subject, `enqueue one, ${callers} callers`, single, async () => {
      ids = await enqueueSingly(subject, single);
    });
  }
  yield* drain(drain25, 25);
  yield* drain(drain1, 1);
}

async function measure(
  subject: Subject,
  name: string,
  jobs: number,
  run: () => Promise<void>,
): Promise<Figure> {
  const cpuBefore = await subject.cpuMs();
  const startedAt = performance.now();
  await run();
  const ms = performance.now() - startedAt;
  return { name, jobs, ms, cpuMs: await subject.cpuMs() - cpuBefore };
}

async function enqueueInBulk(subject: Subject, jobs: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < jobs) {
    ids.push(...await subject.enqueueMany(Math.min(many, jobs - ids.length)));
  }
  demandSet(ids, jobs);
  return ids;
}

async function enqueueSingly(subject: Subject, jobs: number): Promise<string[]> {
  const ids: string[] = [];
  let asked = 0;
  await Promise.all(Array.from({ length: callers }, async (_, caller) => {
    while (asked < jobs) {
      asked++;
      ids.push(await subject.enqueueOne(caller));
    }
  }));
  demandSet(ids, jobs);
  return ids;
}

/** Lists all jobs, from the first to the last, until `rows` jobs were listed. */
async function listAll(subject: Subject, ids: readonly string[], rows: number): Promise<void> {
  const expected = [...ids].sort();
  let at = 0;
  for (let listed = 0; listed < rows;) {
    const limit = Math.min(many, rows - listed);
    const page = await subject.list(limit, at === 0 ? undefined : expected[at - 1]);
    const due = Math.min(limit, expected.length - at);
    if (page.length !== due || page.some((id, index) => id !== expected[at + index])) {
      throw new Error(`A page of ${page.length} jobs is not the ${due} jobs from ${at} on`);
    }
    listed += page.length;
    at = (at + page.length) % expected.length;
  }
}

async function drainAll(
  subject: Subject,
  ids: readonly string[],
  concurrency: number,
): Promise<void> {
  if (ids.length === 0) return;
  const left = new Set(ids);
  await subject.drain(ids.length, concurrency, (id) => {
    if (!left.delete(id)) throw new Error(`Job ${id} was delivered twice or is none of ours`);
  });
  if (left.size > 0) throw new Error(`${left.size} jobs were acknowledged and not delivered`);
}

async function demandEmpty(subject: Subject): Promise<void> {
  const left = await subject.count();
  if (left > 0) throw new Error(`${left} jobs are left`);
}

function demandSet(ids: readonly string[], jobs: number): void {
  const distinct = new Set(ids).size;
  if (distinct !== jobs) throw new Error(`${distinct} jobs were made, expected ${jobs}`);
}
