/**
 * The broker without HTTP: each operation of the protocol as a durable change and what follows from it in
 * memory (who is woken, whose slot is free, which alarm rings).
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import { budgetsOf } from "../../protocol/binding.ts";
import type { NewJob } from "../../protocol/new-job.ts";
import type { ErrorRecord } from "../../protocol/error-record.ts";
import type { Failure } from "../../protocol/failure.ts";
import type { JobPatch } from "../../protocol/patch.ts";
import type { PageQuery } from "../../protocol/query.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import { removeBudgets } from "../../store/budgets.ts";
import { changeJob, changeJobs } from "../../store/change.ts";
import { nextPromotion, nextReaping, promoteJobs, reapJobs } from "../../store/due.ts";
import { enqueueJobs, newOf, type Stored } from "../../store/enqueue.ts";
import { findError, listErrors } from "../../store/error-records.ts";
import { completeJobs, failJob, recoverJobs } from "../../store/finish.ts";
import { countJobs, getJob, getMetadata, listJobs, listQueues } from "../../store/read.ts";
import { type Removal, removeJob, removeJobs } from "../../store/remove.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import { createAlarm } from "./alarm.ts";
import { type Budgets, createBudgets } from "./budgets.ts";
import { createCrons, type Crons } from "./crons.ts";
import { type Consumer, createDispatcher, type Seat } from "./dispatch.ts";
import { createExpressions, type Expressions, type PayloadFilter } from "./expressions.ts";
import { createIds } from "./ids.ts";
import { later } from "./retry.ts";
import { createSearching } from "./searching.ts";
import type { Settings } from "./settings.ts";
import { completed, created, failed, patched } from "./states.ts";

/** What the engine runs on. */
export interface EngineOptions {
  readonly store: Store;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The operations behind the endpoints. Each resolves when its change is durable. */
export interface Engine {
  /** Puts what a crash left in flight back, then looks for due work. Call once, before all else. */
  start(): Promise<void>;
  /** Ends the take streams, hands their jobs back, stops the alarms. The store stays open. */
  stop(): Promise<void>;
  enqueue(jobs: readonly NewJob[]): Promise<Stored>;
  /** Gives the ids that were not in flight. */
  complete(ids: readonly string[]): Promise<readonly string[]>;
  /** Undefined when the job is not in flight. */
  fail(id: string, failure: Failure): Promise<JobRecord | undefined>;
  get(id: string): Promise<JobRecord | undefined>;
  list(
    selection: JobSelection,
    page: PageQuery<string>,
    fits?: PayloadFilter,
  ): Promise<readonly JobRecord[]>;
  count(selection: JobSelection, fits?: PayloadFilter): Promise<number>;
  queues(): Promise<readonly string[]>;
  /** Undefined when there is no such job; a finished one comes back unchanged. */
  patch(id: string, patch: JobPatch): Promise<JobRecord | undefined>;
  patchMany(selection: JobSelection, patch: JobPatch, fits?: PayloadFilter): Promise<number>;
  /** Whether there was such a job. */
  remove(id: string): Promise<boolean>;
  removeMany(selection: JobSelection, fits?: PayloadFilter): Promise<number>;
  /** Undefined when there is no such job. */
  errors(id: string, page: PageQuery<number>): Promise<readonly ErrorRecord[] | undefined>;
  /** `"no job"` or `"no record"` when that is missing. */
  error(id: string, attempt: number): Promise<ErrorRecord | "no job" | "no record">;
  /** Deletes all cron groups, jobs and budgets. */
  reset(): Promise<void>;
  readonly expressions: Expressions;
  readonly budgets: Budgets;
  readonly crons: Crons;
  /** Seats a take stream. */
  take(consumer: Consumer): Seat;
}

/** Creates an engine on a store. */
export function createEngine({ store, settings, clock, random, logger }: EngineOptions): Engine {
  const nextId = createIds(clock, random);
  const expressions = createExpressions({ ...settings, now: clock.now });
  const dispatcher = createDispatcher({
    store,
    clock,
    logger,
    limit: settings.globalInFlightLimit,
  });

  const promotion = createAlarm(
    {
      name: "promote scheduled jobs",
      next: () => store.read(nextPromotion()),
      async work() {
        dispatcher.ready(await store.write(() => promoteJobs(clock.now())));
      },
    },
    clock,
    logger,
  );

  const reaping = createAlarm(
    {
      name: "delete expired jobs",
      async next() {
        const purgeAt = await store.read(nextReaping());
        return purgeAt === undefined ? undefined : later(purgeAt, settings.reaperIntervalMs);
      },
      async work() {
        while (await store.write(() => reapJobs(clock.now())));
      },
    },
    clock,
    logger,
  );

  /** What a job's new state means for the alarms and the consumers. */
  const follow = (jobs: Iterable<JobRecord>) => {
    const ready: JobRecord[] = [];
    for (const job of jobs) {
      if (job.status === status.ready) ready.push(job);
      else if (job.status === status.scheduled) promotion.note(job.readyAt);
      else if (job.purgeAt !== null) reaping.note(later(job.purgeAt, settings.reaperIntervalMs));
    }
    dispatcher.ready(ready);
  };

  const crons = createCrons({ store, clock, settings, logger, nextId, expressions, follow });

  const searching = createSearching({ store, clock });
  /** Without a filter on payloads, all of a selection is one piece. */
  const piecesOf = (selection: JobSelection, fits: PayloadFilter | undefined) =>
    fits === undefined ? [selection] : searching.pieces(selection, fits);

  const removed = ({ count, inFlight, waiting }: Removal) => {
    dispatcher.settle(inFlight);
    if (waiting) dispatcher.reopen();
    return count;
  };

  return {
    async start() {
      await store.write(recoverJobs);
      await dispatcher.reload();
      await promotion.start();
      await reaping.start();
      await crons.start();
    },
    async stop() {
      promotion.stop();
      reaping.stop();
      crons.stop();
      await dispatcher.close();
    },
    async enqueue(jobs) {
      const now = clock.now();
      const entries = jobs.map((job) => ({
        job: created(job, nextId(), now),
        bindings: job.budgets,
      }));
      const stored = await store.write(() =>
        enqueueJobs(entries, { now, maxBudgets: settings.maxBudgets, merge: expressions.merge })
      );
      if ("jobs" in stored) follow(newOf(stored));
      return stored;
    },
    async complete(ids) {
      const now = clock.now();
      const kept: JobRecord[] = [];
      const missing = await store.write(() => {
        kept.length = 0;
        const keep = (job: JobRecord) => {
          const record = completed(job, now, settings);
          if (record !== undefined) kept.push(record);
          return record;
        };
        return completeJobs(ids, keep, settings.defaultCompletedRetentionMs === 0);
      });
      dispatcher.settle(missing.length === 0 ? ids : new Set(ids).difference(new Set(missing)));
      follow(kept);
      return missing;
    },
    async fail(id, failure) {
      const now = clock.now();
      const note = {
        message: failure.message,
        errorType: failure.errorType ?? null,
        backtrace: failure.backtrace ?? null,
      };
      const job = await store.write(() =>
        failJob(id, note, (job) => failed(job, failure, { now, random, settings }))
      );
      if (job === undefined) return undefined;
      dispatcher.settle([id]);
      follow([job]);
      return job;
    },
    get: (id) => store.read(getJob(id, clock.now())),
    list: (selection, page, fits) =>
      fits === undefined
        ? store.read(listJobs(selection, page, clock.now()))
        : searching.list(selection, page, fits),
    count: (selection, fits) =>
      fits === undefined
        ? store.read(countJobs(selection, clock.now()))
        : searching.count(selection, fits),
    queues: () => store.read(listQueues()),
    async patch(id, patch) {
      const now = clock.now();
      const job = await store.write(() => changeJob(id, (job) => patched(job, patch, now), now));
      if (job === undefined) return undefined;
      follow([job]);
      if (job.budgets !== null) dispatcher.reopen(budgetsOf(job));
      return job;
    },
    async patchMany(selection, patch, fits) {
      const now = clock.now();
      let count = 0;
      for await (const piece of piecesOf(selection, fits)) {
        count += await store.write(() => changeJobs(piece, (job) => patched(job, patch, now)));
      }
      const { readyAt, queue, priority } = patch;
      if (readyAt !== undefined || queue !== undefined || priority !== undefined) {
        await dispatcher.reload();
      }
      if (typeof readyAt === "number") promotion.note(readyAt);
      return count;
    },
    async remove(id) {
      return removed(await store.write(() => removeJob(id))) > 0;
    },
    async removeMany(selection, fits) {
      let count = 0;
      for await (const piece of piecesOf(selection, fits)) {
        count += removed(await store.write(() => removeJobs(piece)));
      }
      return count;
    },
    async errors(id, page) {
      if (await store.read(getMetadata(id, clock.now())) === undefined) return undefined;
      return await store.read(listErrors(id, page));
    },
    async error(id, attempt) {
      if (await store.read(getMetadata(id, clock.now())) === undefined) return "no job";
      return await store.read(findError(id, attempt)) ?? "no record";
    },
    async reset() {
      await crons.removeAll();
      removed(await store.write(() => removeJobs({})));
      await store.write(removeBudgets);
      await dispatcher.reload();
    },
    expressions,
    crons,
    budgets: createBudgets({ store, clock, settings, dispatcher, piecesOf }),
    take: (consumer) => dispatcher.seat(consumer),
  };
}
