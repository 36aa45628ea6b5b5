/**
 * Cuts many jobs into bodies that a server can take.
 *
 * @module
 */

import type { Codec } from "../protocol/codec.ts";

/** The most jobs in one request. More would make the answer wait and save no time. */
export const maxPartJobs = 2000;

/** The most bytes in one request, except for a single job, which cannot be split. */
export const maxPartBytes: number = 8 * 2 ** 20;

/** Jobs that are encoded to learn how large they are, before many are encoded together. */
const probeJobs = 16;

/**
 * Makes each body only when the one before was sent, so that one at a time is in memory. How many jobs fit into it is
 * guessed from those before, so that a text of many times the limit is not built to be thrown away.
 */
export function* encodeParts(
  jobs: readonly object[],
  codec: Codec,
): Generator<Uint8Array<ArrayBuffer>> {
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
