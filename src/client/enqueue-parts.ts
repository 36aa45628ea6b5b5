/**
 * A bulk enqueue of any size, in parts that a server can take.
 *
 * @module
 */

import { MillraceError } from "../errors.ts";
import type { Codec } from "../protocol/codec.ts";
import { type EnqueueRequest, toEnqueueWire } from "../protocol/enqueue.ts";
import type { EnqueuedJob } from "../protocol/job.ts";

/** The most jobs in one request. More would make the answer wait and save no time. */
export const maxPartJobs = 2000;

/** The most bytes in one request, except for a single job, which cannot be split. */
export const maxPartBytes: number = 8 * 2 ** 20;

/** A bulk enqueue failed after some of its parts had been stored; `cause` tells why. */
export class PartialEnqueueError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "PartialEnqueueError";
  /** The literal kind of this error. */
  override readonly code = "partial";
  /** The jobs that are stored: those of the requests up to here, in their order. */
  readonly enqueued: readonly EnqueuedJob[];

  /** Takes what is stored, how many there should have been, and why it went no further. */
  constructor(enqueued: readonly EnqueuedJob[], total: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Stored ${enqueued.length} of ${total} jobs, then failed: ${reason}`, { cause });
    this.enqueued = enqueued;
  }
}

/** Sends requests part by part, each all or nothing, and gives the jobs of all. */
export async function enqueueInParts(
  requests: readonly EnqueueRequest[],
  codec: Codec,
  send: (body: Uint8Array<ArrayBuffer>) => Promise<EnqueuedJob[]>,
): Promise<EnqueuedJob[]> {
  const jobs = requests.map(toEnqueueWire);
  const enqueued: EnqueuedJob[] = [];
  try {
    for (const body of encodeParts(jobs, codec)) {
      for (const job of await send(body)) enqueued.push(job);
    }
  } catch (error) {
    throw enqueued.length === 0 ? error : new PartialEnqueueError(enqueued, jobs.length, error);
  }
  return enqueued;
}

/** Jobs that are encoded to learn how large they are, before many are encoded together. */
const probeJobs = 16;

/**
 * Makes each body only when the one before was sent, so that one at a time is in memory. How many jobs fit into it is
 * guessed from those before, so that a text of many times the limit is not built to be thrown away.
 */
function* encodeParts(jobs: readonly object[], codec: Codec): Generator<Uint8Array<ArrayBuffer>> {
  let jobBytes = jobs.length > probeJobs
    ? codec.encode({ jobs: jobs.slice(0, probeJobs) }).length / probeJobs
    : 0;
  let start = 0;
  while (start < jobs.length) {
    // A little less than fits: the next ones may be somewhat larger.
    const fitting = Math.max(1, Math.floor(0.9 * maxPartBytes / jobBytes));
    const part = jobs.slice(start, start + Math.min(maxPartJobs, fitting));
    let bytes = 0;
    for (const body of encodeHalves(part, codec)) {
      bytes += body.length;
      yield body;
    }
    jobBytes = bytes / part.length;
    start += part.length;
  }
}

function* encodeHalves(jobs: readonly object[], codec: Codec): Generator<Uint8Array<ArrayBuffer>> {
  const body = codec.encode({ jobs });
  if (body.length <= maxPartBytes || jobs.length === 1) return yield body;
  const middle = Math.ceil(jobs.length / 2);
  yield* encodeHalves(jobs.slice(0, middle), codec);
  yield* encodeHalves(jobs.slice(middle), codec);
}
