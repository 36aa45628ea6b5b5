/**
 * Jobs that a job stores in its run, each once: `children` has a row for each slot that a job has filled, as long as the job
 * lives.
 *
 * | The parent                              | Its rows                                                              |
 * | --------------------------------------- | --------------------------------------------------------------------- |
 * | is in flight at the delivery that asks  | a slot that has a row stores nothing, whatever became of the child    |
 * | is anything else                        | the call is refused: who asks has lost it, and another may run it     |
 * | fails, is given back, dies, is retried  | stay                                                                  |
 * | begins anew: `PUT`, requeue, next queue | go: that is another run, and not a repeated one                       |
 * | is deleted                              | go                                                                    |
 *
 * @module
 */

import type { ChildOf } from "../protocol/child.ts";
import type { DependencyRequest } from "../protocol/dependency-request.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import { isOneOf } from "./dialect.ts";
import { enqueueJobs, type EnqueueTerms, type NewRecord, type StoredJob } from "./enqueue.ts";
import { isReportedByHolder, isRunOf } from "./finish.ts";
import { findJob } from "./jobs.ts";
import { keepOrigin, markSpawned } from "./spawned.ts";
import { isInFlight } from "./status-sql.ts";
import { withExtras } from "./trait-tables.ts";
import { traits } from "./traits.ts";
import { insertRows, rows, run, StaleReadError, toInsert, type Transition } from "./transition.ts";

/** Jobs to be stored, and for each whose child it is, or null. */
export interface Offspring {
  readonly entries: readonly NewRecord[];
  readonly childOf: readonly (ChildOf | null)[];
  /** What the worker calls itself that asks, if it says so. */
  readonly worker?: string | undefined;
}

/** A child that was stored before, by its place in the call. */
type Known = ReadonlyMap<number, string>;

const insertChildren = toInsert("children", ["job", "slot", "child"]);

/** Stores jobs, all or none, but for those whose slots are filled: of these the children are given that are there. */
export function* enqueueOffspring(
  { entries, childOf, worker }: Offspring,
  terms: EnqueueTerms,
): Transition<readonly StoredJob[] | Rejection> {
  const parents = yield* findParents({ childOf, worker }, terms);
  if (isRejection(parents)) return parents;
  const known = yield* findKnown(childOf, parents);
  const fresh = entries.flatMap((_, at) => known.has(at) ? [] : [at]);
  const marked = fresh.map((at) => toMarked(entries[at]!, childOf[at]!, { known, fresh }));
  const stored = marked.length === 0 ? [] : yield* enqueueJobs(marked, terms);
  if (isRejection(stored)) {
    return stored.index === undefined ? stored : { ...stored, index: fresh[stored.index]! };
  }
  const outcomes: StoredJob[] = [];
  const filled: (string | number)[] = [];
  const origins = new Map<string, JobRecord[]>();
  for (const [place, at] of fresh.entries()) {
    const outcome = outcomes[at] = stored[place]!;
    const child = childOf[at]!;
    if (child === null) continue;
    filled.push(parents.get(child.id)!.seq, child.slot, outcome.job.id);
    if (outcome.duplicate || outcome.folded) continue;
    origins.set(child.id, [...origins.get(child.id) ?? [], outcome.job]);
  }
  yield* insertRows(insertChildren, filled);
  for (const [origin, jobs] of origins) yield* keepOrigin(jobs, origin);
  yield* markParents(filled.length === 0 ? [] : [...parents.values()]);
  for (const [at, id] of known) outcomes[at] = yield* toStored(entries[at]!, id);
  return outcomes;
}

/** The jobs that store others, by their ids. */
function* findParents(
  { childOf, worker }: Pick<Offspring, "childOf" | "worker">,
  { covers }: EnqueueTerms,
): Transition<ReadonlyMap<string, JobRecord> | Rejection> {
  const parents = new Map<string, JobRecord>();
  for (const [index, child] of childOf.entries()) {
    if (child === null) continue;
    const { id, delivery, token } = child;
    const job = parents.get(id) ?? (yield* findJob(id));
    const proof = token === undefined && worker === undefined ? undefined : { token, worker };
    const run = { id, delivery, proof };
    const mayStore = isRunOf(job, run) && covers?.(job) !== false &&
      (yield* isReportedByHolder(job, run));
    if (!mayStore) {
      const which = delivery === undefined ? "" : ` at delivery ${delivery}`;
      const message = `job ${id}, whose child it is to be, is not in flight${which}`;
      return { kind: "conflict", message, index };
    }
    parents.set(id, job);
  }
  return parents;
}

function* findKnown(
  childOf: Offspring["childOf"],
  parents: ReadonlyMap<string, JobRecord>,
): Transition<Known> {
  const known = new Map<number, string>();
  for (const { id, seq } of parents.values()) {
    const places = new Map<string, number>();
    for (const [at, child] of childOf.entries()) if (child?.id === id) places.set(child.slot, at);
    const found = yield* rows<{ slot: string; child: string }>(
      `SELECT slot, child FROM children WHERE job = ? AND ${isOneOf("slot", "texts")}`,
      [seq, JSON.stringify([...places.keys()])],
    );
    for (const { slot, child } of found) known.set(places.get(slot)!, child);
  }
  return known;
}

/** A child is marked as what came from its parent; and what waits for jobs of the call waits for those that are stored. */
function toMarked(
  entry: NewRecord,
  child: ChildOf | null,
  { known, fresh }: { readonly known: Known; readonly fresh: readonly number[] },
): NewRecord {
  const toFresh = (one: DependencyRequest): DependencyRequest => {
    if (one.item === null) return one;
    const id = known.get(one.item);
    return id === undefined
      ? { ...one, item: fresh.indexOf(one.item) }
      : { ...one, item: null, id };
  };
  return {
    ...entry,
    job: child === null ? entry.job : markSpawned(entry.job),
    ...entry.dependsOn && { dependsOn: entry.dependsOn.map(toFresh) },
  };
}

/** Marks that jobs have children. */
function* markParents(parents: readonly JobRecord[]): Transition<void> {
  for (const { id, seq, deliveries, traits: has } of parents) {
    if ((has & traits.parent) !== 0) continue;
    const marked = yield* run(
      `UPDATE jobs SET traits = traits | ${traits.parent}
       WHERE seq = ? AND deliveries = ? AND ${isInFlight}`,
      [seq, deliveries],
    );
    if (marked === 0) throw new StaleReadError(`Job ${id} was changed meanwhile`);
  }
}

/** A child that was stored before; as it was then, if it is gone. */
function* toStored({ job: asNew }: NewRecord, id: string): Transition<StoredJob> {
  const found = yield* findJob(id);
  const [job] = found === undefined ? [{ ...asNew, id }] : yield* withExtras([found]);
  return { job: job!, duplicate: true, folded: false };
}
