/**
 * A broker in a Durable Object.
 *
 * | What happens                                   | What follows                                                           |
 * | ---------------------------------------------- | ---------------------------------------------------------------------- |
 * | a request comes                                | the broker starts if it is not in memory, answers, and sets the alarm  |
 * | work becomes due                               | the alarm wakes the object, which does it                              |
 * | the object is evicted, moved or restarted      | what was answered is stored; streams end, and their jobs go back       |
 *
 * An object without open streams and waiting calls sets no timers, so it may be evicted and costs nothing while nothing is to
 * be done. The alarm is the only thing that wakes it, at the instant that its jobs, cron entries, leases and budgets need.
 *
 * @module
 */

import { type Broker, type BrokerOptions, createBroker } from "../../src/broker/broker.ts";
import { type DurableStorage, openDurableSqlite } from "./durable-sqlite.ts";

/** What is used of the state that Cloudflare hands a Durable Object. */
export interface DurableState {
  /** What the object keeps. */
  readonly storage: DurableStorage;
}

/** What a {@linkcode BrokerObject} may be told. */
export type BrokerObjectOptions = Omit<BrokerOptions, "store" | "timers">;

/**
 * What an isolate of 128 MB can hold, and what SQLite takes there: a text of 2 MB at most. A call is one transaction, which is
 * not cut into pieces as elsewhere, so it may bring less.
 */
const defaults: BrokerObjectOptions = {
  maxBodyBytes: 16 * 1024 * 1024,
  maxPayloadBytes: 1_900_000,
  maxHeldBytes: 32 * 1024 * 1024,
  maxPageBytes: 4 * 1024 * 1024,
  maxItemsPerCall: 10_000,
};

/** How late an alarm may be, in ms, before another call sets it: each setting is a write. */
const alarmSlackMs = 5;

/**
 * A Durable Object that is a broker. Extend it, name the class in `new_sqlite_classes` of the Worker's configuration, and send
 * requests to it: `objectFetch` makes a client's `fetch` of it, `routeToObjects` serves many over HTTP.
 *
 * Who holds jobs without streams suits it best: leases (`createLeases`, `POST /jobs/take`), by a cron trigger or a queue
 * consumer with `worker.runOnce()`. An open stream keeps the object in memory, which is paid for.
 *
 * @example
 * ```ts
 * import { BrokerObject, type BrokerObjectOptions, objectFetch, type ObjectNamespace } from "@millrace/millrace/cloudflare";
 * import { createClient } from "@millrace/millrace/client";
 *
 * class Jobs extends BrokerObject { // exported by the Worker
 *   protected override options(): BrokerObjectOptions {
 *     return { defaultRetryLimit: 5 };
 *   }
 * }
 *
 * const worker = { // its default export
 *   async fetch(_request: Request, env: { JOBS: ObjectNamespace }): Promise<Response> {
 *     const client = createClient({ fetch: objectFetch(env.JOBS, "main") });
 *     const { id } = await client.enqueue({ type: "greet", queue: "default", payload: "Ada" });
 *     return Response.json({ id });
 *   },
 * };
 * console.log(Jobs.name, typeof worker.fetch); // Jobs function
 * ```
 */
export class BrokerObject<Env = unknown> {
  /** What Cloudflare hands over. */
  protected readonly ctx: DurableState;
  /** The bindings of the Worker. */
  protected readonly env: Env;
  #broker: Broker | undefined;
  /** When the alarm goes off, in ms since the epoch; null if it does not, undefined if that is not known yet. */
  #alarmAt: number | null | undefined;

  /**
   * Called by Cloudflare.
   *
   * @param ctx The state of the object.
   * @param env The bindings of the Worker.
   */
  constructor(ctx: DurableState, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }

  /**
   * The options of the broker: override it to set some. Asked once, when the object is first used.
   *
   * @returns What differs from the defaults, which are smaller here: bodies of 16 MiB, payloads of 1.9 MB, 10,000 jobs a call.
   */
  protected options(): BrokerObjectOptions {
    return {};
  }

  /**
   * Answers a request of the protocol.
   *
   * @param request The request.
   * @returns The answer. It never rejects.
   */
  async fetch(request: Request): Promise<Response> {
    const answer = await this.#open().fetch(request);
    await this.#arm();
    return answer;
  }

  /** Called by Cloudflare at the instant that was asked for: does the work that is due. */
  async alarm(): Promise<void> {
    this.#alarmAt = null;
    await this.#open().runDue();
    await this.#arm();
  }

  #open(): Broker {
    return this.#broker ??= createBroker({
      logger: console,
      ...defaults,
      ...this.options(),
      store: openDurableSqlite(this.ctx.storage),
      timers: false,
    });
  }

  /** Sets the alarm for what is due next. One that is set earlier than needed stays: it is set again when it goes off. */
  async #arm(): Promise<void> {
    const { storage } = this.ctx;
    const dueAt = await this.#open().nextDueAt();
    if (dueAt === undefined) return;
    this.#alarmAt ??= await storage.getAlarm();
    if (this.#alarmAt !== null && this.#alarmAt <= dueAt + alarmSlackMs) return;
    this.#alarmAt = dueAt;
    await storage.setAlarm(dueAt);
  }
}
