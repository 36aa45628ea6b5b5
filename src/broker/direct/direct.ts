/**
 * The direct calls of a broker (`protocol/direct.ts`): what is usual, without the protocol in between.
 *
 * @module
 */

import { ServerError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { checkIds } from "../../protocol/ack.ts";
import type { DirectCalls } from "../../protocol/direct.ts";
import type { EnqueueRequest } from "../../protocol/enqueue.ts";
import { max16, max32, maxExact } from "../../protocol/integer.ts";
import type { EnqueuedJob } from "../../protocol/job.ts";
import { maxJsonDepth } from "../../protocol/limits.ts";
import { blankJob, type NewJob } from "../../protocol/new-job.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { isRejection } from "../../protocol/rejection.ts";
import { statusNames } from "../../protocol/status.ts";
import { openDirectStream } from "./stream.ts";
import type { Engine } from "../engine/engine.ts";
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

/** Creates the direct calls of a broker. */
export function createDirect(
  { engine, settings, clock, logger, isReady }: DirectOptions,
): DirectCalls {
  /** A failure is told as over the protocol. */
  const fail = (error: unknown): never => {
    logger.error("Cannot answer a direct call", { error });
    throw new ServerError("internal server error", 500);
  };

  return {
    async enqueue(requests) {
      const jobs: NewJob[] = [];
      for (const request of requests) {
        const job = toNewJob(request);
        if (job === undefined) return undefined;
        jobs.push(job);
      }
      const ready = isReady();
      if (ready !== true && !await ready) return undefined;
      const stored = await engine.enqueue(jobs).catch(fail);
      return isRejection(stored) ? undefined : stored.map(({ job }) => toEnqueuedJob(job));
    },
    async success(ids) {
      if (checkIds(ids) !== undefined) return undefined;
      const ready = isReady();
      if (ready !== true && !await ready) return undefined;
      return await engine.complete(ids.length === 1 ? ids : [...new Set(ids)]).catch(fail);
    },
    async take(request) {
      const ready = isReady();
      if (ready !== true && !await ready) return undefined;
      const { heartbeatIntervalMs } = settings;
      return openDirectStream(request, { engine, clock, heartbeatIntervalMs });
    },
  };
}

/** What a usual request has. Whatever else it has is left to the protocol. */
const usual: ReadonlySet<string> = new Set([
  "type",
  "queue",
  "payload",
  "priority",
  "readyAt",
  "retryLimit",
]);

/** The job that a request asks for; undefined if there is anything unusual about it. */
function toNewJob(request: EnqueueRequest): NewJob | undefined {
  const { type, queue, priority, readyAt, retryLimit } = request;
  if (typeof type !== "string" || typeof queue !== "string") return undefined;
  for (const name in request) {
    if (!usual.has(name) && request[name as keyof EnqueueRequest] !== undefined) return undefined;
  }
  if (!isInteger(priority, max16) || !isInteger(readyAt, maxExact)) return undefined;
  if (!isInteger(retryLimit, max32)) return undefined;
  const payload = toPayloadText(request.payload);
  if (payload === undefined) return undefined;
  const job: { -readonly [Member in keyof NewJob]: NewJob[Member] } = blankJob();
  job.type = type;
  job.queue = queue;
  job.payload = payload;
  if (priority !== undefined) job.priority = priority;
  if (readyAt !== undefined) job.readyAt = readyAt;
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
    status: statusNames[status] as EnqueuedJob["status"],
    readyAt,
    attempts,
    duplicate: false,
    folded: false,
  };
  return retryLimit === null ? job : { ...job, retryLimit };
}
