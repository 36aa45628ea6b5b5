/**
 * The outbox: jobs that an application has written beside its own tables, in a transaction of its own. Any broker makes jobs
 * of them, in their order, in one commit with their deletion.
 *
 * | An entry                                         | becomes                                                    |
 * | ------------------------------------------------ | ---------------------------------------------------------- |
 * | that can be stored                               | a job                                                      |
 * | whose id a job has already                       | nothing: it was stored before                              |
 * | that is refused, or waits for one that was       | an entry of `outbox_refused`, with the reason              |
 * | that waits for an earlier one which another broker has at hand | what it is, until the next time              |
 *
 * An application's transaction locks nothing here that others wait for, however long it takes: it only adds rows.
 *
 * @module
 */

import { checkJobId } from "../protocol/job-id.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import type { SqlValue } from "./database.ts";
import { claimRows, isOneOf } from "./dialect.ts";
import { enqueueJobs, type EnqueueTerms, type NewRecord } from "./enqueue.ts";
import { insertRows, rows, run, toInsert, type Transition } from "./transition.ts";

/** A row of the outbox. */
export interface OutboxEntry {
  readonly entry: number;
  /** The id that its job is to have; null if the broker makes one. */
  readonly id: string | null;
  /** When it was written, in ms since the epoch; null if nobody said so. */
  readonly storedAt: number | null;
  /** The JSON text of an enqueue. */
  readonly job: string;
}

/** An entry that is no job and stays none until somebody does something about it. */
export interface RefusedEntry extends Pick<OutboxEntry, "entry" | "id"> {
  readonly reason: string;
}

/** How entries are moved. */
export interface OutboxTerms {
  /** The only entry that is to be moved; all when left out. */
  readonly only?: number | undefined;
  /** How many are moved at most. */
  readonly limit: number;
  /** How many bytes their texts have at most, unless there is only one. */
  readonly maxBytes: number;
  /** Makes the record of an entry, or says why it cannot be a job; undefined if this one and the rest are to come next time. */
  admit(entry: OutboxEntry): NewRecord | Rejection | undefined;
  readonly enqueue: EnqueueTerms;
}

/** What became of entries. */
export interface OutboxMove {
  /** How many there were. */
  readonly found: number;
  readonly refused: readonly RefusedEntry[];
  /** How many have to wait for others. */
  readonly left: number;
  /** Whether there may be more that can be moved at once. */
  readonly hasMore: boolean;
}

/** Makes jobs of the first entries that no other broker has at hand. */
export function* moveOutbox(terms: OutboxTerms): Transition<OutboxMove> {
  const claimed = yield* claimEntries(terms);
  if (claimed.entries.length === 0) return { found: 0, refused: [], left: 0, hasMore: false };
  const entries: OutboxEntry[] = [];
  const refused: (OutboxEntry & RefusedEntry)[] = [];
  const admitted: AdmittedEntry[] = [];
  for (const entry of claimed.entries) {
    const record = terms.admit(entry);
    if (record === undefined) break;
    entries.push(entry);
    if (isRejection(record)) refused.push({ ...entry, reason: record.message });
    else admitted.push({ entry, record });
  }
  const hasMore = claimed.hasMore || entries.length < claimed.entries.length;
  const known = yield* findKnown(admitted);
  const elsewhere = yield* findParents(admitted, entries);
  const gone = new Set(refused.map(({ id }) => id));
  let left = 0;
  let group: AdmittedEntry[] = [];
  const storeGroup = function* (): Transition<void> {
    for (const { entry, reason } of yield* storeEntries(group, terms.enqueue)) {
      refused.push({ ...entry, reason });
      gone.add(entry.id);
    }
    group = [];
  };
  const kept = new Set<number>();
  for (const one of admitted) {
    const { entry, record } = one;
    if (entry.id !== null && known.has(entry.id)) continue;
    const parents = parentsOf(record);
    if (parents.length > 0) {
      yield* storeGroup(); // Its parents may be among them.
      const lost = parents.find((id) => gone.has(id) || elsewhere.refused.has(id));
      if (lost !== undefined) {
        refused.push({ ...entry, reason: `waits for '${lost}', which was refused` });
        gone.add(entry.id);
        continue;
      }
      if (parents.some((id) => (elsewhere.waiting.get(id) ?? Infinity) < entry.entry)) {
        kept.add(entry.entry);
        left++;
        continue;
      }
    }
    if (entry.id !== null) known.add(entry.id);
    group.push(one);
  }
  yield* storeGroup();
  yield* keepRefused(refused, terms.enqueue.now);
  yield* deleteEntries(entries.filter(({ entry }) => !kept.has(entry)));
  return { found: entries.length, refused, left, hasMore: hasMore && left < entries.length };
}

/**
 * Refuses an entry that the database itself cannot make a job of.
 *
 * @returns What was refused; undefined if it is not there any more.
 */
export function* refuseEntry(
  entry: number,
  { reason, now }: { readonly reason: string; readonly now: number },
): Transition<RefusedEntry | undefined> {
  const [found] = yield* rows<OutboxEntry>(`${selectEntries} WHERE entry = ? ${claimRows}`, [
    entry,
  ]);
  if (found === undefined) return undefined;
  yield* keepRefused([{ ...found, reason }], now);
  yield* deleteEntries([found]);
  return { entry, id: found.id, reason };
}

/** The first entry, whoever has it at hand; undefined if there is none. */
export function* firstEntry(): Transition<number | undefined> {
  const [first] = yield* rows<{ entry: number }>("SELECT entry FROM outbox ORDER BY entry LIMIT 1");
  return first?.entry;
}

/** What there is in the outbox. */
export interface OutboxState {
  /** How many wait to be jobs; no more than {@linkcode mostCounted} are counted. */
  readonly waiting: number;
  /** When the first of them was written, in ms since the epoch; undefined if there is none, or it does not say so. */
  readonly oldestAt: number | undefined;
  readonly refused: number;
}

/** So many entries are counted at most: to count millions takes an engine too long. */
export const mostCounted = 100_000;

/** Tells what there is. */
export function* readOutbox(): Transition<OutboxState> {
  const count = (table: string) =>
    `(SELECT count(*) FROM (SELECT 1 AS one FROM ${table} LIMIT ${mostCounted}) AS counted)`;
  const [state] = yield* rows<{ waiting: number; refused: number; oldest: number | null }>(
    `SELECT ${count("outbox")} AS waiting, ${count("outbox_refused")} AS refused,
       (SELECT stored_at FROM outbox ORDER BY entry LIMIT 1) AS oldest`,
  );
  const { waiting, refused, oldest } = state!;
  return { waiting, refused, oldestAt: oldest ?? undefined };
}

/** Deletes all entries, also those that were refused. */
export function* removeOutbox(): Transition<void> {
  yield* run("DELETE FROM outbox");
  yield* run("DELETE FROM outbox_refused");
}

interface AdmittedEntry {
  readonly entry: OutboxEntry;
  readonly record: NewRecord;
}

const selectEntries = `SELECT entry, id, stored_at AS "storedAt", job FROM outbox`;

/** Takes entries for this transaction. How long their texts are is read first: few of them may be a lot. */
function* claimEntries(
  { only, limit, maxBytes }: OutboxTerms,
): Transition<{ readonly entries: readonly OutboxEntry[]; readonly hasMore: boolean }> {
  const heads = yield* rows<{ entry: number; size: number }>(
    `SELECT entry, octet_length(job) AS size FROM outbox ${
      only === undefined ? "" : "WHERE entry = ?"
    }
     ORDER BY entry LIMIT ? ${claimRows}`,
    only === undefined ? [limit] : [only, limit],
  );
  let bytes = 0;
  let count = 0;
  while (count < heads.length && (count === 0 || bytes + heads[count]!.size <= maxBytes)) {
    bytes += heads[count++]!.size;
  }
  if (count === 0) return { entries: [], hasMore: false };
  const entries = yield* rows<OutboxEntry>(
    `${selectEntries} WHERE ${isOneOf("entry", "integers")} ORDER BY entry`,
    [JSON.stringify(heads.slice(0, count).map(({ entry }) => entry))],
  );
  return { entries, hasMore: count < heads.length || heads.length === limit };
}

/** The ids of entries that jobs have already. */
function* findKnown(entries: readonly AdmittedEntry[]): Transition<Set<string>> {
  const ids = entries.map(({ entry }) => entry.id).filter((id) => id !== null);
  if (ids.length === 0) return new Set();
  const found = yield* rows<{ id: string }>(
    `SELECT id FROM jobs WHERE named = 1 AND ${isOneOf("id", "texts")}`,
    [JSON.stringify(ids)],
  );
  return new Set(found.map(({ id }) => id));
}

/** The ids of jobs that one is to wait for. */
function parentsOf({ dependsOn }: NewRecord): readonly string[] {
  return dependsOn === undefined || dependsOn.length === 0
    ? []
    : dependsOn.map(({ id }) => id).filter((id) => id !== null)
      .filter((id) => checkJobId(id) === undefined);
}

/** Jobs that are waited for and are still in the outbox, by their ids. */
interface Parents {
  /** Which entries they are that others have at hand, or that come later. */
  readonly waiting: ReadonlyMap<string, number>;
  readonly refused: ReadonlySet<string>;
}

const noParents: Parents = { waiting: new Map(), refused: new Set() };

function* findParents(
  admitted: readonly AdmittedEntry[],
  entries: readonly OutboxEntry[],
): Transition<Parents> {
  const ids = new Set(admitted.flatMap(({ record }) => parentsOf(record)));
  if (ids.size === 0) return noParents;
  const own = new Set(entries.map(({ entry }) => entry));
  const list = JSON.stringify([...ids]);
  const waiting = yield* rows<{ id: string; entry: number }>(
    `SELECT id, entry FROM outbox WHERE ${isOneOf("id", "texts")}`,
    [list],
  );
  const refused = yield* rows<{ id: string }>(
    `SELECT id FROM outbox_refused WHERE ${isOneOf("id", "texts")}`,
    [list],
  );
  return {
    waiting: new Map(
      waiting.filter(({ entry }) => !own.has(entry)).map(({ id, entry }) => [id, entry]),
    ),
    refused: new Set(refused.map(({ id }) => id)),
  };
}

/** Stores entries together, or each by itself if they are not accepted together; gives those that are not accepted at all. */
function* storeEntries(
  group: readonly AdmittedEntry[],
  terms: EnqueueTerms,
): Transition<readonly { readonly entry: OutboxEntry; readonly reason: string }[]> {
  if (group.length === 0) return [];
  const together = yield* enqueueJobs(group.map(({ record }) => record), terms);
  if (!isRejection(together)) return [];
  if (group.length === 1) return [{ entry: group[0]!.entry, reason: together.message }];
  const refused: { entry: OutboxEntry; reason: string }[] = [];
  for (const one of group) refused.push(...yield* storeEntries([one], terms));
  return refused;
}

const insertRefused = toInsert("outbox_refused", [
  "entry",
  "id",
  "stored_at",
  "job",
  "refused_at",
  "reason",
]);

function* keepRefused(
  refused: readonly (OutboxEntry & RefusedEntry)[],
  now: number,
): Transition<void> {
  const values = refused.flatMap(({ entry, id, storedAt, job, reason }): SqlValue[] => [
    entry,
    id,
    storedAt,
    job,
    now,
    reason,
  ]);
  yield* insertRows(insertRefused, values);
}

function* deleteEntries(entries: readonly OutboxEntry[]): Transition<void> {
  yield* run(`DELETE FROM outbox WHERE ${isOneOf("entry", "integers")}`, [
    JSON.stringify(entries.map(({ entry }) => entry)),
  ]);
}
