/**
 * A broker that is reached by the client and the worker of the checkout under test.
 *
 * The checkout may be older or newer than this file: only what both have is used.
 *
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ClientOptions, Format, WireFormat } from "../../src/client/mod.ts";
import { jobType, ownCpuMs, payload, queue, type Subject } from "./subject.ts";

type ClientModule = typeof import("../../src/client/mod.ts");
type FormatModule = typeof import("../../src/client/msgpack.ts");
type WorkerModule = typeof import("../../src/worker/mod.ts");
type BrokerModule = typeof import("../../src/broker/mod.ts");
type AdapterModule = typeof import("../../adapters/node/mod.ts");

/** Imports a module of a checkout. */
async function load<Module>(checkout: string, path: string): Promise<Module> {
  return await import(pathToFileURL(join(checkout, path)).href);
}

/** A broker in this process, on a database file. */
export async function createEmbedded(
  checkout: string,
  runtime: string,
  data: string,
): Promise<Subject> {
  const { createBroker } = await load<BrokerModule>(checkout, "src/broker/mod.ts");
  const adapter = await load<AdapterModule>(checkout, `adapters/${runtime}/mod.ts`);
  const broker = createBroker({ store: adapter.openSqlite(data) });
  const subject = await createOwn(checkout, { fetch: broker.fetch });
  // Named `close` before and `stop` since.
  const { stop, close } = broker as unknown as Partial<
    Record<"stop" | "close", () => Promise<void>>
  >;
  return { ...subject, close: () => (stop ?? close)!.call(broker) };
}

/** What a client takes, which was the name of the format before. */
async function loadFormat(checkout: string, format: Format = "json"): Promise<"json" | WireFormat> {
  if (format === "json") return format;
  const module = await load<FormatModule>(checkout, "src/client/msgpack.ts").catch(() => undefined);
  return module?.msgpack ?? (format as unknown as WireFormat);
}

/** Options of a client, of any checkout. */
interface OwnOptions extends Omit<ClientOptions, "format"> {
  readonly format?: Format;
}

/**
 * A broker that is reached through a client of the checkout.
 *
 * @param options Those of the client.
 */
export async function createOwn(
  checkout: string,
  { format, ...options }: OwnOptions,
): Promise<Subject> {
  const { createClient, defineJob } = await load<ClientModule>(checkout, "src/client/mod.ts");
  const { createWorker, handle } = await load<WorkerModule>(checkout, "src/worker/mod.ts");
  const noop = defineJob<typeof payload>({ type: jobType, queue });
  const client = createClient({ ...options, format: await loadFormat(checkout, format) });
  return {
    async enqueueMany(count) {
      const jobs = await client.enqueueMany(noop, Array.from({ length: count }, () => payload));
      return jobs.map(({ id }) => id);
    },
    enqueueOne: async () => (await client.enqueue(noop, payload)).id,
    async list(limit, after) {
      const page = await client.page(after === undefined ? { limit } : { limit, from: after });
      return page.jobs.map(({ id }) => id);
    },
    async drain(count, concurrency, onJob) {
      let acked = 0;
      const worker = createWorker({
        client,
        concurrency,
        // What a handler returns would be sent as the result of the job.
        handlers: [handle(noop, (_, { job }) => void onJob(job.id))],
      });
      worker.on("acked", ({ ids }) => {
        acked += ids.length;
        if (acked === count) void worker.stop();
      });
      await worker.run();
    },
    count: () => client.count(),
    cpuMs: () => Promise.resolve(ownCpuMs()),
    close: () => Promise.resolve(),
  };
}
