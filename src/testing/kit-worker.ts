/**
 * The worker of a test kit: a real one, which asks for one job at a time and says what came of it.
 *
 * @module
 */

import type { Client } from "../client/client.ts";
import type { LeasesClient } from "../client/leases.ts";
import { NotFoundError } from "../errors.ts";
import type { Job, JobStatus } from "../protocol/job.ts";
import type { JobContext } from "../worker/context.ts";
import type { JobHandler } from "../worker/handle.ts";
import type { WorkerOptions } from "../worker/options.ts";
import { isOutcome, isResult, type Outcome, successOf } from "../worker/outcome.ts";
import { createWorker } from "../worker/worker.ts";
import type { KitTime } from "./kit-time.ts";
import type { TestClock } from "./test-clock.ts";

/** What became of one run of a job. */
export interface JobRun<Payload = unknown> {
  /** The job as it was delivered. */
  readonly job: Job<Payload>;
  /**
   * `succeeded`, `failed`, or what became of the job by an outcome, such as `snoozed`; `released` if it was taken away
   * while it ran.
   */
  readonly kind: "succeeded" | "failed" | "released" | Outcome["kind"];
  /** Where the job stands after it: a failed one is `scheduled` for its next try, or `dead`. */
  readonly status: JobStatus;
  /** What the handler returned, if it succeeded. */
  readonly result: unknown;
  /** What the handler threw, why the payload did not fit, or that the time was over. */
  readonly error: unknown;
  /** The outcome that the handler or a rule for errors said. */
  readonly outcome: Outcome | undefined;
  /** The job as the broker has it after the run; undefined if it has it no more, as it is done. */
  readonly after: Job<Payload> | undefined;
  /** When the handler began, by the clock of the kit, in ms since the epoch. */
  readonly startedAt: number;
  /** When it ended. */
  readonly endedAt: number;
}

/** Runs jobs, one by one. */
export interface KitWorker {
  /** The queues that it takes from; undefined for all. */
  readonly queues: readonly string[] | undefined;
  /** Runs the next job that is ready; undefined if none is. */
  runNext(): Promise<JobRun | undefined>;
  /** Renews the lease of the job that runs, to hear whether it is the worker's still. */
  heartbeat(): Promise<void>;
  /** Ends what runs. */
  kill(): Promise<void>;
}

/** What such a worker needs. */
export interface KitWorkerOptions {
  readonly client: Client;
  readonly leases: LeasesClient;
  /** What looks at jobs when they have run; no fault happens to it. */
  readonly look: Pick<Client, "get">;
  readonly handlers: readonly JobHandler[];
  readonly clock: TestClock;
  readonly time: KitTime;
  /** What the user wants of the worker. */
  readonly given: Partial<WorkerOptions>;
  /** A handler begins. */
  started(job: Job): void;
}

/** What a handler came to, by what it returned. */
function toValue(returned: unknown): unknown {
  if (isResult(returned)) return returned.value;
  return isOutcome(returned) ? successOf(returned)?.result : returned;
}

/** What is known of the run that is under way. */
interface Noticed {
  readonly job: Job;
  readonly startedAt: number;
  kind?: JobRun["kind"];
  error?: unknown;
  outcome?: Outcome;
  endedAt: number;
}

/** Creates the worker. */
export function createKitWorker(options: KitWorkerOptions): KitWorker {
  const { client, leases, look, clock, time, given, started } = options;
  const returned = new WeakMap<Job, unknown>();
  const present: { run?: Noticed | undefined; context?: JobContext | undefined } = {};

  const handlers = options.handlers.map((handler): JobHandler => ({
    ...handler,
    parse: (payload) => handler.parse(payload),
    run(payload, context) {
      present.context = context;
      const value = handler.run(payload, context);
      returned.set(context.job, value);
      return value;
    },
  }));

  const worker = createWorker({
    ...given,
    client,
    leases,
    handlers,
    clock,
    workerId: given.workerId ?? "kit",
  });

  const end = (job: Job, what: Pick<Noticed, "kind" | "error" | "outcome">) => {
    time.ended(job);
    present.context = undefined;
    if (present.run?.job === job) Object.assign(present.run, what, { endedAt: clock.now() });
  };
  worker.on("started", ({ job }) => {
    time.began(job);
    present.run = { job, startedAt: clock.now(), endedAt: clock.now() };
    started(job);
  });
  worker.on("succeeded", ({ job }) => end(job, { kind: "succeeded" }));
  worker.on("failed", ({ job, error }) => end(job, { kind: "failed", error }));
  worker.on(
    "decided",
    ({ job, outcome }) => end(job, { kind: outcome.kind, error: outcome.cause, outcome }),
  );
  worker.on("released", ({ job }) => end(job, { kind: "released" }));
  worker.on("leaseLost", ({ job, error }) => end(job, { kind: "released", error }));

  const find = async (id: string) => {
    try {
      return await look.get(id);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };

  const toRun = async ({ job, ...run }: Noticed): Promise<JobRun> => {
    const { kind = "released", outcome, error, startedAt, endedAt } = run;
    const value = kind === "succeeded" ? await returned.get(job) : undefined;
    const after = await find(job.id);
    return {
      job,
      kind,
      status: after?.status ?? (kind === "succeeded" ? "completed" : "dead"),
      result: toValue(value),
      error,
      outcome,
      after,
      startedAt,
      endedAt,
    };
  };

  return {
    queues: given.queues === "all"
      ? undefined
      : given.queues ?? [...new Set(handlers.map(({ queue }) => queue))],
    async runNext() {
      present.run = undefined;
      await time.drive(worker.runOnce({ maxJobs: 1 }));
      const { run } = present;
      return run && await toRun(run);
    },
    async heartbeat() {
      await present.context?.heartbeat();
    },
    kill: () => worker.kill(),
  };
}
