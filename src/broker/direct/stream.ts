/**
 * A take stream in the same process: jobs are handed over as they are.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { watchSilence } from "../../async/silence.ts";
import type { DirectTake } from "../../protocol/direct.ts";
import { type Ask, type CancelNotice, stopControl } from "../../protocol/frames-control.ts";
import type { Job } from "../../protocol/job.ts";
import type { WorkerStatement } from "../../protocol/worker-statement.ts";
import { readWorkerAbout } from "../../protocol/worker-about.ts";
import { readJob } from "../../protocol/job-read.ts";
import { parseJson, parseJsonAgain } from "../../protocol/json.ts";
import { payloadAsJson } from "../../protocol/payload.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { jobToJson, type JobView } from "../../protocol/record-json.ts";
import { statusNames } from "../../protocol/status.ts";
import { payloadSize } from "../../store/many-jobs.ts";
import type { Engine } from "../engine/engine.ts";

/** What a direct stream brings, as a take stream does: jobs, a sign of life, a question, what is lost, or to be cancelled. */
export type DirectFrame =
  | { readonly kind: "jobs"; readonly jobs: readonly Job[] }
  | { readonly kind: "heartbeat" }
  | { readonly kind: "ask"; readonly ask: Ask }
  | { readonly kind: "lost"; readonly ids: readonly string[] }
  | { readonly kind: "cancel"; readonly notices: readonly CancelNotice[] }
  | { readonly kind: "control"; readonly name: string };

/** What waits for the reader, in its order. */
type Arrived =
  | { readonly kind: "jobs"; readonly jobs: readonly JobRecord[] }
  | Extract<DirectFrame, { readonly kind: "lost" | "cancel" | "control" }>;

/** A take stream without bytes. */
export interface DirectStream extends AsyncIterable<Job> {
  /** Goes through everything that arrives, once. Rejects with the reason of the signal when that is aborted. */
  frames(): AsyncGenerator<DirectFrame>;
  /** Goes through the jobs, as many at a time as arrived together. */
  batches(): AsyncGenerator<readonly Job[]>;
  /** Says what its worker does and has; gives the ids of what is not its any more. */
  tell(statement: WorkerStatement): Promise<readonly string[]>;
  /** Ends the stream: its unfinished jobs are ready again. */
  close(): Promise<void>;
}

/** What a stream works with. */
export interface DirectStreamOptions {
  readonly engine: Pick<Engine, "take" | "leases">;
  readonly clock: Clock;
  /** The time between two signs of life while no job comes, in ms. */
  readonly heartbeatIntervalMs: number;
}

/** Jobs that may wait for a slow reader, in bytes of payloads, before it gets no more. */
const highWaterMark = 256 * 1024;

/** Opens a stream and subscribes it to jobs. */
export function openDirectStream(
  { queues, prefetch = 1, leaseMs, workerId, run, signal = new AbortController().signal }:
    DirectTake,
  { engine, clock, heartbeatIntervalMs }: DirectStreamOptions,
): DirectStream {
  let waiting: Arrived[] = [];
  let waitingBytes = 0;
  let isHeartbeatDue = true; // One at once, as on any take stream.
  let isOpen = true;
  let wake = () => {};

  const silence = watchSilence(clock, heartbeatIntervalMs, () => {
    isHeartbeatDue = true;
    silence.heard(); // It waits for the reader, as what was written to a stream of bytes does.
    wake();
  });

  const shut = () => {
    isOpen = false;
    silence.stop();
    signal.removeEventListener("abort", leave);
    wake();
  };
  const leave = () => {
    if (!isOpen) return;
    shut();
    waiting = [];
    void subscription.unsubscribe();
  };

  const subscription = engine.take({
    queues: queues && [...new Set(queues)],
    prefetch: prefetch === 0 ? Infinity : prefetch,
    worker: workerId,
    run: run?.id,
    about: run?.about,
    lease: leaseMs === undefined ? undefined : engine.leases.maker(leaseMs),
    canWrite: () => isOpen && waitingBytes < highWaterMark,
    deliver(jobs) {
      waiting.push({ kind: "jobs", jobs });
      for (const job of jobs) waitingBytes += payloadSize(job);
      wake();
    },
    lost(ids) {
      if (!isOpen) return;
      waiting.push({ kind: "lost", ids });
      wake();
    },
    cancel(notices) {
      if (!isOpen) return;
      waiting.push({ kind: "cancel", notices });
      wake();
    },
    ...readWorkerAbout(run?.about).stops && {
      stop() {
        if (!isOpen) return;
        waiting.push({ kind: "control", name: stopControl });
        wake();
      },
    },
    end() {
      if (isOpen) shut();
    },
  });

  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave);

  /**
   * Asked once, so that its worker knows that it is listened to: it cannot be dead while the broker lives. The question is
   * counted now: jobs that come before it is read come behind it, and its answer says nothing of them.
   */
  let ask: Ask | undefined = run && { number: subscription.ask(), withinMs: run.withinMs };

  const next = (): DirectFrame | undefined => {
    if (ask !== undefined) {
      const frame: DirectFrame = { kind: "ask", ask };
      ask = undefined;
      return frame;
    }
    const arrived = waiting.shift();
    if (arrived === undefined && !isHeartbeatDue) return undefined;
    isHeartbeatDue = false;
    silence.heard();
    if (arrived === undefined) return { kind: "heartbeat" };
    if (waiting.length === 0 && waitingBytes > 0) {
      const wasFull = waitingBytes >= highWaterMark;
      waitingBytes = 0;
      if (wasFull) subscription.drained();
    }
    if (arrived.kind !== "jobs") return arrived;
    return { kind: "jobs", jobs: arrived.jobs.map(toTakenJob) };
  };

  async function* frames(): AsyncGenerator<DirectFrame> {
    try {
      while (true) {
        signal.throwIfAborted();
        const frame = next();
        if (frame !== undefined) yield frame;
        else if (!isOpen) return;
        else await new Promise<void>((resolve) => void (wake = resolve));
      }
    } finally {
      leave();
    }
  }

  async function* batches(): AsyncGenerator<readonly Job[]> {
    for await (const frame of frames()) if (frame.kind === "jobs") yield frame.jobs;
  }

  return {
    frames,
    batches,
    tell: subscription.tell,
    close: () => Promise.resolve(leave()),
    async *[Symbol.asyncIterator]() {
      for await (const jobs of batches()) yield* jobs;
    },
  };
}

const extendedView: JobView = { payload: true, extensions: true };

/** The job that a client would read from a frame. */
function toTakenJob(record: JobRecord): Job {
  if (!isPlain(record)) return readJob(parseJson(jobToJson(record, extendedView)));
  const { id, type, queue, priority, readyAt, attempts, retryLimit, dequeuedAt } = record;
  const job = {
    id,
    type,
    queue,
    priority,
    status: statusNames[record.status] as "in_flight",
    readyAt,
    attempts,
    payload: parseJsonAgain(payloadAsJson(record)), // It was checked when it came.
    dequeuedAt: dequeuedAt!,
    deliveries: record.deliveries,
  };
  return retryLimit === null ? job : { ...job, retryLimit };
}

/** Whether a job in flight has nothing but what most have. */
function isPlain(record: JobRecord): boolean {
  return record.backoff === null && record.failedAt === null && record.retention === null &&
    record.purgeAt === null && record.completedAt === null && record.uniqueKey === null &&
    record.batch === null && record.budgets === null && record.dequeuedAt !== null &&
    record.extra === undefined;
}
