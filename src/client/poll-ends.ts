/**
 * Waiting for the ends of jobs of servers that cannot say when these end: by asking again and again.
 *
 * @module
 */

import { wait } from "../async/wait.ts";
import { NotFoundError } from "../errors.ts";
import type { Job } from "../protocol/job.ts";
import { readJob } from "../protocol/job-read.ts";
import { readErrorPage, toPageParams } from "../protocol/page.ts";
import { jobRoutes } from "../protocol/routes.ts";
import type { JobEnd } from "./job-ends.ts";
import type { Transport } from "./transport.ts";
import { toMissing, toTimeout, type WaitState } from "./wait-state.ts";

/** How long to wait between two looks at another server, in ms: at first, at most, and how it grows. */
const firstPauseMs = 100;
const longestPauseMs = 5000;
const growth = 1.5;

/** Looks at jobs again and again, each time a little later. */
export async function pollUntilEnded(
  transport: Transport,
  ids: readonly string[],
  { ends, restMs, signal }: WaitState,
): Promise<void> {
  const { clock } = transport.settings;
  const seen = new Map<string, Job>();
  let pauseMs = firstPauseMs;
  for (let open = ids;;) {
    const rest: string[] = [];
    for (const id of open) {
      const end = await lookAt(transport, id, { before: seen.get(id), signal });
      if ("outcome" in end) ends.set(id, end);
      else {
        seen.set(id, end);
        rest.push(id);
      }
    }
    open = rest;
    if (open.length === 0) return;
    const leftMs = restMs();
    if (leftMs <= 0) throw toTimeout(open);
    await wait(Math.min(pauseMs, leftMs), clock, signal ?? new AbortController().signal);
    pauseMs = Math.min(pauseMs * growth, longestPauseMs);
  }
}

/** How a job has ended, or the job if it goes on. */
async function lookAt(
  { call }: Transport,
  id: string,
  { before, signal }: {
    readonly before: Job | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<JobEnd | Job> {
  const params = { id };
  try {
    const job = await call({ route: jobRoutes.get, params }, { signal }, readJob);
    if (job.status === "completed") return { id, outcome: "completed", job, result: job.result };
    if (job.status !== "dead") return job;
    const query = toPageParams({ order: "desc", limit: 1 });
    const { items } = await call(
      { route: jobRoutes.errors, params, query },
      { signal },
      readErrorPage,
    );
    return { id, outcome: "dead", job, error: items[0] };
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    if (before === undefined) return toMissing(id);
    const message = `Job '${id}' is not there any more: it was done and is not kept, or somebody ` +
      "deleted it; only a Millrace broker tells which";
    return { id, outcome: "gone", job: before, error: new NotFoundError(message, 404) };
  }
}
