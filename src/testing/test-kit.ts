/**
 * What a test kit is made from, and what it can do.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Duration } from "../async/duration.ts";
import type { Broker, BrokerOptions } from "../broker/broker.ts";
import type { Client } from "../client/client.ts";
import type { EnqueueMiddleware } from "../client/middleware.ts";
import type { JobKind, TypedJob } from "../client/typed-job.ts";
import type { ClientOptions, Fetch } from "../client/options.ts";
import type { Job } from "../protocol/job.ts";
import type { JobHandler } from "../worker/handle.ts";
import type { WorkerOptions } from "../worker/options.ts";
import type { KitFaults } from "./faults.ts";
import type { Expected } from "./job-book.ts";
import type { JobRun } from "./kit-worker.ts";
import type { HandlerRun } from "./run-handler.ts";
import type { Transcript } from "./transcript.ts";

/** What handlers may need of their kit before it is there. */
export type KitParts = Pick<TestKit, "client" | "clock" | "fetch" | "sleep">;

/** What `createTestKit` makes a kit from. */
export interface TestKitOptions {
  /** The database of the broker: `openSqlite(":memory:")` of the runtime's entry. The kit closes it. */
  readonly store: BrokerOptions["store"];
  /**
   * What to do with which jobs; or a function that gives them, for handlers that need the client or the clock.
   *
   * @default {[]}
   */
  readonly handlers?:
    | readonly JobHandler[]
    | ((parts: KitParts) => readonly JobHandler[])
    | undefined;
  /**
   * What time it is at first, as a `Date` or in ms since the epoch.
   *
   * @default {2026-01-01T00:00:00Z}
   */
  readonly now?: Date | number | undefined;
  /** What the worker has besides: `middleware`, `onError`, `queues` and so on. Without a `logger` it logs nothing. */
  readonly worker?:
    | Partial<Omit<WorkerOptions, "client" | "handlers" | "clock" | "leases">>
    | undefined;
  /** What the broker has besides, such as `defaultRetryLimit`. */
  readonly broker?:
    | Partial<Omit<BrokerOptions, "store" | "clock" | "timers">>
    | undefined;
  /** What the client has besides. Its calls have no time limit unless one is given, and repeat at once. */
  readonly client?: Partial<Omit<ClientOptions, "url" | "fetch" | "clock">> | undefined;
  /**
   * Layers around every enqueue, also those of handlers, as `withMiddleware` has them; the first is the outermost.
   *
   * @default {[]}
   */
  readonly enqueueMiddleware?: readonly EnqueueMiddleware[] | undefined;
  /**
   * What random numbers begin with, such as those of retry delays: a kit with the same seed does the same.
   *
   * @default {1}
   */
  readonly seed?: number | undefined;
  /**
   * How long a handler may be at work while the clock stands still, in ms of real time, before the kit gives up with an error
   * that says what may be the matter.
   *
   * @default {4000}
   */
  readonly patienceMs?: number | undefined;
}

/** When {@linkcode TestKit.drain} ends. */
export interface DrainOptions {
  /**
   * Ends it after the run for which the function gives true; `"now"` before any time passes.
   *
   * @default {when no job is left that can run}
   */
  readonly until?: "now" | ((run: JobRun) => boolean | Promise<boolean>) | undefined;
  /**
   * How many runs are taken for one that never ends, such as of a job that enqueues itself.
   *
   * @default {1000}
   */
  readonly maxRuns?: number | undefined;
}

/** How many jobs {@linkcode TestKit.expectEnqueued} expects. */
export interface ExpectOptions {
  /**
   * How many fit.
   *
   * @default {at least one}
   */
  readonly times?: number | undefined;
}

/** How {@linkcode TestKit.perform} runs a handler. */
export interface PerformOptions {
  /** Members of the job that are to be different from those of a fresh one, such as `attempts`. */
  readonly job?: Partial<Job> | undefined;
}

/** The cron entries of a kit. */
export interface KitCrons {
  /**
   * Enqueues the job of an entry now, whenever it is due.
   *
   * @param group The name of the group.
   * @param entry The name of the entry.
   * @returns The job.
   * @throws {NotFoundError} If there is no such entry.
   */
  fire(group: string, entry: string): Promise<Job>;
}

/** A broker in memory, a client, a worker, and the clock that they have in common. */
export interface TestKit extends AsyncDisposable {
  /** A client of the broker. */
  readonly client: Client;
  /** The one clock; {@linkcode TestKit.travel} moves it. */
  readonly clock: Clock;
  /** The broker, whose work is done when the clock moves. */
  readonly broker: Broker;
  /** The way to the broker, for other clients: `createCrons(kit)`, `createBudgets(kit)`. */
  readonly fetch: Fetch;
  /** Makes calls to the broker go wrong. */
  readonly faults: KitFaults;
  /** What happened so far. */
  readonly transcript: Transcript;
  /** The cron entries. */
  readonly crons: KitCrons;
  /**
   * Gives the jobs of a definition that are stored or were, since the kit was made, in the order in which they were stored.
   * Most jobs are deleted when they are done; here they are kept as they were last.
   *
   * @param definition What kind of jobs.
   * @param expected Some members of their payloads; or a function that says whether a payload fits.
   */
  enqueued<Input>(
    definition: JobKind<Input>,
    expected?: Expected<NoInfer<Input>>,
  ): Promise<TypedJob<Input>[]>;
  /**
   * Gives the jobs of a definition that fit, and demands that there are some.
   *
   * @param definition What kind of jobs.
   * @param expected Some members of their payloads; or a function that says whether a payload fits.
   * @param options How many there have to be.
   * @throws {Error} If there are not as many; its message shows what was enqueued instead, and where it differs.
   */
  expectEnqueued<Input>(
    definition: JobKind<Input>,
    expected?: Expected<NoInfer<Input>>,
    options?: ExpectOptions,
  ): Promise<[TypedJob<Input>, ...TypedJob<Input>[]]>;
  /**
   * Demands that no job of a definition fits.
   *
   * @param definition What kind of jobs.
   * @param expected Some members of their payloads; or a function that says whether a payload fits.
   * @throws {Error} If there is one; its message shows them.
   */
  expectNotEnqueued<Input>(
    definition: JobKind<Input>,
    expected?: Expected<NoInfer<Input>>,
  ): Promise<void>;
  /**
   * Runs the next job that is ready, as a worker does, and waits for its handler, whatever that does.
   *
   * @returns What became of it; undefined if no job is ready.
   * @throws {Error} If the handler runs for `patienceMs` of real time, or another call of the kit is under way.
   */
  runNext(): Promise<JobRun | undefined>;
  /**
   * Runs all jobs, also those that come of them, and lets the time pass that jobs wait for: retries, delays, tokens of budgets.
   * It ends when no job is left that can run; those of paused queues stay, and those of budgets that get no tokens.
   *
   * @param options When it ends before.
   * @returns What became of each, in the order in which they ran.
   * @throws {Error} If there is no end, or as {@linkcode TestKit.runNext}.
   */
  drain(options?: DrainOptions): Promise<JobRun[]>;
  /**
   * Lets time pass, instant by instant: cron entries enqueue at each of their times, retries come due, and what is ready is
   * run. Called while a handler runs, it only lets time pass: for a time limit, or to see what else happens meanwhile.
   *
   * @param duration How much, in ms or as text (`"2h"`).
   * @returns What became of the jobs that were run.
   * @throws {TypeError} If it is no duration.
   */
  travel(duration: Duration): Promise<JobRun[]>;
  /**
   * Runs the handler of a definition on a payload, for a job that is not stored: the schema checks it, middleware and rules for
   * errors apply. What the handler enqueues is stored.
   *
   * @param definition What kind of job.
   * @param payload What it is about; goes through JSON.
   * @param options What the job is like.
   * @throws {Error} If the kit has no such handler.
   */
  perform<Input>(
    definition: JobKind<Input>,
    payload: NoInfer<Input>,
    options?: PerformOptions,
  ): Promise<HandlerRun>;
  /**
   * Waits until the clock has moved on, for handlers: while one waits so, the kit moves the clock itself. Whoever awaits it
   * says that nothing real is under way.
   *
   * @param duration How long, in ms or as text (`"5s"`).
   * @param signal Ends it: the promise is rejected with its reason.
   */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void>;
  /** Aborts what runs, and closes the broker and its database. */
  close(): Promise<void>;
}
