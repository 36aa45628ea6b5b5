/**
 * What a worker is made from, checked and with its defaults.
 *
 * @module
 */

import { type Clock, type Random, systemRandom, toClock } from "../async/clock.ts";
import { type Duration, spanMs } from "../async/duration.ts";
import type { Client } from "../client/client.ts";
import { guardLogger } from "../guard-logger.ts";
import type { Logger } from "../log.ts";
import { checkOptions, type Names, show } from "../options.ts";
import { checkName } from "../protocol/names.ts";
import { defaultWithinMs, leastWithinMs } from "../protocol/worker-run.ts";
import type { ErrorRule, ThrownError } from "./error-rules.ts";
import type { JobFallback, JobHandler } from "./handle.ts";
import type { WorkerLeases } from "./lease-keeper.ts";
import type { Middleware } from "./middleware.ts";
import { type QueueOrder, type QueueOrderOption, toQueueOrder } from "./queue-order.ts";

/** What a worker needs of a client. */
export type WorkerClient =
  & Pick<
    Client,
    "take" | "success" | "successMany" | "failure" | "release" | "releaseMany"
  >
  & Partial<Pick<Client, "enqueue" | "enqueueMany">>
  & {
    /** Where the broker is, for the log. */
    readonly url?: string | undefined;
  };

/** What a worker is made from. */
export interface WorkerOptions {
  /** The client of the broker that the jobs come from. */
  readonly client: WorkerClient;
  /**
   * What to do with which jobs: one for each type, made by `handle`. May be left out with a `fallback`.
   *
   * @default {[]}
   */
  readonly handlers?: readonly JobHandler[] | undefined;
  /**
   * What to do with jobs of all types that have no handler: gets the job as it was delivered. Middleware, rules and logs are
   * as with any handler. Without handlers, say which `queues` to take from.
   *
   * @default {none: such a job fails}
   */
  readonly fallback?: JobFallback | undefined;
  /**
   * The queues to take from; `"all"` takes from every queue there is. A job of a type that has no handler here, and no
   * `fallback`, fails, and is tried again by its own rules until it reaches a worker that has one: so give each set of
   * handlers queues of its own.
   *
   * @default {the queues of the handlers' definitions}
   */
  readonly queues?: readonly string[] | "all" | undefined;
  /**
   * How many jobs run at a time, at most; an integer of 1 or more.
   *
   * @default {10}
   */
  readonly concurrency?: number | undefined;
  /**
   * How many jobs the broker delivers before the first of them is reported; an integer, at least `concurrency`.
   * More helps with a slow network. But a job that waits here waits although another worker may be free.
   *
   * With `"auto"` the worker finds the number by itself: about 50 ms of work wait here, at least one job for each that runs,
   * and 2000 jobs are here at most. Jobs that wait for half a second because handlers take longer than before are given
   * back, uncharged. Needs a Millrace broker, as other servers cannot be told another number: there it is the default.
   *
   * @default {2 * concurrency}
   */
  readonly prefetch?: number | "auto" | undefined;
  /**
   * Functions around every handler, outermost first.
   *
   * @default {[]}
   */
  readonly middleware?: readonly Middleware[] | undefined;
  /**
   * What becomes of a job whose handler threw, by the error: made by `retryOn`, `requeueOn` and `cancelOn`. The rules of
   * its handler are asked first.
   *
   * @default {[]}
   */
  readonly onError?: readonly ErrorRule[] | undefined;
  /**
   * Gives the group of failures that a job is in if it dies of an error, so that all of a kind can be counted and requeued
   * together; at most 200 characters. Undefined is the type of the error. What it throws is logged.
   *
   * @default {the type of the error}
   */
  readonly failureGroup?: ((thrown: ThrownError) => string | undefined) | undefined;
  /**
   * The leases of the same broker (`createLeases`), which makes the worker take each job for a time: it is the worker's until
   * its lease ends, whatever becomes of connections and of the broker's process. Leases are renewed by themselves, also of
   * jobs that wait here; a job whose lease is lost is aborted with a `LeaseLostError`, and the loss counts as a failure of the
   * job. Such a worker opens no stream: it asks for jobs when it has room. Needs a Millrace broker.
   *
   * @default {none: jobs are the worker's as long as its stream is open}
   */
  readonly leases?: WorkerLeases | undefined;
  /**
   * How long a lease lasts, in ms; 1000 or more. It is renewed three times in that time, so a handler that holds the event
   * loop for longer than two thirds of it may lose its job.
   *
   * @default {60000}
   */
  readonly leaseMs?: number | undefined;
  /** How long a lease lasts, in ms or as text (`"1m"`); in the place of `leaseMs`. */
  readonly lease?: Duration | undefined;
  /**
   * In which order the queues are asked for jobs: `"ordered"`, `"round-robin"`, `"shuffled"`, `{ weights }`, or a function of
   * your own. Needs `leases`. Each queue is asked with a call of its own, and but for `"ordered"` for one job at a time.
   *
   * @default {the most urgent job of all queues is next}
   */
  readonly order?: QueueOrderOption | undefined;
  /**
   * How many jobs the worker runs before it retires: it drains, stops and emits `retired`, so that `run()` resolves and the
   * process may end and be replaced by a fresh one; an integer of 1 or more.
   *
   * @default {no limit}
   */
  readonly maxJobs?: number | undefined;
  /**
   * Is asked after each job, whatever came of it; if it gives a reason, the worker retires as with `maxJobs`. `memoryAbove`
   * of the runtimes' entries makes one.
   *
   * @default {never}
   */
  readonly retireWhen?: (() => string | undefined) | undefined;
  /**
   * What the broker calls this worker, in its logs and with the jobs that it has; sent with each take request. Not
   * empty; letters, digits and other visible ASCII characters.
   *
   * @default {"worker-" and 8 random letters and digits, the same for the life of the worker}
   */
  readonly workerId?: string | undefined;
  /**
   * A take stream on which nothing arrives for so long, in ms, is dropped and opened again. Must be several times
   * the interval of the broker's heartbeats (3 s unless configured otherwise).
   *
   * @default {30000}
   */
  readonly idleTimeoutMs?: number | undefined;
  /** The same, in ms or as text (`"30s"`); in the place of `idleTimeoutMs`. */
  readonly idleTimeout?: Duration | undefined;
  /**
   * Within which time, in ms, the worker answers when a Millrace broker asks whether it lives; 1000 or more. A worker that
   * does not, because its process hangs or was stopped, loses its jobs to others. A handler that holds the event loop for
   * longer has that effect too. `Infinity` is never to be asked: the worker is alive as long as its connection, and cannot
   * say that it stops. That is for several brokers behind one address, where an answer may reach another one.
   *
   * @default {60000}
   */
  readonly answersWithinMs?: number | undefined;
  /** The same, in ms or as text (`"1m"`); in the place of `answersWithinMs`. */
  readonly answersWithin?: Duration | undefined;
  /**
   * Gets told of jobs that fail or die, of lost connections, delayed reports and the like; and what handlers log (`log`).
   * `createLogger` makes one, `console` fits, `false` is silence. One line is no payload and no token.
   *
   * @default {warnings and errors, and from info on what handlers log: a line each on the console, text on a terminal, else JSON}
   */
  readonly logger?: Logger | false | undefined;
  /**
   * The time and the timers.
   *
   * @default {the platform's}
   */
  readonly clock?: Clock | undefined;
  /**
   * Where random numbers come from, for delays and the worker's id.
   *
   * @default {Math.random}
   */
  readonly random?: Random | undefined;
}

/** The options with their defaults. */
export interface WorkerSettings {
  readonly client: WorkerClient;
  readonly handlers: readonly JobHandler[];
  readonly fallback: JobFallback | undefined;
  /** Undefined is all. */
  readonly queues: readonly string[] | undefined;
  readonly concurrency: number;
  readonly prefetch: number;
  /** Whether the prefetch is only the first one. */
  readonly isAutoPrefetch: boolean;
  readonly middleware: readonly Middleware[];
  readonly onError: readonly ErrorRule[];
  readonly failureGroup: ((thrown: ThrownError) => string | undefined) | undefined;
  readonly leases: WorkerLeases | undefined;
  readonly leaseMs: number;
  /** Makes the order in which queues are asked; undefined for the broker's. */
  readonly toOrder: (() => QueueOrder) | undefined;
  readonly maxJobs: number | undefined;
  readonly retireWhen: (() => string | undefined) | undefined;
  readonly workerId: string;
  readonly idleTimeoutMs: number;
  readonly answersWithinMs: number;
  readonly logger: Logger;
  /** Where handlers log. */
  readonly handlerLogger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

const workerNames: Names<WorkerOptions> = {
  client: 1,
  handlers: 1,
  fallback: 1,
  lease: 1,
  idleTimeout: 1,
  answersWithin: 1,
  queues: 1,
  concurrency: 1,
  prefetch: 1,
  middleware: 1,
  onError: 1,
  failureGroup: 1,
  leases: 1,
  leaseMs: 1,
  order: 1,
  maxJobs: 1,
  retireWhen: 1,
  workerId: 1,
  idleTimeoutMs: 1,
  answersWithinMs: 1,
  logger: 1,
  clock: 1,
  random: 1,
};

/** The greatest prefetch that can be asked for. */
const max32 = 2 ** 32 - 1;

/**
 * Checks options and fills in the defaults.
 *
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 */
export function toWorkerSettings(options: WorkerOptions): WorkerSettings {
  checkOptions("createWorker", options, workerNames);
  const { client, handlers = [], fallback, concurrency = 10 } = options;
  if (typeof client?.take !== "function") {
    throw new TypeError(`Cannot use 'client' ${show(client)}: expected what createClient gives`);
  }
  const idleTimeoutMs = spanMs("idleTimeout", options.idleTimeout, options.idleTimeoutMs) ?? 30_000;
  const answersWithinMs = spanMs("answersWithin", options.answersWithin, options.answersWithinMs) ??
    defaultWithinMs;
  const random = options.random ?? systemRandom;
  checkHandlers(handlers, fallback);
  demandWhole("concurrency", concurrency, 1);
  const { prefetch: given } = options;
  const isAutoPrefetch = given === "auto";
  const prefetch = isAutoPrefetch || given === undefined ? Math.min(2 * concurrency, max32) : given;
  demandWhole("prefetch", prefetch, concurrency);
  if (options.maxJobs !== undefined) demandWhole("maxJobs", options.maxJobs, 1);
  if (!(idleTimeoutMs > 0 && idleTimeoutMs < Infinity)) {
    throw new RangeError(
      `Cannot use 'idleTimeoutMs' ${idleTimeoutMs}: expected a finite number above 0`,
    );
  }
  if (answersWithinMs !== Infinity) demandWhole("answersWithinMs", answersWithinMs, leastWithinMs);
  const queues = toQueues(options.queues, handlers);
  return {
    client,
    handlers,
    fallback,
    queues,
    concurrency,
    prefetch,
    isAutoPrefetch: isAutoPrefetch && options.leases === undefined,
    middleware: options.middleware ?? [],
    onError: options.onError ?? [],
    failureGroup: options.failureGroup,
    ...toLeaseSettings(options, queues, random),
    maxJobs: options.maxJobs,
    retireWhen: options.retireWhen,
    workerId: toWorkerId(options.workerId, random),
    idleTimeoutMs,
    answersWithinMs,
    logger: guardLogger(options.logger),
    handlerLogger: guardLogger(options.logger, "info"),
    clock: toClock(options.clock),
    random,
  };
}

function checkHandlers(handlers: readonly JobHandler[], fallback: unknown): void {
  if (!Array.isArray(handlers)) {
    throw new TypeError(`Cannot use 'handlers' ${show(handlers)}: expected a list`);
  }
  if (fallback !== undefined && typeof fallback !== "function") {
    throw new TypeError(`Cannot use 'fallback' ${show(fallback)}: expected a function`);
  }
  if (handlers.length === 0 && fallback === undefined) {
    throw new TypeError("Cannot use empty 'handlers': expected at least one, or a 'fallback'");
  }
  const types = new Set<string>();
  for (const handler of handlers as readonly JobHandler[]) {
    if (typeof handler?.run !== "function") {
      throw new TypeError(
        `Cannot use 'handlers' with ${show(handler)}: expected what handle gives`,
      );
    }
    const { type } = handler;
    if (types.has(type)) {
      throw new TypeError(
        `Cannot use two 'handlers' of type '${type}': expected one for each type`,
      );
    }
    types.add(type);
  }
}

function toQueues(
  queues: WorkerOptions["queues"],
  handlers: readonly JobHandler[],
): readonly string[] | undefined {
  if (queues === "all") return undefined;
  const names = new Set(queues ?? handlers.map(({ queue }) => queue));
  if (names.size === 0) {
    throw new TypeError(
      "Cannot use empty 'queues': name some, or say 'all' to take from every queue",
    );
  }
  for (const name of names) {
    const complaint = checkName("queue", name);
    if (complaint !== undefined) {
      throw new TypeError(`Cannot use 'queues' with ${JSON.stringify(name)}: ${complaint}`);
    }
  }
  return [...names];
}

function toLeaseSettings(
  { leases, lease, leaseMs: givenMs, order }: WorkerOptions,
  queues: readonly string[] | undefined,
  random: Random,
): Pick<WorkerSettings, "leases" | "leaseMs" | "toOrder"> {
  const leaseMs = spanMs("lease", lease, givenMs);
  for (const [name, value] of Object.entries({ leaseMs, order })) {
    if (value === undefined || leases !== undefined) continue;
    throw new TypeError(`Cannot use '${name}' without 'leases': give those of the broker`);
  }
  if (leaseMs !== undefined) demandWhole("leaseMs", leaseMs, leastLeaseMs);
  const settings = { leases, leaseMs: leaseMs ?? defaultLeaseMs };
  if (order === undefined) return { ...settings, toOrder: undefined };
  if (queues === undefined) {
    throw new TypeError("Cannot use 'order' with 'queues' that are 'all': name them");
  }
  const toOrder = () => toQueueOrder(order, queues, random);
  toOrder(); // A mistake shows here, and not when the worker is started.
  return { ...settings, toOrder };
}

/** Shorter leases are lost when a machine is busy for a moment. */
const leastLeaseMs = 1000;
const defaultLeaseMs = 60_000;

/** What a header carries unchanged. */
const visibleAscii = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

function toWorkerId(id: string | undefined, random: Random): string {
  if (id === undefined) {
    const letters = Math.floor(random() * 36 ** 8).toString(36);
    return `worker-${letters.padStart(8, "0").slice(-8)}`;
  }
  if (visibleAscii.test(id)) return id;
  throw new TypeError(
    `Cannot use 'workerId' ${JSON.stringify(id)}: expected visible ASCII characters`,
  );
}

/** Demands an integer from `min` to 2^32 - 1. */
export function demandWhole(name: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min && value <= max32) return;
  throw new RangeError(
    `Cannot use '${name}' ${value}: expected an integer from ${min} to ${max32}`,
  );
}
