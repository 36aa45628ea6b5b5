/**
 * A real broker on an in-memory database, with a clock that stands still and a client in the same process.
 *
 * @module
 */

import { env } from "node:process";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, type BrokerOptions, createBroker } from "../../src/broker/mod.ts";
import {
  type Client,
  createClient,
  type EnqueueRequest,
  type Job,
  type TakeOptions,
} from "../../src/client/mod.ts";
import type { Database } from "../../src/store/database.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";

/** What a test works with. */
export interface TestBroker {
  readonly broker: Broker;
  readonly client: Client;
  readonly clock: TestClock;
  /** Opens a take stream and gathers what comes. */
  take(options?: TakeOptions): Promise<Taken>;
}

/** An open take stream. */
export interface Taken {
  /** The jobs so far. */
  readonly jobs: Job[];
  /** Pieces without a job, which are heartbeats. */
  readonly heartbeats: () => number;
  /** Whether the broker ended the stream. */
  readonly ended: () => boolean;
  close(): Promise<void>;
}

/**
 * A clock and an empty database: in memory, or on the PostgreSQL that the gate runs some of these tests on, for as many brokers
 * as it says.
 */
async function openEmpty(): Promise<
  { readonly clock: TestClock; readonly stores: readonly Database[] }
> {
  if (env["MILLRACE_POSTGRES"] === undefined) {
    return { clock: createTestClock(), stores: [openSqlite(":memory:")] };
  }
  const [{ openGroup }, { withPatience }] = await Promise.all([
    import("../postgres/server.ts"),
    import("../postgres/patient-clock.ts"),
  ]);
  const { clock, databases } = withPatience(openGroup(Number(env["MILLRACE_BROKERS"] ?? 1)));
  return { clock, stores: databases };
}

/** Several brokers as one: each call goes to the next of them, as through a load balancer. */
export function inTurn(brokers: readonly Broker[], clock: TestClock): Broker {
  let calls = 0;
  return {
    ...brokers[0]!,
    async fetch(request) {
      const broker = brokers[calls++ % brokers.length]!;
      await clock.settle(); // It has heard what the call before did.
      return await broker.fetch(request);
    },
    async start() {
      await Promise.all(brokers.map((broker) => broker.start()));
    },
    async runDue() {
      for (const broker of brokers) await broker.runDue();
    },
    async stop() {
      await Promise.all(brokers.map((broker) => broker.stop()));
    },
    async close() {
      await Promise.all(brokers.map((broker) => broker.close()));
    },
  };
}

/** Runs a test with a broker, and closes it whatever happens. */
export async function withBroker(
  test: (parts: TestBroker) => Promise<void>,
  options: Partial<BrokerOptions> = {},
): Promise<void> {
  const { clock, stores } = options.store === undefined
    ? await openEmpty()
    : { clock: createTestClock(), stores: [options.store] };
  const brokers = stores.map((store) => createBroker({ clock, ...options, store }));
  const broker = brokers.length === 1 ? brokers[0]! : inTurn(brokers, clock);
  if (brokers.length > 1) {
    // All are there before the first call, and have heard of each other.
    await broker.start();
    await clock.settle();
  }
  const client = createClient({ fetch: broker.fetch });
  const opened: Taken[] = [];
  const take = async (takeOptions?: TakeOptions) => {
    const taken = await openTaken(client, takeOptions);
    opened.push(taken);
    return taken;
  };
  try {
    await test({ broker, client, clock, take });
  } finally {
    for (const taken of opened) await taken.close();
    await broker.close();
  }
}

async function openTaken(client: Client, options?: TakeOptions): Promise<Taken> {
  const stream = await client.take(options);
  const jobs: Job[] = [];
  let heartbeats = 0;
  let ended = false;
  (async () => {
    for await (const frame of stream.frames()) {
      if (frame.kind === "heartbeat") heartbeats++;
      else if (frame.kind === "jobs") jobs.push(...frame.jobs);
    }
    ended = true;
  })();
  return { jobs, heartbeats: () => heartbeats, ended: () => ended, close: stream.close };
}

/** A small job. */
export function job(changes: Partial<EnqueueRequest> = {}): EnqueueRequest {
  return { type: "t", queue: "q", payload: null, ...changes };
}
