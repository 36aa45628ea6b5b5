/**
 * Runs transitions on a database that answers later.
 *
 * A statement whose answer nobody needs is sent and not waited for, where the connection can do that; the COMMIT too goes out
 * before such answers are there. If one of them failed, the server commits nothing, and what is told is the first failure. Rows
 * that transitions of one group store one after the other are stored by one statement.
 *
 * @module
 */

import type { Change } from "./changes.ts";
import { toArrayInsert } from "./array-insert.ts";
import type { AsyncConnection, AsyncDatabase, SqlRow, SqlValue } from "./database.ts";
import { mayRunAgain, toPostgres, toPostgresSchema } from "./dialect.ts";
import type { BeforeCommit, Executor } from "./executor-port.ts";
import { withRange } from "./ready-range.ts";
import { untilFresh } from "./run-again.ts";
import {
  type InsertText,
  StaleReadError,
  type StepAnswer,
  type Transition,
  type TransitionStep,
} from "./transition.ts";

/** Creates what runs transitions on such a database. */
export function createAsyncExecutor(database: AsyncDatabase): Executor {
  const translate = createTranslator();

  const commitOnce = async (
    transitions: readonly (() => Transition<unknown>)[],
    beforeCommit: BeforeCommit | undefined,
  ) => {
    let session: Session | undefined;
    try {
      return await database.transaction(async (connection) => {
        session = createSession(connection, translate);
        const { changes } = session;
        const results: unknown[] = [];
        for (const transition of transitions) results.push(await session.run(transition()));
        if (beforeCommit !== undefined && changes.length > 0) {
          await session.run(beforeCommit(changes));
        }
        await session.end();
        return { results, changes };
      });
    } catch (error) {
      throw session?.failure === undefined ? error : session.failure.error;
    }
  };

  return {
    isShared: true,
    open: () => database.open(),
    // Waiting for each answer gives others their turns.
    commit: (transitions, beforeCommit) =>
      untilFresh(
        () => commitOnce(transitions, beforeCommit),
        (error) => error instanceof StaleReadError || mayRunAgain(error),
      ),
    read(transition) {
      const reader: AsyncConnection = {
        all: (sql, params) => database.all(sql, params),
        run: () => Promise.reject(new Error("Cannot write: this transition only reads")),
        script: () => Promise.reject(new Error("Cannot write: this transition only reads")),
      };
      const values = database.values?.bind(database);
      const whole = values === undefined ? reader : { ...reader, values };
      return createSession(whole, translate).run(transition);
    },
    check() {},
    alone: (body) => database.alone?.(body) ?? body(),
    close: () => database.close(),
  };
}

/** Transitions on one connection. */
interface Session {
  /** What they reported. */
  readonly changes: Change[];
  /** The first failure of a statement that was not waited for. */
  readonly failure: { readonly error: unknown } | undefined;
  /** Drives a transition. */
  run<Result>(transition: Transition<Result>): Promise<Result>;
  /** Sends what was not sent yet, and waits for what decides whether anything may be committed. */
  end(): Promise<void>;
}

const nothing: number[] = [];

function createSession(
  connection: AsyncConnection,
  translate: (sql: string) => string,
): Session {
  const changes: Change[] = [];
  let failure: Session["failure"];
  const demands: Promise<void>[] = [];
  /** Rows that are to be stored, and were not sent yet. */
  let rows: { readonly insert: InsertText; values: SqlValue[]; isOwn: boolean } | undefined;

  /** Does not wait for it, where the connection can do that. */
  const send = (sent: Promise<unknown>): void | Promise<unknown> => {
    if (connection.isPipelined !== true) return sent;
    sent.catch((error) => failure ??= { error });
  };

  const flush = (): void | Promise<unknown> => {
    if (rows === undefined) return;
    const { insert, values } = rows;
    rows = undefined;
    const whole = toArrayInsert(insert, values);
    if (whole !== undefined) return send(connection.run(translate(whole.sql), whole.params));
    return insertInParts(insert, values);
  };

  const insertInParts = async (insert: InsertText, values: readonly SqlValue[]) => {
    const { width } = insert;
    const size = width * Math.max(1, Math.floor(maxParams / width));
    for (let at = 0; at < values.length; at += size) {
      const part = values.slice(at, at + size);
      await send(connection.run(translate(insert.of(part.length / width)), part));
    }
  };

  const store = (insert: InsertText, values: readonly SqlValue[]): void | Promise<unknown> => {
    if (rows?.insert === insert) {
      // The values of a step are the transition's.
      if (!rows.isOwn) rows.values = [...rows.values];
      rows.isOwn = true;
      for (const value of values) rows.values.push(value);
      return;
    }
    const flushed = flush();
    rows = { insert, values: values as SqlValue[], isOwn: false };
    return flushed;
  };

  /** Has the transaction fail if this does. It is not waited for now, where the connection can do that. */
  const addDemand = (met: Promise<void>): Promise<void> | undefined => {
    met.catch(() => {}); // Told where it is waited for.
    demands.push(met);
    return connection.isPipelined === true ? undefined : met;
  };

  const demand = ({ sql, params, otherwise }: Extract<TransitionStep, { kind: "demand" }>) =>
    addDemand(
      connection.all(translate(sql), params).then((found) => {
        if (found.length === 0) throw otherwise();
      }),
    );

  const runOnKeys = async (
    { text, params, keys, otherwise }: Extract<TransitionStep, { kind: "keys" }>,
  ): Promise<number[]> => {
    const sql = translate(text.ofList);
    const changed = connection.run(sql, [...params, `{${keys.join(",")}}`]);
    if (otherwise === undefined) return [await changed];
    await addDemand(changed.then((count) => {
      if (count !== keys.length) throw otherwise();
    }));
    return [keys.length];
  };

  const answer = async (
    step: TransitionStep,
  ): Promise<SqlRow[] | SqlValue[][] | number[]> => {
    const flushed = flush();
    if (flushed !== undefined) await flushed;
    switch (step.kind) {
      case "rows":
        return await connection.all(translate(step.sql), step.params);
      case "values": {
        const sql = translate(step.sql);
        const params = step.ready === undefined ? step.params : withRange(step.params, step.ready);
        if (connection.values !== undefined) return await connection.values(sql, params);
        return (await connection.all(sql, params)).map(Object.values);
      }
      case "each": {
        const sql = translate(step.sql);
        if (connection.runEach !== undefined) return await connection.runEach(sql, step.sets);
        const counts: number[] = [];
        for (const params of step.sets) counts.push(await connection.run(sql, params));
        return counts;
      }
      case "keys":
        return await runOnKeys(step);
      case "write":
        await send(connection.run(translate(step.sql), step.params));
        return nothing;
      case "lock":
        await send(connection.all(translate(step.sql), step.params));
        return nothing;
      case "demand":
        await demand(step);
        return nothing;
      case "script":
        await connection.script(toPostgresSchema(step.sql));
        return nothing;
      default:
        return nothing;
    }
  };

  return {
    changes,
    get failure() {
      return failure;
    },
    async run(transition) {
      let step = transition.next();
      while (!step.done) {
        const { value } = step;
        let given: SqlRow[] | SqlValue[][] | number[] = nothing;
        if (value.kind === "change") changes.push(value.change);
        else if (value.kind === "insert") {
          const stored = store(value.insert, value.values);
          if (stored !== undefined) await stored;
        } else if (value.kind !== "turn") given = await answer(value);
        step = transition.next(given as StepAnswer);
      }
      return step.value;
    },
    async end() {
      const flushed = flush();
      if (flushed !== undefined) await flushed;
      if (demands.length > 0) await Promise.all(demands);
    },
  };
}

/** Parameters in one statement at most; PostgreSQL's own limit is 65,535. */
const maxParams = 32_000;

/** Translated texts are kept, up to this many: of most there is one, of an INSERT one for each number of rows. */
const keptTexts = 2000;

function createTranslator(): (sql: string) => string {
  const texts = new Map<string, string>();
  return (sql) => {
    let text = texts.get(sql);
    if (text === undefined) {
      if (texts.size >= keptTexts) texts.clear();
      texts.set(sql, text = toPostgres(sql));
    }
    return text;
  };
}
