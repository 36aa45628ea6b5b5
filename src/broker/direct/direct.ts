/**
 * The direct calls of a broker (`protocol/direct.ts`): what is usual, without the protocol in between.
 *
 * @module
 */

import { ServerError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { checkIds, type JobReference, toRuns } from "../../protocol/ack.ts";
import type {
  AttachDirect,
  DirectBounds,
  DirectClient,
  DirectTake,
} from "../../protocol/direct.ts";
import type { EnqueueRequest } from "../../protocol/enqueue.ts";
import { max16, max32, maxExact } from "../../protocol/integer.ts";
import type { EnqueuedJob } from "../../protocol/job.ts";
import { maxJsonDepth } from "../../protocol/limits.ts";
import { blankJob, type NewJob } from "../../protocol/new-job.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { isRejection } from "../../protocol/rejection.ts";
import { statusNames } from "../../protocol/status.ts";
import { TooLongStoreError } from "../../store/too-long.ts";
import { type DirectStream, openDirectStream } from "./stream.ts";
import type { Engine } from "../engine/engine.ts";
import { resultOf } from "../engine/reports.ts";
import type { Settings } from "../engine/settings.ts";
import type { Clock } from "../../async/clock.ts";

/** What the calls work with. */
export interface DirectOptions {
  readonly engine: Engine;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the broker is started and not stopped; it is started if need be. */
  isReady(): boolean | Promise<boolean>;
}

/** Creates what replaces calls of a client by the direct ones of a broker. */
export function createDirect(
  { engine, settings, clock, logger, isReady }: DirectOptions,
): AttachDirect {
  /** A failure is told as over the protocol. */
  const fail = (error: unknown): never => {
    logger.error("Cannot answer a direct call", { error });
    throw new ServerError("internal server error", 500);
  };

  const isUsable = async () => {
    const ready = isReady();
    return ready === true || await ready;
  };

  /** Stores jobs, all or none. Undefined, and nothing done, when anything about them is unusual. */
  const enqueue = async (
    requests: readonly EnqueueRequest[],
    options: DirectBounds | undefined,
  ): Promise<EnqueuedJob[] | undefined> => {
    if (!isPlain(options) || requests.length > mostAtOnce) return undefined;
    const jobs: NewJob[] = [];
    for (const request of requests) {
      const job = toNewJob(request);
      if (job === undefined) return undefined;
      jobs.push(job);
    }
    if (!await isUsable()) return undefined;
    const stored = await engine.enqueue(jobs).catch((error) =>
      error instanceof TooLongStoreError ? undefined : fail(error)
    );
    return stored === undefined || isRejection(stored)
      ? undefined
      : stored.map(({ job }) => toEnqueuedJob(job));
  };

  return (client, { resolveOne, resolveMany, checkTake }) => {
    const asked = client as DirectClient<unknown, unknown, unknown>;
    const own = { ...asked } as unknown as {
      enqueue(what: EnqueueRequest, options: DirectBounds | undefined): Promise<EnqueuedJob>;
      enqueueMany(
        what: readonly EnqueueRequest[],
        options: DirectBounds | undefined,
      ): Promise<EnqueuedJob[]>;
    } & Pick<DirectClient<unknown, unknown, DirectStream>, "successMany" | "take">;
    return Object.assign(client as object, {
      async enqueue(...args: never) {
        const { what, options } = await resolveOne(args);
        return (await enqueue([what], options))?.[0] ?? await own.enqueue(what, options);
      },
      async enqueueMany(...args: never) {
        const { what, options } = await resolveMany(args);
        return await enqueue(what, options) ?? await own.enqueueMany(what, options);
      },
      async successMany(jobs: readonly JobReference[], options?: DirectBounds) {
        options?.signal?.throwIfAborted();
        const isUsual = options?.timeoutMs === undefined && options?.results === undefined &&
          checkIds(jobs) === undefined;
        if (!isUsual || !await isUsable()) return await own.successMany(jobs, options);
        const missed = await engine.reports.complete(toRuns(jobs), { isRemembered: false })
          .catch(fail);
        return resultOf(missed);
      },
      async take(options: DirectTake = {}) {
        checkTake(options);
        options.signal?.throwIfAborted();
        if (!await isUsable()) return await own.take(options);
        const { heartbeatIntervalMs } = settings;
        return openDirectStream(options, { engine, clock, heartbeatIntervalMs });
      },
    }) as typeof client;
  };
}

/** More jobs go in parts, by way of the protocol. */
const mostAtOnce = 2000;

/**
 * Whether nothing ends a call before it is done, and it has no key; the others go by way of the protocol. No answer is
 * lost on the way, so a call needs a key only if it is to be the same as another one.
 */
function isPlain(options: DirectBounds | undefined): boolean {
  return options?.signal === undefined && options?.timeoutMs === undefined &&
    options?.idempotencyKey === undefined;
}

/** What a usual request has. Whatever else it has is left to the protocol. */
const usual: ReadonlySet<string> = new Set([
  "type",
  "queue",
  "payload",
  "priority",
  "readyAt",
  "delayMs",
  "retryLimit",
]);

/** The job that a request asks for; undefined if there is anything unusual about it. */
function toNewJob(request: EnqueueRequest): NewJob | undefined {
  const { type, queue, priority, readyAt, delayMs, retryLimit } = request;
  if (typeof type !== "string" || typeof queue !== "string") return undefined;
  for (const name in request) {
    if (!usual.has(name) && request[name as keyof EnqueueRequest] !== undefined) return undefined;
  }
  if (!isInteger(priority, max16) || !isInteger(readyAt, maxExact)) return undefined;
  if (!isInteger(delayMs, maxExact) || !isInteger(retryLimit, max32)) return undefined;
  const payload = toPayloadText(request.payload);
  if (payload === undefined) return undefined;
  const job: { -readonly [Member in keyof NewJob]: NewJob[Member] } = blankJob();
  job.type = type;
  job.queue = queue;
  job.payload = payload;
  if (priority !== undefined) job.priority = priority;
  if (readyAt !== undefined) job.readyAt = readyAt;
  if (delayMs !== undefined) job.delayMs = delayMs;
  if (retryLimit !== undefined) job.retryLimit = retryLimit;
  return job;
}

function isInteger(value: number | undefined, max: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= 0 && value <= max);
}

/** A longer payload is left to the protocol: compared with its size, what that costs is little. */
const longestPayload = 16 * 1024;

/** The levels of the body around a payload: `{"jobs":[{"payload":…}]}`. */
const bodyLevels = 3;
const shortestTooDeep = 2 * (maxJsonDepth - bodyLevels);

/** The payload as JSON; undefined if the protocol would refuse it, or might. */
function toPayloadText(payload: unknown): string | undefined {
  let text: string | undefined;
  try {
    text = JSON.stringify(payload ?? null);
  } catch {
    return undefined;
  }
  if (text === undefined || text.length > longestPayload) return undefined;
  if (text.length > shortestTooDeep && countOpening(text) > maxJsonDepth - bodyLevels) {
    return undefined;
  }
  // Half a surrogate pair is the only thing that is written so.
  return text.includes("\\ud") ? undefined : text;
}

/** How many brackets and braces open, in texts too: so many levels there may be at most. */
function countOpening(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) count++;
  }
  return count;
}

/** What is told of a job that a usual request stored. */
function toEnqueuedJob(
  { id, type, queue, priority, status, readyAt, attempts, retryLimit }: JobRecord,
): EnqueuedJob {
  const job = {
    id,
    type,
    queue,
    priority,
    status: statusNames[status] as "ready", // Or another of those in which a job may wait.
    readyAt,
    attempts,
    duplicate: false,
    folded: false,
  };
  return retryLimit === null ? job : { ...job, retryLimit };
}
