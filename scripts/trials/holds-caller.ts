/**
 * Who makes the heavy calls: over plain connections, so that it uses little of the processors itself.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, openConnection, openStream, toRequest } from "../bench/connection.ts";
import { createIdReader, wireFormats } from "../bench/wire-formats.ts";

/** Asks a broker, over connections of its own. */
export interface Caller extends AsyncDisposable {
  readonly url: URL;
  /** Sends what {@linkcode toRequest} made, on a connection of its own. */
  send(request: Buffer): Promise<Answer>;
  /** Stores jobs. */
  fill(count: number, toJob: (n: number) => string): Promise<void>;
}

/**
 * Makes a request with a body in JSON.
 *
 * @param start The method and the path.
 */
export function toWrite(start: string, body: string): Buffer {
  return toRequest(start, ["content-type: application/json"], Buffer.from(body));
}

/** Makes a call that enqueues many jobs, which are written as JSON. */
export function toBulk(count: number, toJob: (n: number) => string): Buffer {
  const jobs = Array.from({ length: count }, (_, n) => toJob(n));
  return toWrite("POST /jobs/bulk", `{"jobs":[${jobs}]}`);
}

/** Connects to a broker. */
export async function openCaller(url: URL): Promise<Caller> {
  const idle = [await openConnection(url)];
  const all = [...idle];
  const caller: Caller = {
    url,
    async send(request) {
      let connection = idle.pop();
      if (connection === undefined) all.push(connection = await openConnection(url));
      const answer = await connection.send(request);
      idle.push(connection);
      return answer;
    },
    async fill(count, toJob) {
      for (let at = 0; at < count; at += 10_000) {
        const jobs = Math.min(10_000, count - at);
        const { status, body } = await caller.send(toBulk(jobs, (n) => toJob(at + n)));
        if (status !== 201) throw new Error(`Filling was answered ${status}: ${body}`);
      }
    },
    [Symbol.asyncDispose]() {
      for (const connection of all) connection.close();
      return Promise.resolve();
    },
  };
  return caller;
}

/** Takes jobs, and waits until all are there, each once. */
export async function takeAll({ url }: Caller, query: string, count: number) {
  const done = Promise.withResolvers<void>();
  const readIds = createIdReader(wireFormats.json);
  const ids = new Set<string>();
  const take = toRequest(`GET /jobs/take?prefetch=${count}${query}`, [
    `accept: ${wireFormats.json.streamType}`,
  ]);
  const close = await openStream(url, take, {
    onBytes(bytes) {
      for (const id of readIds(bytes)) {
        if (ids.has(id)) done.reject(new Error(`Job ${id} was delivered twice`));
        ids.add(id);
      }
      if (ids.size === count) done.resolve();
    },
    onEnd: done.reject,
  });
  await done.promise;
  return { ids, close };
}

/** Waits until as many jobs match a query as are wanted. */
export async function waitForCount({ send }: Caller, query: string, wanted: number): Promise<void> {
  for (;;) {
    const { body } = await send(toRequest(`GET /jobs/count?${query}`, []));
    if (JSON.parse(String(body)).count === wanted) return;
    await sleep(20);
  }
}
