/**
 * What the end of a job means for those that wait for it.
 *
 * | The parent                                  | `stay`    | `cancel`  | `run`     |
 * | ------------------------------------------- | --------- | --------- | --------- |
 * | succeeded                                   | is free   | is free   | is free   |
 * | is dead                                     | waits     | dies      | is free   |
 * | was dead, and is deleted, not by a person   | dies      | dies      | is free   |
 * | is deleted, and those that wait for it too  | deleted   | deleted   | deleted   |
 *
 * A job that is free of one parent may wait for others. When it waits for none, it is ready, or scheduled if it is due
 * later. A job that dies or is deleted has ended itself, and the same holds for those that wait for it.
 *
 * All of it is done in the transaction in which the parent ends, up to so many jobs. What is left is noted in
 * `settlements`, in the same transaction, and done piece by piece (`settlePending`); so a job that very many wait for
 * holds up nobody, and nothing is forgotten when the broker is killed in between.
 *
 * @module
 */

import type { FailureReport } from "../protocol/failure.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { type ChangedJob, type JobsChange, toJobChange } from "./changes.ts";
import { isOpenLink, type LinkRow, linkStates, removeLinks } from "./dependencies-table.ts";
import { isOneOf, lockRows } from "./dialect.ts";
import { insertError } from "./error-records.ts";
import { enterGroup } from "./failures-table.ts";
import { type FinishTerms, toFailed } from "./job-rules.ts";
import { deleteBelongings, deleteJob, jobRows, updateJob } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { hasStatus } from "./status-sql.ts";
import { hasTrait, traits } from "./traits.ts";
import { report, rows, run, runEach, StaleReadError, type Transition } from "./transition.ts";
import { moveKey } from "./unique.ts";

/** How a job ended that others wait for; the codes stand in the database. */
export const outcomes = {
  /** It succeeded. */
  succeeded: 0,
  /** It succeeded, and its result is kept for those that wait for it. */
  resulted: 1,
  /** It is dead. */
  dead: 2,
  /** It is deleted, and did not succeed: its retention ended, or it was not kept. */
  lost: 3,
  /** Somebody deleted it, and those that wait for it are to be deleted too. */
  removed: 4,
} as const;

/** A job that has ended. */
export interface EndedJob extends Pick<JobRecord, "id" | "seq"> {
  /** One of the {@linkcode outcomes}. */
  readonly outcome: number;
}

/** Rows that are handled at once at most: those of as many successes as come in one call, if two wait for each. */
const mostAtOnce = 1200;

/** Rows that a piece handles at most of what was left for later. */
const pieceSize = 800;

/** How many rows a step takes as long as, however few it handles: a chain of jobs has as many steps as jobs. */
const stepWeight = 10;

/** How many rows of the others a row of this outcome takes as long as. */
const weights: Readonly<Record<number, number>> = { [outcomes.dead]: 4, [outcomes.lost]: 4 };

/** The states of the rows that an outcome ends. */
const endedStates: Readonly<Record<number, readonly number[]>> = {
  [outcomes.dead]: [linkStates.cancel, linkStates.run],
};
const openStates = [linkStates.stay, linkStates.cancel, linkStates.run];

/**
 * Does what follows for the jobs that wait for jobs which have ended.
 *
 * @param ended Those that have ended, in this transaction.
 * @param terms Without these nothing is done now, and all of it later.
 * @param most How many rows are handled at once at most.
 * @returns How many jobs were deleted.
 */
export function* settle(
  ended: readonly EndedJob[],
  terms: FinishTerms | undefined,
  most: number = mostAtOnce,
): Transition<number> {
  let room = terms === undefined ? 0 : most;
  let removed = 0;
  const waiting = [...ended];
  while (waiting.length > 0) {
    if (room <= 0) {
      yield* postpone(waiting);
      break;
    }
    const { outcome } = waiting[0]!;
    const parents: EndedJob[] = [];
    const others: EndedJob[] = [];
    for (const one of waiting.splice(0)) (one.outcome === outcome ? parents : others).push(one);
    waiting.push(...others);
    const weight = weights[outcome] ?? 1;
    const limit = Math.ceil(room / weight);
    const links = yield* openLinks(parents, outcome, limit);
    room -= Math.max(links.length * weight, stepWeight);
    const isWhole = links.length < limit;
    const followed = yield* follow({ parents, outcome, links, isWhole }, terms!);
    removed += followed.removed;
    waiting.push(...followed.ended);
    if (!isWhole) waiting.push(...parents);
  }
  return removed;
}

/** Parents that have ended, and some of the jobs that wait for them: all, or as many as there is room for. */
interface Settlement {
  readonly parents: readonly EndedJob[];
  readonly outcome: number;
  readonly links: readonly LinkRow[];
  readonly isWhole: boolean;
}

/** What became of those that waited. */
interface Followed {
  readonly ended: readonly EndedJob[];
  readonly removed: number;
}

function* openLinks(
  parents: readonly EndedJob[],
  outcome: number,
  limit: number,
): Transition<readonly LinkRow[]> {
  return yield* rows<LinkRow>(
    `SELECT parent, state, job FROM dependencies
     WHERE ${isOneOf("parent", "integers")} AND ${hasStatus(statesOf(outcome), "state")} LIMIT ?`,
    [seqsOf(parents), limit],
  );
}

function statesOf(outcome: number): readonly number[] {
  return endedStates[outcome] ?? openStates;
}

function* follow(settlement: Settlement, terms: FinishTerms): Transition<Followed> {
  const { outcome, links } = settlement;
  if (links.length === 0) return { ended: [], removed: 0 };
  if (outcome === outcomes.removed) return yield* remove(links);
  const freed = outcome === outcomes.dead || outcome === outcomes.lost
    ? links.filter(({ state }) => state === linkStates.run)
    : links;
  const ended = freed.length === links.length
    ? []
    : yield* abandon(links.filter(({ state }) => state !== linkStates.run), settlement, terms);
  if (freed.length > 0) {
    yield* endLinks(freed, settlement);
    yield* unblock(freed.map(({ job }) => job), terms.now);
  }
  return { ended, removed: 0 };
}

/** Rows of parents that succeeded with a result are kept. */
function endOf(outcome: number): string {
  return outcome === outcomes.resulted
    ? `UPDATE dependencies SET state = ${linkStates.done}`
    : "DELETE FROM dependencies";
}

function* endLinks(
  links: readonly LinkRow[],
  { parents, outcome, isWhole }: Settlement,
): Transition<void> {
  const end = endOf(outcome);
  if (isWhole && statesOf(outcome) === openStates && outcome !== outcomes.lost) {
    yield* run(`${end} WHERE ${isOneOf("parent", "integers")} AND ${isOpenLink}`, [
      seqsOf(parents),
    ]);
    return;
  }
  yield* runEach(
    `${end} WHERE parent = ? AND state = ? AND job = ?`,
    links.map(({ parent, state, job }) => [parent, state, job]),
  );
}

/** A job that waits for nothing any more. */
type FreedJob =
  & ChangedJob
  & Pick<JobRecord, "status" | "priority" | "budgets" | "readyAt" | "purgeAt">;

/**
 * Lets those of the jobs run that wait for nothing any more: blocked → ready, or scheduled if they are due later.
 *
 * @param seqs The keys of the jobs.
 * @param now In ms since the epoch.
 */
export function* unblock(seqs: readonly number[], now: number): Transition<void> {
  const list = `[${[...new Set(seqs)].join()}]`;
  // Of two brokers that end two parents of one job, the second one has to see what the first did.
  yield {
    kind: "lock",
    sql: `SELECT seq FROM jobs WHERE ${isOneOf("seq", "integers")} ORDER BY seq ${lockRows}`,
    params: [list],
  };
  const freed = yield* rows<FreedJob>(
    `UPDATE jobs SET
       status = CASE WHEN ready_at > ? THEN ${status.scheduled} ELSE ${status.ready} END,
       ready_at = CASE WHEN ready_at > ? THEN ready_at ELSE ? END,
       traits = CASE WHEN EXISTS (SELECT 1 FROM dependencies WHERE job = jobs.seq) THEN traits
         ELSE traits & ${~traits.dependent} END
     WHERE ${isOneOf("seq", "integers")} AND status = ${status.blocked} AND NOT EXISTS (
       SELECT 1 FROM dependencies WHERE job = jobs.seq AND ${isOpenLink})
     RETURNING id, seq, queue, type, traits, status, priority, budgets, ready_at AS "readyAt",
       purge_at AS "purgeAt"`,
    [now, now, now, list],
  );
  for (const to of [status.ready, status.scheduled]) {
    const jobs = freed.filter((job) => job.status === to);
    if (jobs.length === 0) continue;
    yield report(
      { kind: "jobs", from: status.blocked, to, jobs, cause: "unblocked" } as JobsChange,
    );
  }
}

/** Ends jobs whose parent is dead: blocked → dead, or deleted if they are not to be kept. */
function* abandon(
  links: readonly LinkRow[],
  { parents, outcome }: Settlement,
  terms: FinishTerms,
): Transition<readonly EndedJob[]> {
  const ids = new Map(parents.map(({ seq, id }) => [seq, id]));
  const parentOf = new Map(links.map(({ job, parent }) => [job, ids.get(parent)!]));
  const ended: EndedJob[] = [];
  const jobs = yield* blockedJobs(parentOf.keys());
  for (const job of jobs) {
    const failure = toAbandonment(parentOf.get(job.seq)!, outcome);
    const { job: failed, deleted } = toFailed(job, failure, { ...terms, jitter: 0 });
    const after = { ...failed, traits: failed.traits & ~traits.dependent };
    const moved = deleted ? yield* deleteJob(job) : yield* updateJob(job, after);
    if (!moved) throw new StaleReadError("A job that waited for others was changed meanwhile");
    if (deleted) {
      yield report({
        kind: "jobs",
        from: job.status,
        to: undefined,
        jobs: [job],
        cause: "abandoned",
        failure,
      });
    } else {
      yield* moveKey(after, job);
      yield* insertError(after, failure, job);
      yield* enterGroup(after, failure);
      yield report(toJobChange(after, job, "abandoned"));
    }
    if (hasTrait(job, traits.awaited)) {
      ended.push({ ...job, outcome: deleted ? outcomes.lost : outcomes.dead });
    }
  }
  yield* removeLinks(jobs);
  return ended;
}

function toAbandonment(parent: string, outcome: number): FailureReport {
  const what = outcome === outcomes.dead ? "is dead" : "was dead and is deleted";
  return { message: `Job ${parent}, which it waited for, ${what}`, errorType, kill: true };
}

const errorType = "DependencyDead";

/** Deletes jobs. */
function* remove(links: readonly LinkRow[]): Transition<Followed> {
  const jobs = yield* blockedJobs(new Set(links.map(({ job }) => job)));
  const gone = yield* run(
    `DELETE FROM jobs WHERE ${isOneOf("seq", "integers")} AND status = ${status.blocked}`,
    [seqsOf(jobs)],
  );
  if (gone < jobs.length) throw new StaleReadError("A job that waits for others moved on");
  yield* deleteBelongings(jobs);
  if (jobs.length > 0) {
    yield report({ kind: "jobs", from: status.blocked, to: undefined, jobs, cause: "removed" });
  }
  const awaited = jobs.filter((job) => hasTrait(job, traits.awaited));
  return {
    ended: awaited.map((job) => ({ ...job, outcome: outcomes.removed })),
    removed: jobs.length,
  };
}

function* blockedJobs(seqs: Iterable<number>): Transition<JobRecord[]> {
  return yield* jobRows(
    `SELECT ${metadataColumns} FROM jobs
     WHERE ${isOneOf("seq", "integers")} AND status = ${status.blocked} ${lockRows}`,
    [`[${[...seqs].join()}]`],
  );
}

function* postpone(ended: readonly EndedJob[]): Transition<void> {
  yield* runEach(
    `INSERT INTO settlements (parent, id, outcome) VALUES (?, ?, ?)
     ON CONFLICT (parent) DO UPDATE SET outcome = excluded.outcome`,
    ended.map(({ seq, id, outcome }) => [seq, id, outcome]),
  );
  yield report({ kind: "settlements" });
}

/** Parents that one piece handles at most. */
const parentsAtOnce = 500;

/** Does a piece of what was left for later. */
export function* settlePending(terms: FinishTerms): Transition<void> {
  const found = yield* rows<EndedJob>(
    `SELECT parent AS seq, id, outcome FROM settlements ORDER BY parent LIMIT ? ${lockRows}`,
    [parentsAtOnce],
  );
  if (found.length === 0) return;
  yield* run(`DELETE FROM settlements WHERE ${isOneOf("parent", "integers")}`, [seqsOf(found)]);
  const dead = found.filter(({ outcome }) => outcome === outcomes.dead);
  // One that was tried again since is waited for again.
  const still = dead.length === 0 ? [] : yield* rows<{ seq: number }>(
    `SELECT seq FROM jobs WHERE ${isOneOf("seq", "integers")} AND status = ${status.dead}`,
    [seqsOf(dead)],
  );
  const stillDead = new Set(still.map(({ seq }) => seq));
  yield* settle(
    found.filter(({ seq, outcome }) => outcome !== outcomes.dead || stillDead.has(seq)),
    terms,
    pieceSize,
  );
}

/** Whether something was left for later. */
export function* hasPending(): Transition<boolean> {
  return (yield* rows("SELECT 1 AS found FROM settlements LIMIT 1")).length > 0;
}

function seqsOf(jobs: readonly Pick<JobRecord, "seq">[]): string {
  return `[${jobs.map(({ seq }) => seq).join()}]`;
}
