/**
 * The outbox: jobs that an application has written beside its own tables, in a transaction of its own. Any broker makes jobs
 * of them, in their order, in one commit with their deletion.
 *
 * | An entry                                         | becomes                                                    |
 * | ------------------------------------------------ | ---------------------------------------------------------- |
 * | that can be stored                               | a job                                                      |
 * | whose id a job has already                       | nothing: it was stored before                              |
 * | that is refused, or waits for one that was       | an entry of `outbox_refused`, with the reason              |
 * | that is too large, or was written at no time that there can be | the same, and its text is not read           |
 * | whose number is beyond 2^53, which whoever wrote it chose | the same entry with another number                |
 * | that waits for an earlier one which another broker has at hand | what it is, until the next time              |
 *
 * An application's transaction locks nothing here that others wait for, however long it takes: it only adds rows.
 *
 * @module
 */

import { checkJobId, longestId } from "../protocol/job-id.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import type { SqlValue } from "./database.ts";
import { claimRows, isOneOf } from "./dialect.ts";
import { enqueueJobs, type EnqueueTerms, type NewRecord } from "./enqueue.ts";
import { rows, run, runEach, type Transition } from "./transition.ts";

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
  /** How many bytes the text of one may have. */
  readonly maxEntryBytes: number;
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
  const refused: RefusedEntry[] = [...claimed.refused];
  const found = claimed.entries.length + refused.length;
  if (found === 0) return { found, refused, left: 0, hasMore: false };
  const entries: Pick<OutboxEntry, "entry">[] = [...refused];
  const admitted: AdmittedEntry[] = [];
  for (const entry of claimed.entries) {
    const record = terms.admit(entry);
    if (record === undefined) break;
    entries.push(entry);
    if (isRejection(record)) refused.push(toRefused(entry, record.message));
    else admitted.push({ entry, record });
  }
  const hasMore = claimed.hasMore || entries.length < found;
  const known = yield* findKnown(admitted);
  const elsewhere = yield* findParents(admitted, entries);
  const gone = new Set(refused.map(({ id }) => id));
  let left = 0;
  let group: AdmittedEntry[] = [];
  const storeGroup = function* (): Transition<void> {
    for (const { entry, reason } of yield* storeEntries(group, terms.enqueue)) {
      refused.push(toRefused(entry, reason));
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
        refused.push(toRefused(entry, `waits for '${lost}', which was refused`));
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
  const [found] = yield* rows<Pick<OutboxEntry, "id">>(
    `SELECT ${knownId} AS id FROM outbox WHERE entry = ? ${claimRows}`,
    [entry],
  );
  if (found === undefined) return undefined;
  const refused = { entry, id: found.id, reason };
  yield* keepRefused([refused], now);
  yield* deleteEntries([refused]);
  return refused;
}

/** Where the outbox begins. */
export interface OutboxFront {
  /** The first entry, whoever has it at hand; null if there is none. */
  readonly first: number | null;
  /** Whether there are entries whose numbers cannot be read. */
  readonly hasWild: boolean;
}

/** Looks at the front of the outbox. */
export function* readFront(): Transition<OutboxFront> {
  const [found] = yield* rows<{ first: number | null; wild: number }>(
    `SELECT (SELECT entry FROM outbox WHERE ${isSafe("entry")} ORDER BY entry LIMIT 1) AS first,
       CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE entry > ${Number.MAX_SAFE_INTEGER})
         OR EXISTS (SELECT 1 FROM outbox WHERE entry < ${Number.MIN_SAFE_INTEGER}) THEN 1 ELSE 0 END AS wild`,
  );
  const { first, wild } = found!;
  return { first, hasWild: wild === 1 };
}

/** Gives entries whose numbers cannot be read others, which are the last ones. Gives how many. */
export function* numberEntries(limit: number): Transition<number> {
  const found = yield* rows<{ entry: string }>(
    `SELECT CAST(entry AS TEXT) AS entry FROM outbox WHERE NOT ${
      isSafe("entry")
    } LIMIT ? ${claimRows}`,
    [limit],
  );
  const list = JSON.stringify(found.map(({ entry }) => entry));
  yield* run(`${copyEntries} WHERE ${isOneOf("entry", "integers")}`, [list]);
  yield* run(`DELETE FROM outbox WHERE ${isOneOf("entry", "integers")}`, [list]);
  return found.length;
}

const copyEntries = "INSERT INTO outbox (id, stored_at, job) SELECT id, stored_at, job FROM outbox";

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
       (SELECT CASE WHEN ${
      isSafe("stored_at")
    } THEN stored_at END FROM outbox ORDER BY entry LIMIT 1) AS oldest`,
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

/** Whether a column is within what can be read: null is not. */
function isSafe(column: string): string {
  return `(${column} BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER})`;
}

/** The id, if it is not too long to be one. */
const knownId = `CASE WHEN octet_length(id) <= ${longestId} THEN id END`;

/** What is read first of an entry. */
interface EntryHead {
  readonly entry: number;
  readonly id: string | null;
  /** The length of its text, in bytes. */
  readonly size: number;
  /** Of its id. */
  readonly idSize: number | null;
  /** 1 if it says a time that cannot be. */
  readonly isTimeless: number;
}

/** Takes entries for this transaction. How long their texts are is read first: few of them may be a lot. */
function* claimEntries({ only, limit, maxBytes, maxEntryBytes }: OutboxTerms): Transition<{
  readonly entries: readonly OutboxEntry[];
  readonly refused: readonly RefusedEntry[];
  readonly hasMore: boolean;
}> {
  const heads = yield* rows<EntryHead>(
    `SELECT entry, ${knownId} AS id, octet_length(job) AS size, octet_length(id) AS "idSize",
       CASE WHEN stored_at IS NULL OR ${isSafe("stored_at")} THEN 0 ELSE 1 END AS "isTimeless"
     FROM outbox WHERE ${only === undefined ? isSafe("entry") : "entry = ?"}
     ORDER BY entry LIMIT ? ${claimRows}`,
    only === undefined ? [limit] : [only, limit],
  );
  const refused: RefusedEntry[] = [];
  const wanted: number[] = [];
  let bytes = 0;
  let hasMore = heads.length === limit;
  for (const head of heads) {
    const reason = complainOf(head, maxEntryBytes);
    if (reason !== undefined) {
      refused.push(toRefused(head, reason));
      continue;
    }
    bytes += head.size;
    hasMore ||= wanted.length > 0 && bytes > maxBytes;
    if (wanted.length > 0 && bytes > maxBytes) break;
    wanted.push(head.entry);
  }
  if (wanted.length === 0) return { entries: [], refused, hasMore };
  const entries = yield* rows<OutboxEntry>(
    `SELECT entry, id, stored_at AS "storedAt", job FROM outbox WHERE ${
      isOneOf("entry", "integers")
    } ORDER BY entry`,
    [JSON.stringify(wanted)],
  );
  return { entries, refused, hasMore };
}

/** Why an entry cannot be read. */
function complainOf(
  { size, idSize, isTimeless }: EntryHead,
  maxBytes: number,
): string | undefined {
  if (size > maxBytes) return `job is ${size} bytes, at most ${maxBytes} are accepted`;
  if (idSize !== null && idSize > longestId) {
    return `id is ${idSize} bytes, at most ${longestId} are accepted`;
  }
  return isTimeless === 1 ? "stored_at is no time in ms since the epoch" : undefined;
}

function toRefused(
  { entry, id }: Pick<OutboxEntry, "entry" | "id">,
  reason: string,
): RefusedEntry {
  return { entry, id, reason };
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
  entries: readonly Pick<OutboxEntry, "entry">[],
): Transition<Parents> {
  const ids = new Set(admitted.flatMap(({ record }) => parentsOf(record)));
  if (ids.size === 0) return noParents;
  const own = new Set(entries.map(({ entry }) => entry));
  const list = JSON.stringify([...ids]);
  const waiting = yield* rows<{ id: string; entry: number }>(
    `SELECT id, entry FROM outbox WHERE ${isOneOf("id", "texts")} AND ${isSafe("entry")}`,
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

/**
 * Copies entries as they are: their texts stay where they are. One whose number another has that was refused, which whoever wrote
 * it chose, comes again with another number.
 */
function* keepRefused(refused: readonly RefusedEntry[], now: number): Transition<void> {
  const counts = yield* runEach(
    `INSERT INTO outbox_refused (entry, id, stored_at, job, refused_at, reason)
     SELECT entry, id, stored_at, job, CAST(? AS BIGINT), CAST(? AS TEXT) FROM outbox WHERE entry = ?
     ON CONFLICT (entry) DO NOTHING`,
    refused.map(({ entry, reason }): SqlValue[] => [now, reason, entry]),
  );
  const taken = refused.filter((_, at) => counts[at] === 0);
  yield* runEach(`${copyEntries} WHERE entry = ?`, taken.map(({ entry }) => [entry]));
}

function* deleteEntries(entries: readonly Pick<OutboxEntry, "entry">[]): Transition<void> {
  yield* run(`DELETE FROM outbox WHERE ${isOneOf("entry", "integers")}`, [
    JSON.stringify(entries.map(({ entry }) => entry)),
  ]);
}
