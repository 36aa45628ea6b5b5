/**
 * A Worker with all there is to try: brokers in Durable Objects, a client beside them, work by a cron trigger, and the tests of
 * the store.
 *
 * @module
 */

import {
  BrokerObject,
  type BrokerObjectOptions,
  type DurableState,
  objectFetch,
  type ObjectNamespace,
  openDurableSqlite,
  routeToObjects,
} from "../../adapters/cloudflare/mod.ts";
import { createClient, createLeases, defineJob, type JobDefinition } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { describeManyJobs, describeTransitions } from "../store/transitions/suite.ts";
import { collected } from "./test-shim.ts";

interface Env {
  readonly JOBS: ObjectNamespace;
  readonly STORES: ObjectNamespace;
}

/** What is used of a Durable Object's state besides storage. */
interface MortalState extends DurableState {
  abort(reason: string): void;
}

/** A broker that can be made to end, and tells how often it was woken since. */
export class Jobs extends BrokerObject<Env> {
  #alarms = 0;

  protected override options(): BrokerObjectOptions {
    return { heartbeatIntervalMs: 200 };
  }

  override async fetch(request: Request): Promise<Response> {
    switch (new URL(request.url).pathname) {
      case "/evict":
        (this.ctx as MortalState).abort("evicted for a test");
        return new Response();
      case "/alarms":
        return Response.json(this.#alarms);
    }
    return await super.fetch(request);
  }

  override async alarm(): Promise<void> {
    this.#alarms++;
    await super.alarm();
  }
}

/** The database of the test that runs; undefined when it has opened it. */
let storage: DurableState["storage"] | undefined;

/** A test needs two databases, or one that others write to as well: no object has that. */
class NeedsAnotherError extends Error {}

const openEmpty = () => {
  if (storage === undefined) throw new NeedsAnotherError();
  const { sql } = storage;
  for (let left = 1; left > 0;) {
    const tables = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
    left = 0;
    for (const { name } of tables) {
      if (/^(_cf|sqlite)_/.test(name as string)) continue;
      sql.exec(`DROP TABLE ${name}`);
      left++;
    }
  }
  const database = openDurableSqlite(storage);
  storage = undefined;
  return database;
};
describeTransitions(openEmpty);
describeManyJobs(openEmpty);

/** Runs tests of the store, one after the other. */
export class StoreTest {
  readonly #ctx: DurableState;

  constructor(ctx: DurableState) {
    this.#ctx = ctx;
  }

  async fetch(request: Request): Promise<Response> {
    storage = this.#ctx.storage;
    const number = Number(new URL(request.url).searchParams.get("number"));
    try {
      await collected[number]!.run();
      return Response.json({});
    } catch (error) {
      if (error instanceof NeedsAnotherError) return Response.json({ skipped: true });
      return Response.json({ error: (error as Error).stack ?? String(error) });
    }
  }
}

const greet: JobDefinition<{ name: string }> = defineJob({ type: "greet", queue: "edge" });

/** Works on what is ready, as a cron trigger or a queue consumer would, and goes. */
async function work(env: Env): Promise<{ greeted: string[]; succeeded: number }> {
  const fetch = objectFetch(env.JOBS, "edge");
  const greeted: string[] = [];
  const worker = createWorker({
    client: createClient({ fetch }),
    leases: createLeases({ fetch }),
    handlers: [handle(greet, ({ name }) => void greeted.push(name))],
  });
  const { succeeded } = await worker.runOnce({ maxJobs: 100, deadlineMs: 5000 });
  return { greeted, succeeded };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/tests":
        return Response.json(collected.map(({ name }) => name));
      case "/test":
        return await objectFetch(env.STORES, "one")(request);
      case "/greet": {
        const client = createClient({ fetch: objectFetch(env.JOBS, "edge") });
        const name = url.searchParams.get("name")!;
        return Response.json(await client.enqueue(greet, { name }));
      }
      case "/work":
        return Response.json(await work(env));
    }
    return await routeToObjects(env.JOBS, { prefix: "/brokers/", allows: (name) => name !== "no" })(
      request,
    );
  },
  async scheduled(_event: unknown, env: Env): Promise<void> {
    await work(env);
  },
};
