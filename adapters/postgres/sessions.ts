/**
 * Connections of a pool at work: single statements, transactions, and work that nobody else does at the same time.
 *
 * @module
 */

import { isOutage } from "./failures.ts";
import { gatherWrites } from "./gather-writes.ts";
import { type PgClient, type PgPool, type PgQuery, type PgResult, quoteName } from "./pool.ts";

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

/** How often a commit without an answer is asked for, and how long the pauses are, in ms. */
const lookUps = 40;
const lookUpPauseMs = 250;

/** A transaction whose COMMIT was not answered. */
interface Doubt {
  /** The number that the server gave it. */
  readonly id: string;
  /** What happened instead. */
  readonly error: unknown;
}

/** A client that was taken from the pool. */
interface Taken {
  readonly client: PgClient;
  /** It cannot be used again. */
  spoil(): void;
}

/** Creates sessions of a pool. Only the connections of an own one know the schema already. */
export function createSessions(
  { pool, schema, isOwn }: {
    readonly pool: PgPool;
    readonly schema: string;
    readonly isOwn: boolean;
  },
): Sessions {
  /** The pool forgets a connection that breaks while nobody uses it; an event that nobody hears ends the process. */
  const ignore = () => {};
  pool.on("error", ignore);
  const inSchema = isOwn ? "" : `SET LOCAL search_path TO ${quoteName(schema)};`;
  const begin =
    `BEGIN ISOLATION LEVEL READ COMMITTED; ${inSchema} SELECT pg_current_xact_id()::text AS id`;

  const take = async <Result>(work: (taken: Taken) => Promise<Result>): Promise<Result> => {
    const client = await pool.connect();
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
   * the answer or before the commit. The server knows for a long time.
   */
  const wasCommitted = async ({ id, error }: Doubt): Promise<boolean> => {
    for (let times = 0; times < lookUps; times++) {
      if (times > 0) await new Promise((resolve) => setTimeout(resolve, lookUpPauseMs));
      try {
        const text = "SELECT pg_xact_status($1::xid8) AS status";
        const { rows: [row] } = await use((client) => client.query({ text, values: [id] }));
        if (row.status !== "in progress") return row.status === "committed";
      } catch (failure) {
        if (!isOutage(failure)) throw failure;
      }
    }
    throw error;
  };

  return {
    use,
    read: (query) =>
      use(async (client) => {
        if (isOwn) return await client.query(query);
        await client.query({ text: `BEGIN; ${inSchema}` });
        try {
          return await client.query(query);
        } finally {
          await client.query({ text: "COMMIT" });
        }
      }),
    async transaction(body) {
      let doubt: Doubt | undefined;
      const result = await take(async ({ client: taken, spoil }) => {
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
          doubt = { id, error };
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
        await client.query({ text: `SELECT pg_advisory_lock(${key})`, values });
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
