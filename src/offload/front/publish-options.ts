/**
 * What can be said of a front.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { type Duration, toMs } from "../../async/duration.ts";
import type { Logger } from "../../log.ts";
import { type Names, show } from "../../options.ts";
import type { EnqueueRequest } from "../../protocol/enqueue.ts";
import type { Payloads } from "../payloads/create-payloads.ts";
import type { PublishPlan } from "./publish-message.ts";
import type { MessageClient } from "./serve-messages.ts";

/** What a front enqueues with: a client; or an enqueuer, which publishes and does no more. */
export interface PublishClient extends Partial<MessageClient> {
  /**
   * Stores a job.
   *
   * @param request The job.
   */
  readonly enqueue: (request: EnqueueRequest) => Promise<PublishReceipt>;
  /**
   * Stores jobs, all or none.
   *
   * @param requests The jobs.
   */
  readonly enqueueMany: (requests: readonly EnqueueRequest[]) => Promise<readonly PublishReceipt[]>;
}

/** What is told of a job that was stored. */
export interface PublishReceipt {
  /** Its id. */
  readonly id: string;
  /** Whether another one is it: the one that has its deduplication id. */
  readonly duplicate: boolean;
}

/** Options of {@linkcode createPublishFront}. */
export interface PublishFrontOptions {
  /** What enqueues: of `createClient`, or of `createEnqueuer` for a front that only publishes. */
  readonly client: PublishClient;
  /** The bearer tokens that let a caller in, 16 characters or more each: long and random. Who has one can do everything here. */
  readonly tokens: readonly string[];
  /**
   * What stands before `/v2` in the path.
   *
   * @default {nothing}
   */
  readonly basePath?: string | undefined;
  /**
   * Whether addresses within are refused at once, such as `http://localhost/` and `http://10.0.0.1/`. What a name stands for the
   * worker sees when it sends the message (its own `guardAddresses`).
   *
   * @default {true}
   */
  readonly guardAddresses?: boolean | undefined;
  /**
   * Whether a message, or what tells of its end, may go to an address; asked after the guard. The worker has such a function too,
   * which is asked at each redirect as well.
   *
   * @default {any address may be asked}
   */
  readonly allowUrl?: ((url: URL) => boolean | Promise<boolean>) | undefined;
  /** The signers that each message goes through before it is sent, by their names at the worker, such as a `publishSigner`. */
  readonly sign?: string | readonly string[] | undefined;
  /**
   * How often a message is tried again that does not say so.
   *
   * @default {3}
   */
  readonly retries?: number | undefined;
  /**
   * The wait before the first of these tries. It doubles each time, and up to a half of it is left out by chance. A server that says
   * `Retry-After` is given that time instead.
   *
   * @default {"10s"}
   */
  readonly retryDelay?: Duration | undefined;
  /**
   * The longest wait.
   *
   * @default {"1d"}
   */
  readonly longestRetryDelay?: Duration | undefined;
  /**
   * How long a try may take that does not say so.
   *
   * @default {"60s"}
   */
  readonly timeout?: Duration | undefined;
  /**
   * How many redirects are followed. A redirect that is not followed is a failure.
   *
   * @default {0}
   */
  readonly maxRedirects?: number | undefined;
  /**
   * How long a deduplication id is kept behind the end of its message.
   *
   * @default {"10m"}
   */
  readonly deduplication?: Duration | undefined;
  /**
   * How many bytes the body of a call may have.
   *
   * @default {1_048_576}
   */
  readonly maxBytes?: number | undefined;
  /**
   * The queue of the requests.
   *
   * @default {"http"}
   */
  readonly queue?: string | undefined;
  /**
   * The queue of the callbacks, where dead letters stay.
   *
   * @default {"http-callbacks"}
   */
  readonly callbackQueue?: string | undefined;
  /** Puts large messages into a store, and encrypts them; the worker needs the same. */
  readonly payloads?: Payloads | undefined;
  /**
   * Is told why a call could not be served, such as a broker that is away; its caller is not.
   *
   * @default {warnings and errors on the console}
   */
  readonly logger?: Logger | false | undefined;
  /**
   * Where it reads the time.
   *
   * @default {the machine's clock}
   */
  readonly clock?: Clock | undefined;
}

/** The members of the options. */
export const frontNames: Names<PublishFrontOptions> = {
  client: 1,
  tokens: 1,
  basePath: 1,
  guardAddresses: 1,
  allowUrl: 1,
  sign: 1,
  retries: 1,
  retryDelay: 1,
  longestRetryDelay: 1,
  timeout: 1,
  maxRedirects: 1,
  deduplication: 1,
  maxBytes: 1,
  queue: 1,
  callbackQueue: 1,
  payloads: 1,
  logger: 1,
  clock: 1,
};

/** How everything is sent that comes through a front. */
export function toPlan(options: PublishFrontOptions): PublishPlan {
  const { sign = [], queue, callbackQueue } = options;
  return {
    baseMs: toMs(options.retryDelay ?? "10s", "retryDelay"),
    maxMs: toMs(options.longestRetryDelay ?? "1d", "longestRetryDelay"),
    retries: whole("retries", options.retries ?? 3),
    timeoutMs: toMs(options.timeout ?? "60s", "timeout"),
    maxRedirects: whole("maxRedirects", options.maxRedirects ?? 0),
    sign: typeof sign === "string" ? [sign] : sign,
    ...queue !== undefined && { queue },
    ...callbackQueue !== undefined && { callbackQueue },
  };
}

function whole(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`Cannot use '${name}' ${show(value)}: expected an integer from 0 on`);
}
