/**
 * Millrace as its users have it: broker, client and worker in one process, or the client and worker of one that is served.
 *
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Peer, toPayload } from "./peer.ts";

type ClientModule = typeof import("../../../src/client/mod.ts");
type MsgpackModule = typeof import("../../../src/client/msgpack.ts");
type WorkerModule = typeof import("../../../src/worker/mod.ts");
type BrokerModule = typeof import("../../../src/broker/mod.ts");
type PostgresModule = typeof import("../../../adapters/postgres/mod.ts");

/** Where it is: the address of a server of ours, or of the database for a broker in this process. */
export type MillracePlace = { readonly server: string } | { readonly database: string };

/** Opens what a checkout has: with a worker as it comes, or with one that has 500 jobs at a time while it drains. */
export async function openMillrace(
  checkout: string,
  { place, isTuned }: { readonly place: MillracePlace; readonly isTuned: boolean },
): Promise<Peer> {
  const load = async <Module>(path: string): Promise<Module> =>
    await import(pathToFileURL(join(checkout, path)).href);
  const { createClient, defineJob } = await load<ClientModule>("src/client/mod.ts");
  const { msgpack } = await load<MsgpackModule>("src/client/msgpack.ts");
  const { createWorker, handle } = await load<WorkerModule>("src/worker/mod.ts");
  const { createBroker } = await load<BrokerModule>("src/broker/mod.ts");
  const { openPostgres } = await load<PostgresModule>("adapters/postgres/mod.ts");
  const broker = "database" in place
    ? createBroker({ store: openPostgres({ url: place.database }) })
    : undefined;
  await broker?.start();
  const client = "server" in place
    ? createClient({ url: place.server, format: msgpack })
    : createClient({ fetch: broker!.fetch });
  const noop = defineJob<ReturnType<typeof toPayload>>({ type: "noop", queue: "bench" });

  return {
    async enqueueMany(numbers) {
      await client.enqueueMany(noop, numbers.map(toPayload));
    },
    async enqueueOne(number) {
      await client.enqueue(noop, toPayload(number));
    },
    async work({ concurrency, purpose, onJob, onDone }) {
      const worker = createWorker({
        client,
        concurrency,
        ...isTuned && purpose === "drain" && { prefetch: 500 },
        handlers: [handle(noop, ({ number }) => onJob(number))],
      });
      worker.on("acked", ({ ids }) => onDone(ids.length));
      await worker.start();
      return { stop: () => worker.stop() };
    },
    count: () => client.count(),
    close: async () => await broker?.stop(),
  };
}
