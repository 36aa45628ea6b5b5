/**
 * A client that is the least code that speaks the protocol, in JSON: no checks, no repeated calls, no timeouts. What our own
 * client costs more than this is the price of what it adds.
 *
 * @module
 */

import { type LeanCalls, openLeanCalls } from "./lean-calls.ts";
import type { RuntimeName } from "./runtimes.ts";
import { jobType, ownCpuMs, payload, queue, type Subject } from "./subject.ts";

interface WireJob {
  readonly id: string;
}

/**
 * Connects to a server.
 *
 * @param runtime The runtime that runs this.
 */
export async function createLean(runtime: RuntimeName, url: string): Promise<Subject> {
  return createLeanOver(await openLeanCalls(runtime, url));
}

/** The same over calls that are there. */
export function createLeanOver(calls: LeanCalls): Subject {
  const ask = async (method: "GET" | "POST", path: string, status: number, body?: unknown) => {
    const answer = await calls.call(method, path, body === undefined ? body : JSON.stringify(body));
    if (answer.status === status) return answer.text;
    throw new Error(`Answered ${answer.status}, expected ${status}: ${answer.text}`);
  };
  const toJob = () => ({ type: jobType, queue, payload });
  const toIds = (text: string) => (JSON.parse(text).jobs as WireJob[]).map(({ id }) => id);
  return {
    async enqueueMany(count) {
      const jobs = Array.from({ length: count }, toJob);
      return toIds(await ask("POST", "/jobs/bulk", 201, { jobs }));
    },
    enqueueOne: async () => JSON.parse(await ask("POST", "/jobs", 201, toJob())).id,
    async list(limit, after) {
      const from = after === undefined ? "" : `&from=${after}`;
      return toIds(await ask("GET", `/jobs?limit=${limit}${from}`, 200));
    },
    async drain(count, concurrency, onJob) {
      let waiting: string[] = [];
      let sending: Promise<void> | undefined;
      let acked = 0;
      /** One request at a time; what is finished meanwhile goes with the next. */
      const acknowledge = async () => {
        while (waiting.length > 0) {
          const ids = waiting;
          waiting = [];
          await ask("POST", "/jobs/success", 204, { ids });
          acked += ids.length;
        }
        sending = undefined;
        if (acked === count) close();
      };
      const { lines, close } = await openTake(calls, 2 * concurrency); // As our worker does.
      for await (const line of lines) {
        if (line === "") continue; // A heartbeat.
        const job = JSON.parse(line) as WireJob;
        await undefined; // A handler may be asynchronous.
        onJob(job.id);
        waiting.push(job.id);
        sending ??= acknowledge();
      }
      await sending;
      if (acked !== count) throw new Error(`The stream ended after ${acked} of ${count} jobs`);
    },
    count: async () => JSON.parse(await ask("GET", "/jobs/count", 200)).count,
    cpuMs: () => Promise.resolve(ownCpuMs()),
    close: () => Promise.resolve(),
  };
}

/** Takes jobs as lines of JSON, until it is closed. */
async function openTake(calls: LeanCalls, prefetch: number) {
  let closed = false;
  const stream = await calls.stream(`/jobs/take?prefetch=${prefetch}`, "application/x-ndjson");
  const decoder = new TextDecoder();
  async function* read() {
    let rest = "";
    try {
      for await (const bytes of stream.chunks) {
        const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
        rest = lines.pop()!;
        yield* lines;
      }
    } catch (error) {
      if (!closed) throw error;
    }
  }
  return {
    lines: read(),
    close() {
      closed = true;
      stream.close();
    },
  };
}
