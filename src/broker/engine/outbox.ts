/**
 * Making jobs of what applications have put into the outbox of the database: whichever broker is first, in pieces, woken by
 * who wrote, with a slow look as a net.
 *
 * | Event                                    | What happens                                                           |
 * | ---------------------------------------- | ---------------------------------------------------------------------- |
 * | it is told of entries, or ten seconds have passed | it makes jobs of a piece of them                              |
 * | there is more                            | the next piece is due at once                                          |
 * | an entry waits for one that another broker has at hand | it is due again after a second                           |
 * | a piece fails                            | it is tried again in smaller pieces, so that one entry holds up no other |
 * | a single entry fails, by what it is      | it is refused                                                          |
 * | an entry has a number that cannot be read | it gets another one                                                   |
 *
 * Only a database that others write to has entries: on SQLite it never looks.
 *
 * @module
 */

import { StoreError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { checkJobId, looksMade } from "../../protocol/job-id.ts";
import type { NewJob } from "../../protocol/new-job.ts";
import { type Rejection, unprocessable } from "../../protocol/rejection.ts";
import { readEnqueue } from "../../protocol/request-body.ts";
import { addSaturating } from "../../store/add-saturating.ts";
import { isAboutData } from "../../store/dialect.ts";
import type { NewRecord } from "../../store/enqueue.ts";
import type { Expressions } from "../../store/expressions.ts";
import {
  moveOutbox,
  numberEntries,
  type OutboxEntry,
  type OutboxState,
  readFront,
  readOutbox,
  type RefusedEntry,
  refuseEntry,
  removeOutbox,
} from "../../store/outbox.ts";
import type { Store } from "../../store/store.ts";
import type { Admission } from "./admission.ts";
import type { DueSource } from "./scheduler.ts";
import type { Settings } from "./settings.ts";

/** How often it looks when nobody tells it of entries, in ms. */
const lookAgainMs = 10_000;

/** How long entries wait whose parents another broker has at hand, in ms. */
const leftMs = 1000;

/** Entries of a piece, and bytes of their texts, at most. */
const mostEntries = 500;
const mostBytes = 8 * 1024 * 1024;

/** So many refused entries of a piece are logged one by one. */
const mostLogged = 10;

/** What a broker does with the outbox. */
export interface OutboxOperations {
  /** Makes jobs of its entries. */
  readonly source: DueSource;
  /** Tells what there is; undefined where there is never anything. */
  state(): Promise<OutboxState | undefined>;
  /** Deletes all entries. */
  removeAll(): Promise<void>;
}

/** Creates the operations. */
export function createOutboxOperations(
  { store, logger, admission, settings, expressions }: {
    readonly store: Store;
    readonly logger: Logger;
    readonly admission: Pick<Admission, "check" | "toRecord">;
    readonly settings: Pick<Settings, "maxBudgets" | "maxBodyBytes">;
    readonly expressions: Expressions;
  },
): OutboxOperations {
  const encoder = new TextEncoder();
  let lookedAt: number | undefined;
  let nextAt: number | undefined;
  /** Entries of the next piece; fewer after one has failed. */
  let limit = mostEntries;

  /** Checks entries as calls are checked, each by itself. When their expressions have taken as long as one call may, it ends. */
  const createAdmit = (now: number) => {
    const allowed = expressions.newBudget().steps;
    let taken = 0;
    return (entry: OutboxEntry): NewRecord | Rejection | undefined => {
      if (taken > allowed) return undefined;
      const { id, storedAt } = entry;
      const problem = id === null ? undefined : checkJobId(id) ?? checkChosen(id);
      if (problem !== undefined) return unprocessable(problem);
      const job = readJob(entry);
      if ("kind" in job) return job;
      const budget = expressions.newBudget();
      const rejection = admission.check([job], budget);
      taken += allowed - budget.steps;
      if (rejection !== undefined) return rejection;
      // A delay is counted from when the entry was written, however long nobody looked.
      const timed = job.delayMs === null || storedAt === null
        ? job
        : { ...job, delayMs: null, readyAt: addSaturating(storedAt, job.delayMs) };
      const record = admission.toRecord(timed, now);
      return id === null ? record : { ...record, job: { ...record.job, id }, named: true };
    };
  };

  const readJob = ({ job: text }: OutboxEntry): NewJob | Rejection => {
    try {
      const job = readEnqueue(encoder.encode(text) as Uint8Array<ArrayBuffer>, "json");
      return job.childOf == null
        ? job
        : unprocessable("child_of cannot be given: the run that it names may have ended");
    } catch (error) {
      return { kind: "invalid", message: error instanceof Error ? error.message : String(error) };
    }
  };

  const tellRefused = (refused: readonly RefusedEntry[]) => {
    for (const { entry, id, reason } of refused.slice(0, mostLogged)) {
      logger.warn("Refused a job of the outbox", { entry, id, reason });
    }
    if (refused.length > mostLogged) {
      logger.warn("Refused more jobs of the outbox", { count: refused.length - mostLogged });
    }
  };

  const move = (now: number, size: number, only?: number) =>
    store.write(() =>
      moveOutbox({
        only,
        limit: size,
        maxBytes: mostBytes,
        maxEntryBytes: settings.maxBodyBytes, // As of a call.
        admit: createAdmit(now),
        enqueue: { now, maxBudgets: settings.maxBudgets, expressions },
      }), size);

  /** Tries the first entry by itself; what cannot be stored whoever tries is refused. */
  const moveFirst = async (now: number) => {
    const { first } = await store.read(readFront());
    if (first === null) return undefined;
    try {
      return { ...await move(now, 1, first), hasMore: true };
    } catch (error) {
      if (!isAboutData(error)) throw error;
      const reason = `cannot be stored: ${reasonOf(error)}`;
      const refused = await store.write(() => refuseEntry(first, { reason, now }));
      return { found: 1, refused: refused === undefined ? [] : [refused], left: 0, hasMore: true };
    }
  };

  /** Whether there are entries; those whose numbers cannot be read get others. */
  const isAnyThere = async () => {
    const { first, hasWild } = await store.read(readFront());
    if (!hasWild) return first !== null;
    const count = await store.write(() => numberEntries(mostEntries));
    logger.warn("Gave jobs of the outbox other numbers, as theirs were no safe integers", {
      count,
    });
    return true;
  };

  return {
    source: {
      name: "store the jobs of the outbox",
      nextDueAt() {
        if (!store.isShared) return undefined;
        return nextAt ?? (lookedAt === undefined ? 0 : lookedAt + lookAgainMs);
      },
      async run(now) {
        if (!store.isShared) return;
        lookedAt = now;
        const isGoingOn = nextAt === 0;
        nextAt = undefined;
        // Reading costs less than a transaction for nothing: all brokers are told of entries, and one of them finds them.
        if (!isGoingOn && !await isAnyThere()) return;
        let moved;
        try {
          moved = limit === 1 ? await moveFirst(now) : await move(now, limit);
        } catch (error) {
          if (isAboutData(error)) limit = Math.max(1, Math.floor(limit / 8));
          throw error;
        }
        if (moved === undefined) return void (limit = mostEntries);
        limit = Math.min(mostEntries, limit * 2);
        if (moved.hasMore) nextAt = 0;
        else if (moved.left > 0) nextAt = now + leftMs;
        tellRefused(moved.refused);
      },
    },
    state: async () => store.isShared ? await store.read(readOutbox()) : undefined,
    removeAll: async () => {
      if (store.isShared) await store.write(removeOutbox);
    },
  };
}

function checkChosen(id: string): string | undefined {
  return looksMade(id)
    ? `an id of 25 digits and small letters is made by the broker alone: '${id}'`
    : undefined;
}

/** What the engine said, which the error of the store is about. */
function reasonOf(error: unknown): string {
  const cause = error instanceof StoreError && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
