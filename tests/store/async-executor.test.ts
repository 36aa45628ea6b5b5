/** Running transitions on a connection that takes statements before it has answered others. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError } from "../../src/errors.ts";
import type { Change } from "../../src/store/changes.ts";
import type { AsyncConnection, SqlRow } from "../../src/store/database.ts";
import { createExecutor } from "../../src/store/executor.ts";
import { runOnKeys, toKeyedText } from "../../src/store/keyed-text.ts";
import {
  demand,
  insertRows,
  report,
  rows,
  toInsert,
  type Transition,
  write,
} from "../../src/store/transition.ts";

const change: Change = { kind: "crons", nextAt: 1 };

describe("executor on a connection that takes statements before it has answered", () => {
  const insert = toInsert("t", ["a"]);
  const statement = (text: string) => text.replace(/\s+/g, " ").slice(0, 34);

  /** A connection that answers when it is told to; a COMMIT fails after a statement that failed. */
  const openPipelined = () => {
    const sent: string[] = [];
    const answers: ((error?: Error) => void)[] = [];
    let hasFailed = false;
    const ask = (text: string, rows: SqlRow[]) => {
      sent.push(statement(text));
      return new Promise<SqlRow[]>((resolve, reject) =>
        answers.push((error) => {
          hasFailed ||= error !== undefined;
          if (error === undefined) resolve(rows);
          else reject(error);
        })
      );
    };
    const connection: AsyncConnection = {
      isPipelined: true,
      all: (sql) => ask(sql, /nothing/.test(sql) ? [] : [{ a: 1 }]),
      run: async (sql) => (await ask(sql, [{ a: 1 }])).length,
      script: async (sql) => void await ask(sql, []),
    };
    const executor = createExecutor({
      dialect: "postgres",
      open: () => Promise.resolve(),
      all: () => Promise.resolve([]),
      async transaction(body) {
        const result = await body(connection);
        await ask("COMMIT", []);
        if (hasFailed) throw new Error("Nothing was committed");
        return result;
      },
      close: () => Promise.resolve(),
    });
    return { executor, sent, answers };
  };
  /** Lets what can go on go on. */
  const turn = () => new Promise((resolve) => setTimeout(resolve));

  it("waits for no statement whose answer nobody needs", async () => {
    const { executor, sent, answers } = openPipelined();
    const committed = executor.commit([function* () {
      yield* insertRows(insert, [1]);
      yield* write("UPDATE t SET a = ?", [2]);
      return "done";
    }]);
    await turn();
    assert.deepEqual(sent, ["INSERT INTO t (a) VALUES ($1)", "UPDATE t SET a = $1", "COMMIT"]);
    for (const answer of answers) answer();
    assert.deepEqual((await committed).results, ["done"]);
  });

  it("stores with one statement what several transitions store", async () => {
    const { executor, sent, answers } = openPipelined();
    const store = function* (): Transition<void> {
      yield* insertRows(insert, [1]);
      yield report(change);
    };
    const committed = executor.commit([store, store, store]);
    await turn();
    assert.deepEqual(sent, [statement("INSERT INTO t (a) SELECT c0 FROM unnest"), "COMMIT"]);
    for (const answer of answers) answer();
    assert.equal((await committed).changes.length, 3);
  });

  it("asks nothing before what was stored is on its way", async () => {
    const { executor, sent, answers } = openPipelined();
    const committed = executor.commit([function* () {
      yield* insertRows(insert, [1]);
      return yield* rows("SELECT a FROM t");
    }]);
    await turn();
    assert.deepEqual(sent, ["INSERT INTO t (a) VALUES ($1)", "SELECT a FROM t"]);
    for (const answer of answers) answer();
    await turn();
    answers.at(-1)!();
    assert.deepEqual((await committed).results, [[{ a: 1 }]]);
  });

  it("tells of the first statement that failed, and not of the COMMIT", async () => {
    const { executor, answers } = openPipelined();
    const committed = executor.commit([function* () {
      yield* write("UPDATE t SET a = ?", [1]);
      yield* write("UPDATE t SET a = ?", [2]);
    }]);
    await turn();
    answers[0]!(new StoreError("the first"));
    answers[1]!(new StoreError("the second"));
    answers[2]!();
    await assert.rejects(async () => void await committed, { message: "the first" });
  });

  it("commits nothing where a demand gets no row", async () => {
    const { executor, sent, answers } = openPipelined();
    const committed = executor.commit([function* () {
      yield* demand("SELECT nothing", [], () => new StoreError("It is gone"));
      yield* rows("SELECT a FROM t");
    }]);
    await turn();
    assert.deepEqual(sent, ["SELECT nothing", "SELECT a FROM t"]);
    for (const answer of answers) answer();
    await assert.rejects(async () => void await committed, { message: "It is gone" });
    assert.equal(sent.includes("COMMIT"), false);
  });

  it("does not wait to hear that rows with keys are there, and commits nothing if they are not", async () => {
    const text = toKeyedText("DELETE FROM t WHERE", "a");
    const keys = [[1], [1, 2], [1]];
    const { executor, sent, answers } = openPipelined();
    // The connection says of each that it changed one row.
    const committed = executor.commit([function* () {
      const counts: number[] = [];
      for (const some of keys) {
        counts.push(yield* runOnKeys(text, [], some, () => new StoreError("Not all are there")));
      }
      return counts;
    }]);
    await turn();
    assert.equal(sent.length, 3);
    for (const answer of answers) answer();
    await assert.rejects(async () => void await committed, /Not all are there/);
    assert.equal(sent.includes("COMMIT"), false);
  });
});
