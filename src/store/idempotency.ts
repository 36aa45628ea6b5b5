/**
 * Calls that may be repeated: what became of a call with a key, so that the same call is answered the same and stores
 * nothing (docs/protocol.md, section 4.5).
 *
 * A call has one row, whatever it brings. The row is written in the transaction of its jobs, so a broker that is killed
 * before it answers knows the call afterwards. It holds as little as the answer needs: a job that was stored is made again
 * from the repeated body, its id, and the instant; only of a job that was there before, what was told of it is kept.
 *
 * There is one tree and no index on the time, as each page more that a commit writes costs as much as the row. Keys that are
 * over are found by looking at all from time to time, piece by piece. The keys of our clients begin with the time, so that
 * those of all clients that come together are written to one page.
 *
 * @module
 */

import type { NewJob } from "../protocol/new-job.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isRejection, type Rejection, unprocessable } from "../protocol/rejection.ts";
import type { StoredJob } from "./enqueue.ts";
import { toCreated } from "./job-rules.ts";
import { rows, run, StaleReadError, type Transition } from "./transition.ts";

/** A call that may be repeated. */
export interface KeyedCall {
  readonly key: string;
  /** Tells its body from others. */
  readonly fingerprint: number;
  /** What it asks for. */
  readonly jobs: readonly NewJob[];
  /** The ids of its jobs if they are stored. */
  readonly ids: readonly string[];
  /** When it came, in ms since the epoch: what its jobs were made with. */
  readonly now: number;
  /** Whether jobs of these ids may be there before: then what became of the call is not known before it is done. */
  readonly mayBeThere?: true | undefined;
}

/**
 * What is kept of a job: its id if it was stored, and else all that was told of the one that was there; where that was told
 * before in the same answer, the place, counted from 0.
 */
type Kept = string | KeptJob | number;

/** What is kept of a job that was there before, or of a new one that has links to others. */
interface KeptJob extends Omit<StoredJob, "job"> {
  readonly job: Partial<JobRecord> & Pick<JobRecord, "id">;
}

/** Writes nothing if the key is known. */
const insertKey = `INSERT INTO idempotency_keys (key, fingerprint, kept_at, outcome)
  VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`;

/**
 * Does what a call asks for, unless it was done before. A call that is refused leaves nothing.
 *
 * @param call The call.
 * @param enqueue Stores its jobs.
 * @returns What became of its jobs, now or the first time.
 * @throws {StaleReadError} If another broker has done the same call meanwhile.
 */
export function* enqueueOnce(
  call: KeyedCall,
  enqueue: () => Transition<readonly StoredJob[] | Rejection>,
): Transition<readonly StoredJob[] | Rejection> {
  const { key, fingerprint, jobs, ids, now, mayBeThere } = call;
  const keep = (kept: readonly Kept[]) =>
    run(insertKey, [key, fingerprint, now, JSON.stringify(kept)]);
  // What becomes of most jobs is known before. Then one statement both looks for the key and writes it.
  const isCertain = mayBeThere !== true &&
    jobs.every(({ uniqueKey, batch, budgets, dependsOn, childOf }) =>
      uniqueKey === null && batch === null && budgets.length === 0 && dependsOn.length === 0 &&
      childOf == null
    );
  if (isCertain && (yield* keep(ids)) > 0) return yield* enqueue();
  const [known] = yield* rows<KnownCall>(
    'SELECT fingerprint, kept_at AS "keptAt", outcome FROM idempotency_keys WHERE key = ?',
    [key],
  );
  if (known !== undefined) {
    if (known.fingerprint === fingerprint) return yield* recall(known, jobs);
    return unprocessable(`idempotency key '${key}' was used for another call`);
  }
  if (isCertain) throw new StaleReadError("A key was forgotten while it was looked for");
  const stored = yield* enqueue();
  if (isRejection(stored)) return stored;
  if ((yield* keep(toKept(stored))) === 0) {
    throw new StaleReadError("Another broker has done the same call");
  }
  return stored;
}

function toKept(stored: readonly StoredJob[]): Kept[] {
  /** Where each job that was there is told of: thousands may be folded into one. */
  const places = new Map<JobRecord, number>();
  return stored.map(({ job, duplicate, folded }, index) => {
    if (!duplicate && !folded) {
      // Whether it had to wait for others depended on them; all else follows from the call.
      const { id, status, traits, extra } = job;
      return traits === 0 ? id : { job: { id, status, traits, extra }, duplicate, folded };
    }
    const place = places.get(job);
    if (place !== undefined) return place;
    places.set(job, index);
    // No answer shows the payload.
    const { payloadJson: _json, payloadPack: _pack, ...told } = job;
    return { job: told, duplicate, folded };
  });
}

/** What is known of a call. */
interface KnownCall {
  readonly fingerprint: number;
  readonly keptAt: number;
  readonly outcome: string;
}

/** Jobs that are made again in one piece. */
const jobsOfTurn = 1000;

function* recall(
  { keptAt, outcome }: KnownCall,
  jobs: readonly NewJob[],
): Transition<readonly StoredJob[]> {
  const stored: StoredJob[] = [];
  for (const [index, kept] of (JSON.parse(outcome) as readonly Kept[]).entries()) {
    if (index > 0 && index % jobsOfTurn === 0) yield { kind: "turn" };
    if (typeof kept === "number") {
      stored.push(stored[kept]!);
      continue;
    }
    const isNew = typeof kept === "string";
    const asNew = toCreated(jobs[index]!, { id: isNew ? kept : kept.job.id, seq: 0 }, keptAt);
    // What an older version kept may lack a field.
    stored.push(
      isNew
        ? { job: asNew, duplicate: false, folded: false }
        : { ...kept, job: { ...asNew, ...kept.job } },
    );
  }
  return stored;
}

/** How many keys are looked at in one transaction. */
const forgettingSize = 1000;

/**
 * Looks at keys in their order, and forgets those that are over.
 *
 * @param behind The key up to which that is done.
 * @param over Which are: those that came up to an instant, and those that came after another one, which a wrong clock
 * told. In ms since the epoch.
 * @returns The key to go on behind; undefined when it has come to the end.
 */
export function* forgetKeys(
  behind: string,
  { upTo, after }: { readonly upTo: number; readonly after: number },
): Transition<string | undefined> {
  const [piece] = yield* rows<{ last: string | null; count: number }>(
    `SELECT max(key) AS last, count(*) AS count
     FROM (SELECT key FROM idempotency_keys WHERE key > ? ORDER BY key LIMIT ?) AS piece`,
    [behind, forgettingSize],
  );
  const { last, count } = piece!;
  if (last === null) return undefined;
  yield* run(
    "DELETE FROM idempotency_keys WHERE key > ? AND key <= ? AND (kept_at <= ? OR kept_at > ?)",
    [behind, last, upTo, after],
  );
  return count === forgettingSize ? last : undefined;
}

/** Whether a key is known. */
export function* hasKeys(): Transition<boolean> {
  return (yield* rows("SELECT 1 AS found FROM idempotency_keys LIMIT 1")).length > 0;
}

/** Forgets all calls. */
export function* removeKeys(): Transition<void> {
  yield* run("DELETE FROM idempotency_keys");
}
