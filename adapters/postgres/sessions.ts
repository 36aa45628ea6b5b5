/**
 * Connections of a pool at work: single statements, transactions, and work that nobody else does at the same time.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import { isOutage } from "./failures.ts";
import { gatherWrites } from "./gather-writes.ts";
import { inTime, pause } from "./in-time.ts";
import { nameIncarnation, readIncarnation } from "./incarnation.ts";
import type { PgClient, PgPool, PgQuery, PgResult } from "./pool.ts";
import { toLocalLimits } from "./session-limits.ts";

/** What is done on connections. What it rejects with is what the driver says. */
export interface Sessions {
  /** Runs one statement that changes nothing. */
  read(query: PgQuery): Promise<PgResult>;
  /** Runs `body` in a transaction at READ COMMITTED. */
  transaction<Result>(body: (client: PgClient) => Promise<Result>): Promise<Result>;
  /** Does work on a connection. */
  use<Result>(work: (client: PgClient) => Promise<Result>): Promise<Result>;
  /** Runs `body` while no other broker of the schema is in such a call. */
  alone<Result>(body: () => Promise<Result>): Promise<Result>;
  /** Ends the connections of a pool that was made for this. */
  end(): Promise<void>;
}

/** For how long a commit without an answer is asked for, and how long the pauses are, in ms. */
const lookUpMs = 10_000;
const lookUpPauseMs = 250;

/** For how long another broker may be at work alone, and how often that is looked at, in ms. */
const aloneMs = 60_000;
const alonePauseMs = 100;

/** A transaction whose COMMIT was not answered. */
interface Doubt {
  /** The number that the server gave it. */
  readonly id: string;
  /** What the server was called then. */
  readonly incarnation: string | undefined;
  /** What happened instead. */
  readonly error: unknown;
}

/** A client that was taken from the pool. */
interface Taken {
  readonly client: PgClient;
  /** It cannot be used again. */
  spoil(): void;
}

/** What is known of a connection. */
interface Acquaintance {
  /** What a transaction begins with, and one that only reads. */
  readonly begin: string;
  readonly beginReading: string;
  /** What its server is called. */
  readonly incarnation: string | undefined;
}

/** Creates sessions of a pool. Only the connections of an own one know the schema already. */
export function createSessions(
  { pool, schema, isOwn, connectTimeoutMs }: {
    readonly pool: PgPool;
    readonly schema: string;
    readonly isOwn: boolean;
    readonly connectTimeoutMs: number;
  },
): Sessions {
  /** The pool forgets a connection that breaks while nobody uses it; an event that nobody hears ends the process. */
  const ignore = () => {};
  pool.on("error", ignore);
  const acquaintances = new WeakMap<PgClient, Acquaintance>();

  /** Learns of a connection what does not change; once for each. */
  const meet = async (client: PgClient): Promise<Acquaintance> => {
    const limits = isOwn ? "" : await toLocalLimits(client, schema);
    const made = {
      begin:
        `BEGIN ISOLATION LEVEL READ COMMITTED; ${limits} SELECT pg_current_xact_id()::text AS id`,
      beginReading: `BEGIN; ${limits}`,
      incarnation: await nameIncarnation(client, schema),
    };
    acquaintances.set(client, made);
    return made;
  };

  /** Takes a connection, or makes one. Whatever is in the way of that, the server cannot be used. */
  const connect = async (): Promise<PgClient> => {
    try {
      // The driver knows how long its own pool may be waited for. One that was given may be used up by others.
      if (isOwn) return await pool.connect();
      return await inTime(pool.connect(), {
        ms: connectTimeoutMs,
        message: `no connection of 'pool' became free within ${connectTimeoutMs} ms`,
        late: (client) => client.release(),
      });
    } catch (cause) {
      if (!(cause instanceof Error) || isOutage(cause)) throw cause;
      throw new Error(cause.message, { cause });
    }
  };

  const take = async <Result>(work: (taken: Taken) => Promise<Result>): Promise<Result> => {
    const client = await connect();
    let spoilt = false;
    const spoil = () => void (spoilt = true);
    client.on("error", spoil);
    try {
      return await work({ client, spoil });
    } catch (error) {
      if (isOutage(error)) spoil();
      throw error;
    } finally {
      client.off("error", spoil);
      client.release(spoilt);
    }
  };
  const use: Sessions["use"] = (work) => take(({ client }) => work(client));

  /**
   * Whether a transaction was committed whose COMMIT nobody answered: the connection broke, or the server stopped, before
   * the answer or before the commit. The server knows for a long time, unless it crashed or gave way to another one.
   */
  const wasCommitted = async ({ id, incarnation, error }: Doubt): Promise<boolean> => {
    const lastLookAt = performance.now() + lookUpMs;
    for (;;) {
      try {
        const status = await use(async (client) => {
          const now = await readIncarnation(client, schema);
          if (now === undefined || now !== incarnation) return undefined; // The number may be somebody else's.
          const text = "SELECT pg_xact_status($1::xid8) AS status";
          return (await client.query({ text, values: [id] })).rows[0].status;
        });
        if (status !== "in progress") return status === "committed";
      } catch {
        // The server is not back, or has no time yet.
      }
      if (performance.now() > lastLookAt) throw error;
      await pause(lookUpPauseMs);
    }
  };

  return {
    use,
    read: (query) =>
      use(async (client) => {
        if (isOwn) return await client.query(query);
        const { beginReading } = acquaintances.get(client) ?? await meet(client);
        await client.query({ text: beginReading });
        try {
          return await client.query(query);
        } finally {
          await client.query({ text: "COMMIT" });
        }
      }),
    async transaction(body) {
      let doubt: Doubt | undefined;
      const result = await take(async ({ client: taken, spoil }) => {
        const { begin, incarnation } = acquaintances.get(taken) ?? await meet(taken);
        const client = gatherWrites(taken);
        const begun = client.query({ text: begin }).then(toTransactionId);
        begun.catch(() => {}); // Told by what waits for it below.
        if (client.pipeline !== true) await begun;
        let result: Awaited<ReturnType<typeof body>>;
        let id: string;
        try {
          result = await body(client);
          id = await begun;
        } catch (error) {
          // Statements that follow one that failed only tell that it did.
          const first = await begun.then(() => error, (failure) => failure);
          await client.query({ text: "ROLLBACK" }).catch(spoil);
          throw first;
        }
        try {
          demandCommitted(await client.query({ text: "COMMIT" }));
        } catch (error) {
          if (!isOutage(error)) throw error;
          spoil();
          doubt = { id, incarnation, error };
        }
        return result;
      });
      if (doubt !== undefined && !await wasCommitted(doubt)) throw doubt.error;
      return result;
    },
    alone: (body) =>
      use(async (client) => {
        const values = [`millrace alone ${schema}`];
        const key = "hashtextextended($1, 0)";
        const lastTryAt = performance.now() + aloneMs;
        // A lock that is waited for would be given up by limits on how long a statement may take.
        for (;;) {
          const text = `SELECT pg_try_advisory_lock(${key}) AS mine`;
          const { rows: [{ mine }] } = await client.query({ text, values });
          if (mine === true) break;
          if (performance.now() > lastTryAt) {
            throw new StoreError(
              `Cannot open PostgreSQL: another broker has been bringing schema '${schema}' up to date for ${aloneMs} ms`,
            );
          }
          await pause(alonePauseMs);
        }
        try {
          return await body();
        } finally {
          await client.query({ text: `SELECT pg_advisory_unlock(${key})`, values });
        }
      }),
    async end() {
      pool.off("error", ignore);
      if (isOwn) await pool.end();
    },
  };
}

/** The number that the last of several statements gave. */
function toTransactionId(answer: PgResult | readonly PgResult[]): string {
  const last = Array.isArray(answer) ? answer.at(-1) as PgResult : answer as PgResult;
  return last.rows[0].id;
}

/** A COMMIT after a statement that failed is answered as well, and is none. */
function demandCommitted({ command }: PgResult): void {
  if (command === "COMMIT") return;
  throw Object.assign(new Error("current transaction is aborted, nothing was committed"), {
    severity: "ERROR",
    code: "25P02",
  });
}
