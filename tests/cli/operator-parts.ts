/**
 * A served broker, and an output that can be read, for the commands of operators.
 *
 * @module
 */

import type { Output } from "../../adapters/cli/operator/output.ts";
import { type CommandLine, type Flags, readCommandLine } from "../../adapters/cli/options.ts";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient, type EnqueueRequest } from "../../src/client/mod.ts";

/** An output that keeps what it gets. */
export interface Recorded extends Output {
  readonly lines: () => string[];
  readonly notes: string[];
}

/** Creates one. */
export function record(isTerminal = false, width = 100): Recorded {
  let text = "";
  const notes: string[] = [];
  return {
    isTerminal,
    width,
    write: (more) => Promise.resolve(void (text += more)),
    note: (line) => void notes.push(line),
    lines: () => text.split("\n").slice(0, -1),
    notes,
  };
}

/** A broker on a port. */
export interface Served {
  readonly url: string;
  readonly client: Client;
  stop(): Promise<void>;
  /** Reads flags as the command line does. */
  read<Config>(flags: Flags<Config>, ...args: string[]): CommandLine<Config>;
  /** Kills one waiting job of a queue. */
  kill(queue: string): Promise<void>;
}

/** Serves a broker. */
export async function serveBroker(): Promise<Served> {
  const { openSqlite, serve } = await loadRuntime();
  const broker = createBroker({ store: openSqlite(":memory:") });
  const server = await serve(broker, { port: 0 });
  const { url } = server;
  const client = createClient({ url });
  return {
    url,
    client,
    async stop() {
      await server.stop();
      await broker.stop();
    },
    read: (flags, ...args) => readCommandLine(flags, ["--url", url, ...args], {}),
    async kill(queue) {
      const stream = await client.take({ queues: [queue], prefetch: 1 });
      for await (const job of stream) {
        const failure = { message: "no\u001b[31m route", errorType: "E", kill: true };
        await client.failure(job, { ...failure, backtrace: "E: no\n    at f (a.ts:1)" });
        break;
      }
      await stream.close();
    },
  };
}

/** A job to be enqueued. */
export const job = (queue: string, payload: unknown = 1): EnqueueRequest => ({
  type: "mail",
  queue,
  payload,
});
