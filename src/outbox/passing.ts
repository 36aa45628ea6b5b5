/**
 * Hands on one piece of an outbox.
 *
 * | The server answers                        | The entry                                                     |
 * | ----------------------------------------- | ------------------------------------------------------------- |
 * | that the job is stored, or was before     | is deleted                                                    |
 * | that it is refused, by what it is         | goes to those that were refused                               |
 * | nothing: the entry is too long to be sent | the same, and its text is not read                            |
 * | that it has no such endpoint              | is enqueued as over any server, and all later ones are        |
 * | nothing, or that it cannot now, or that the token is not allowed to | stays, and so do all that were not sent yet |
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { callOwn } from "../client/endpoint.ts";
import { type ClientOptions, toClientSettings } from "../client/options.ts";
import { createTransport } from "../client/transport.ts";
import { NotFoundError, RefusedError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { checkJobId, looksMade } from "../protocol/job-id.ts";
import { toRelayedBodies } from "../protocol/outbox.ts";
import { enqueueRoutes, movementRoutes } from "../protocol/routes.ts";
import type { EntryNumber, OutboxTables } from "./outbox-tables.ts";
import type { Row, Runner } from "./to-runner.ts";

/** What became of a piece. */
export interface Passed {
  /** How many entries there were. */
  readonly found: number;
  /** How many are jobs now. */
  readonly sent: number;
  /** How many were refused. */
  readonly refused: number;
}

/** Hands on a piece. It is rejected if some of it could not be handed on now. */
export type Passing = (signal?: AbortSignal) => Promise<Passed>;

/** An entry that was taken. */
interface Entry {
  readonly entry: EntryNumber;
  /** The id and the text are undefined if they are too long. */
  readonly id: string | undefined;
  readonly job: string | undefined;
  /** In bytes. */
  readonly size: string;
  /** In ms since the epoch; undefined if nobody said so. */
  readonly storedAt: number | undefined;
}

/** The texts of a piece have so many bytes at most, unless it is one: each is held several times while it is sent. */
const mostBytes = 8 * 1024 * 1024;

/** What says that a job can never be stored, by its own fault. */
const refusals: ReadonlySet<number> = new Set([400, 409, 413, 415, 422]);

/** Creates it. */
export function createPassing(
  { tables, run, to, terms, clock, logger }: {
    readonly tables: OutboxTables;
    readonly run: Runner;
    readonly to: ClientOptions;
    readonly terms: {
      readonly batchSize: number;
      readonly maxEntryBytes: number;
      readonly concurrency: number;
      readonly holdMs: number;
    };
    readonly clock: Clock;
    readonly logger: Logger;
  },
): Passing {
  const transport = createTransport(toClientSettings(to));
  const put = callOwn(transport);
  let isForeign = false;

  /** Sends an entry; gives why it is refused, if it is. */
  const send = async ({ id, job, size, storedAt }: Entry): Promise<string | undefined> => {
    if (id === undefined || job === undefined) {
      return `job is ${size} bytes, at most ${terms.maxEntryBytes} are accepted`;
    }
    if (storedAt !== undefined && !Number.isSafeInteger(storedAt)) {
      return "stored_at is no time in ms since the epoch";
    }
    let bodies: ReturnType<typeof toRelayedBodies>;
    try {
      bodies = toRelayedBodies({ job, storedAt });
    } catch (error) {
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    }
    const key = id;
    try {
      if (!isForeign) {
        const problem = checkJobId(id) ??
          (looksMade(id) ? `the id '${id}' looks like one of the broker's` : undefined);
        if (problem !== undefined) return problem;
        try {
          await put(
            { route: movementRoutes.put, params: { id }, body: bodies.put, key },
            {},
            ignore,
          );
          return undefined;
        } catch (error) {
          if (!isEndpointMissing(error)) throw error;
          isForeign = true;
          logger.warn("The server is none of Millrace: jobs of the outbox get ids of its own", {});
        }
      }
      await transport.call({ route: enqueueRoutes.enqueue, body: bodies.enqueue, key }, {}, ignore);
      return undefined;
    } catch (error) {
      if (error instanceof RefusedError && refusals.has(error.status!)) return error.message;
      throw error;
    }
  };

  return async (signal) => {
    const now = clock.now();
    const { batchSize: limit, maxEntryBytes, holdMs } = terms;
    const claimed = await run(
      tables.claim({ limit, maxBytes: mostBytes, maxEntryBytes, now, until: now + holdMs }),
    );
    const entries = claimed.map(toEntry).sort(compareEntries);
    const sent: EntryNumber[] = [];
    const refused: { readonly entry: Entry; readonly reason: string }[] = [];
    let failure: { readonly error: unknown } | undefined;

    const sendNext = async (entry: Entry) => {
      if (failure !== undefined || signal?.aborted) return;
      try {
        const reason = await send(entry);
        if (reason === undefined) sent.push(entry.entry);
        else refused.push({ entry, reason });
      } catch (error) {
        failure ??= { error };
      }
    };
    await sendInOrder(entries, terms.concurrency, sendNext);

    for (const { entry: { entry, id }, reason } of refused) {
      await run(tables.refuse(entry, { reason, now: clock.now() }));
      logger.warn("A job of the outbox was refused", { entry, id, reason });
    }
    const done = new Set([...sent, ...refused.map(({ entry }) => entry.entry)]);
    if (done.size > 0) await run(tables.remove([...done]));
    const left = entries.map(({ entry }) => entry).filter((entry) => !done.has(entry));
    if (left.length > 0) await run(tables.release(left, clock.now()));
    if (failure !== undefined) throw failure.error;
    return { found: entries.length, sent: sent.length, refused: refused.length };
  };
}

/** So many at a time; but one that waits for other jobs only after all before it. */
async function sendInOrder(
  entries: readonly Entry[],
  concurrency: number,
  send: (entry: Entry) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (const entry of entries) {
    if (mayWait(entry)) await Promise.all(underWay);
    while (underWay.size >= concurrency) await Promise.race(underWay);
    const sending: Promise<void> = send(entry).finally(() => void underWay.delete(sending));
    underWay.add(sending);
  }
  await Promise.all(underWay);
}

/** Whether a job may wait for others. Looked at as a text: it is read when it is sent. */
function mayWait({ job }: Entry): boolean {
  return job?.includes('"depends_on"') === true;
}

function isEndpointMissing(error: unknown): boolean {
  return error instanceof NotFoundError && /^The server has no endpoint/.test(error.message);
}

function toEntry(row: Row): Entry {
  const { entry, id, storedAt, job, size } = row;
  return {
    entry: String(entry),
    id: id === null ? undefined : String(id),
    job: job === null ? undefined : String(job),
    size: String(size),
    storedAt: storedAt === null ? undefined : toInteger(String(storedAt)),
  };
}

/** The number of a text; NaN if it is none, as SQLite has any value in any column. */
function toInteger(text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : NaN;
}

function compareEntries(one: Entry, other: Entry): number {
  const [left, right] = [BigInt(one.entry), BigInt(other.entry)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function ignore(): void {}
