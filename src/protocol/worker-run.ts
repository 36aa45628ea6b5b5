/**
 * The headers by which a worker asks to be asked: who it is in this run, and how soon it answers.
 *
 * @module
 */

import { extensionsHeader, extensionsVersion } from "./extensions.ts";
import { max32 } from "./integer.ts";
import { aboutHeader } from "./worker-about.ts";

/** The header with the id of a run. */
export const runHeader = "worker-run";

/** The header with the time within which the worker answers, in ms. */
export const answersWithinHeader = "worker-answers-within";

/** One run of a worker, from its start to its stop. */
export interface WorkerRun {
  /** Different for each run, and known to nobody else: 8 to 64 letters, digits, `-` and `_`. */
  readonly id: string;
  /** A worker that does not answer for so long is not alive, in ms. */
  readonly withinMs: number;
  /** What the worker says of itself: the value of the header `worker-about` (docs/protocol.md, section 6.13). */
  readonly about?: string | undefined;
}

/** Within which a worker answers unless it says something else, in ms. */
export const defaultWithinMs = 60_000;

/** The shortest time, in ms: a worker that is busy for a moment is alive. */
export const leastWithinMs = 1000;

const runPattern = /^[\w-]{8,64}$/;

/**
 * Reads the headers.
 *
 * @param header Gives the value of a header.
 * @returns The run, if there is one; or what is wrong with it.
 */
export function readWorkerRun(header: (name: string) => string | null): {
  readonly run?: WorkerRun | undefined;
  readonly problem?: string;
} {
  const id = header(runHeader);
  if (id === null || header(extensionsHeader) !== extensionsVersion) return {};
  if (!runPattern.test(id)) {
    return { problem: complain(runHeader, "8 to 64 letters, digits, '-' and '_'", id) };
  }
  const text = header(answersWithinHeader) ?? `${defaultWithinMs}`;
  const withinMs = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (withinMs >= leastWithinMs && withinMs <= max32) {
    return { run: { id, withinMs, about: header(aboutHeader) ?? undefined } };
  }
  return { problem: complain(answersWithinHeader, `${leastWithinMs} to ${max32} ms`, text) };
}

function complain(header: string, wanted: string, given: string): string {
  return `invalid header '${header}': must be ${wanted}, got ${
    JSON.stringify(given.slice(0, 100))
  }`;
}
