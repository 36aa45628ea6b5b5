/**
 * The brokers of the trial of kills: one on a file, or several behind a proxy, on a PostgreSQL of the trial's own.
 *
 * @module
 */

import { startPostgres } from "../gate/postgres-server.ts";
import type { Runtime } from "../bench/runtimes.ts";
import { startBroker } from "./bad-network-processes.ts";
import { createSpreadingProxy, startBrokerOn } from "./brokers-processes.ts";

/** Brokers that can be killed. */
export interface KilledBrokers {
  readonly url: string;
  /** Ends one of them as a power cut would, and starts another one in its place. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a broker on a file. */
export async function startOnFile(runtime: Runtime, data: string): Promise<KilledBrokers> {
  let broker = await startBroker(runtime, { data, port: 0 });
  const { url } = broker;
  const port = Number(new URL(url).port);
  return {
    url,
    async kill() {
      await broker.kill();
      broker = await startBroker(runtime, { data, port });
    },
    stop: () => broker.kill(),
  };
}

/**
 * Starts several brokers on a PostgreSQL, by the runtime of the trial itself.
 *
 * @param choose Chooses one of so many.
 * @throws {Error} If there is no PostgreSQL.
 */
export async function startOnPostgres(
  count: number,
  choose: (count: number) => number,
): Promise<KilledBrokers> {
  const server = await startPostgres();
  if ("missing" in server) throw new Error(server.missing);
  const brokers = await Promise.all(
    Array.from({ length: count }, () => startBrokerOn(server.url)),
  );
  const proxy = await createSpreadingProxy(() => brokers.map(({ port }) => port));
  return {
    url: proxy.url,
    kill: () => brokers[choose(count)]!.kill(),
    async stop() {
      await Promise.all(brokers.map((broker) => broker.stop()));
      await proxy.stop();
      await server.stop();
    },
  };
}
