/**
 * Many take streams on one queue, and callers that enqueue into it, over plain connections.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { openConnection, openStream, toRequest } from "./connection.ts";
import { quantile } from "./ratios.ts";
import type { ServerProcess } from "./server-process.ts";
import { callers, jobType, payload, queue } from "./subject.ts";
import { createIdReader, findIds, wireFormats } from "./wire-formats.ts";

/** How many jobs each part has. */
export interface IdleSizes {
  /** Enqueued one after the other. */
  readonly alone: number;
  /** Enqueued by many callers. */
  readonly together: number;
}

/** What was measured with so many workers. */
export interface IdleFigure {
  readonly workers: number;
  /** How long one enqueue takes when no other is under way, in ms. */
  readonly p50: number;
  readonly p99: number;
  /** Jobs that were enqueued by all callers together, and until when: of the last answer and the last acknowledgement, in ms. */
  readonly jobs: number;
  readonly enqueuedMs: number;
  readonly finishedMs: number;
  /** CPU time of the server meanwhile. */
  readonly cpuMs: number;
}

/** How many jobs a worker holds at most. */
const prefetch = 25;

const format = wireFormats.json;
const accept = `accept: ${format.type}`;

/**
 * Connects workers to an empty broker and enqueues jobs that they finish at once.
 *
 * @throws {Error} If a job was not delivered exactly once.
 */
export async function measureIdle(
  server: ServerProcess,
  workers: number,
  { alone, together }: IdleSizes,
): Promise<IdleFigure> {
  const url = new URL(server.url);
  const connections = await Promise.all(Array.from({ length: callers }, () => openConnection(url)));
  const acker = await openConnection(url);
  const post = (path: string, value: unknown) =>
    toRequest(`POST ${path}`, [accept, `content-type: ${format.type}`], format.encode(value));
  const one = post("/jobs", { type: jobType, queue, payload });

  const enqueued = new Set<string>();
  const delivered = new Set<string>();
  const failure = Promise.withResolvers<never>();
  let waiting: string[] = [];
  let acking = false;
  let acked = 0;
  let expected = Infinity;
  let finished = Promise.withResolvers<void>();
  const acknowledge = async () => {
    if (acking) return;
    acking = true;
    while (waiting.length > 0) {
      const ids = waiting;
      waiting = [];
      const { status } = await acker.send(post("/jobs/success", { ids }));
      if (status !== 204) throw new Error(`Acknowledging was answered ${status}`);
      acked += ids.length;
    }
    acking = false;
    if (acked === expected) finished.resolve();
  };
  const onIds = (ids: readonly string[]) => {
    for (const id of ids) {
      if (delivered.has(id)) throw new Error(`Job ${id} was delivered twice`);
      delivered.add(id);
      waiting.push(id);
    }
    acknowledge().catch(failure.reject);
  };
  const enqueue = async (caller: number) => {
    const { status, body } = await connections[caller]!.send(one);
    if (status !== 201) throw new Error(`Enqueuing was answered ${status}: ${body}`);
    enqueued.add(findIds(format, body)[0]!);
  };
  /** Runs and waits until as many jobs as it enqueues are acknowledged. */
  const finish = async (jobs: number, run: () => Promise<void>) => {
    finished = Promise.withResolvers();
    expected = acked + jobs;
    await Promise.race([failure.promise, Promise.all([run(), finished.promise])]);
  };

  const closes = await Promise.all(
    Array.from({ length: workers }, () => openWorker(url, onIds, failure.reject)),
  );
  const times: number[] = [];
  const askAlone = async (jobs: number) => {
    for (let at = 0; at < jobs; at++) {
      const startedAt = performance.now();
      await enqueue(0);
      times.push(performance.now() - startedAt);
    }
  };
  // What runs first is slow for a while. It is not counted.
  await finish(alone, () => askAlone(alone));
  times.length = 0;
  await finish(alone, () => askAlone(alone));
  const cpuBefore = await server.cpuMs();
  const startedAt = performance.now();
  let enqueuedMs = 0;
  await finish(together, async () => {
    let asked = 0;
    await Promise.all(Array.from({ length: callers }, async (_, caller) => {
      while (asked++ < together) await enqueue(caller);
    }));
    enqueuedMs = performance.now() - startedAt;
  });
  const finishedMs = performance.now() - startedAt;
  const cpuMs = await server.cpuMs() - cpuBefore;
  for (const close of [...closes, ...connections.map(({ close }) => close), acker.close]) close();
  if (enqueued.size !== 2 * alone + together || [...enqueued].some((id) => !delivered.has(id))) {
    throw new Error(`${enqueued.size} jobs were enqueued and ${delivered.size} delivered`);
  }
  const [p50, p99] = [0.5, 0.99].map((part) => quantile(times, part));
  return { workers, p50: p50!, p99: p99!, jobs: together, enqueuedMs, finishedMs, cpuMs };
}

/** Opens a take stream and waits for the first byte, which is a heartbeat. */
async function openWorker(
  url: URL,
  onIds: (ids: readonly string[]) => void,
  onError: (error: unknown) => void,
): Promise<() => void> {
  const take = toRequest(`GET /jobs/take?queue=${queue}&prefetch=${prefetch}`, [
    `accept: ${format.streamType}`,
  ]);
  const readIds = createIdReader(format);
  const opened = Promise.withResolvers<void>();
  let closed = false;
  const close = await openStream(url, take, {
    onBytes(bytes: Buffer) {
      opened.resolve();
      try {
        const ids = readIds(bytes);
        if (ids.length > 0) onIds(ids);
      } catch (error) {
        onError(error);
      }
    },
    onEnd(error) {
      if (!closed) onError(error);
    },
  });
  await opened.promise;
  return () => {
    closed = true;
    close();
  };
}
