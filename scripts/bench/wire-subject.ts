/**
 * The load generator: a broker that is reached over plain connections. It does as little as it can, so that the time is the
 * server's.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { openConnection, openStream, toRequest } from "./connection.ts";
import type { ServerProcess } from "./server-process.ts";
import { callers, jobType, payload, queue, type Subject } from "./subject.ts";
import { createIdReader, findIds, wireFormats } from "./wire-formats.ts";

/** Connects to a server. */
export async function createWireSubject(
  server: ServerProcess,
  formatName: "json" | "msgpack",
): Promise<Subject> {
  const format = wireFormats[formatName];
  const url = new URL(server.url);
  const accept = `accept: ${format.type}`;
  const connections = await Promise.all(Array.from({ length: callers }, () => openConnection(url)));
  const toPost = (path: string, value: unknown) =>
    toRequest(`POST ${path}`, [accept, `content-type: ${format.type}`], format.encode(value));
  const ask = async (request: Buffer, status: number, caller = 0) => {
    const answer = await connections[caller]!.send(request);
    if (answer.status === status) return answer.body;
    throw new Error(`Answered ${answer.status}, expected ${status}: ${answer.body}`);
  };

  const job = { type: jobType, queue, payload };
  const one = toPost("/jobs", job);
  const toMany = (count: number) =>
    toPost("/jobs/bulk", { jobs: Array.from({ length: count }, () => job) });
  const thousand = toMany(1000);

  return {
    async enqueueMany(count) {
      return findIds(format, await ask(count === 1000 ? thousand : toMany(count), 201));
    },
    async enqueueOne(caller) {
      return findIds(format, await ask(one, 201, caller))[0]!;
    },
    async list(limit, after) {
      const from = after === undefined ? "" : `&from=${after}`;
      return findIds(
        format,
        await ask(toRequest(`GET /jobs?limit=${limit}${from}`, [accept]), 200),
      );
    },
    async drain(count, concurrency, onJob) {
      const done = Promise.withResolvers<void>();
      const readIds = createIdReader(format);
      let waiting: string[] = [];
      let sending = false;
      let acked = 0;
      /** One request at a time; what is finished meanwhile goes with the next. */
      const acknowledge = async () => {
        if (sending) return;
        sending = true;
        while (waiting.length > 0) {
          const ids = waiting;
          waiting = [];
          await ask(toPost("/jobs/success", { ids }), 204);
          acked += ids.length;
        }
        sending = false;
        if (acked === count) done.resolve();
      };
      const take = toRequest(`GET /jobs/take?prefetch=${concurrency}`, [
        `accept: ${format.streamType}`,
      ]);
      const close = await openStream(url, take, {
        onBytes(bytes) {
          try {
            for (const id of readIds(bytes)) {
              onJob(id);
              waiting.push(id);
            }
            acknowledge().catch(done.reject);
          } catch (error) {
            done.reject(error);
          }
        },
        onEnd: done.reject,
      });
      await done.promise.finally(close);
    },
    async count() {
      const request = toRequest("GET /jobs/count", ["accept: application/json"]);
      return JSON.parse(String(await ask(request, 200))).count;
    },
    cpuMs: () => server.cpuMs(),
    async close() {
      for (const connection of connections) connection.close();
      await server.stop();
    },
  };
}
