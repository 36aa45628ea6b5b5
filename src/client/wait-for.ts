/**
 * Waiting for the ends of jobs: by calls that the broker answers when they have ended, or, with other servers, by asking again
 * and again.
 *
 * @module
 */

import { checkNotNegative } from "../async/duration.ts";
import { NotFoundError } from "../errors.ts";
import { type EndedJob, readWaited, toWaitWire } from "../protocol/ends.ts";
import { endRoutes } from "../protocol/routes.ts";
import { explainMissing } from "./endpoint.ts";
import type { FinishedEnd, JobEnd, WaitForOptions } from "./job-ends.ts";
import { pollUntilEnded } from "./poll-ends.ts";
import type { Transport } from "./transport.ts";
import { toMissing, toTimeout, type WaitState } from "./wait-state.ts";

/** How long one call waits at the broker, in ms: less than what proxies let pass. */
const longPollMs = 20_000;

/** The most ids in one request. */
const mostIds = 1000;

/** Waits for one job. */
export async function waitForOne(
  transport: Transport,
  id: string,
  options?: WaitForOptions,
): Promise<FinishedEnd> {
  const [end] = await waitForMany(transport, [id], options);
  if (end!.outcome === "gone") throw end!.error;
  return end!;
}

/** Waits for many jobs; gives their ends in the order of the ids. */
export async function waitForMany(
  transport: Transport,
  ids: readonly string[],
  { timeoutMs = Infinity, signal }: WaitForOptions = {},
): Promise<JobEnd[]> {
  checkNotNegative("timeoutMs", timeoutMs);
  signal?.throwIfAborted();
  const { clock } = transport.settings;
  const until = clock.monotonic() + timeoutMs;
  const ends = new Map<string, JobEnd>();
  const wanted = [...new Set(ids)];
  const parts: string[][] = [];
  for (let at = 0; at < wanted.length; at += mostIds) parts.push(wanted.slice(at, at + mostIds));
  const restMs = () => until - clock.monotonic();
  // At the same time: what ends while nobody waits for it is not told.
  const leaving = new AbortController();
  const own = signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal]);
  const state = { ends, restMs, signal: own };
  try {
    await Promise.all(parts.map((part) => waitForPart(transport, part, state)));
  } finally {
    leaving.abort(); // Of several, the others need not wait when one fails.
  }
  return ids.map((id) => ends.get(id)!);
}

async function waitForPart(
  transport: Transport,
  ids: readonly string[],
  state: WaitState,
): Promise<void> {
  const { ends, restMs, signal } = state;
  let open: readonly string[] = ids;
  while (open.length > 0) {
    const waitMs = Math.ceil(Math.min(Math.max(0, restMs()), longPollMs));
    const body = toWaitWire(open, waitMs);
    const bounds = { signal, timeoutMs: transport.settings.timeoutMs + waitMs };
    try {
      const answer = await transport.call({ route: endRoutes.wait, body }, bounds, readWaited);
      for (const ended of answer.ended) ends.set(ended.id, toEnd(ended));
      for (const id of answer.missing) ends.set(id, toMissing(id));
      open = answer.waiting;
    } catch (error) {
      if (explainMissing(error, endRoutes.wait) === error) throw error;
      return await pollUntilEnded(transport, open, state);
    }
    if (open.length > 0 && restMs() <= 0) throw toTimeout(open);
  }
}

function toEnd({ id, outcome, job, result, error }: EndedJob): JobEnd {
  if (outcome === "completed") return { id, outcome, job, result };
  if (outcome === "dead") return { id, outcome, job, error };
  return { id, outcome: "gone", job, error: new NotFoundError(`Job '${id}' was deleted`, 404) };
}
