/** Running transitions: commits and rollbacks, and running again when others were in the way. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError } from "../../src/errors.ts";
import type { Change } from "../../src/store/changes.ts";
import type { AsyncConnection, AsyncDatabase, SyncDatabase } from "../../src/store/database.ts";
import { createExecutor } from "../../src/store/executor.ts";
import type { Executor } from "../../src/store/executor-port.ts";
import {
  insertRows,
  report,
  rows,
  run,
  StaleReadError,
  toInsert,
  type Transition,
} from "../../src/store/transition.ts";
import { describePglite, openPglite } from "./pglite.ts";
import { openMemory } from "./sqlite.ts";

const change = (nextAt: number): Change => ({ kind: "crons", nextAt });

/** Stores a number and reports it. */
function* put(n: number): Transition<number> {
  yield* run("INSERT INTO t (a) VALUES (?)", [n]);
  yield report(change(n));
  return n;
}

function* list(): Transition<number[]> {
  return (yield* rows<{ a: number }>("SELECT a FROM t ORDER BY a")).map(({ a }) => a);
}

function* stale(): Transition<never> {
  yield* put(9);
  throw new StaleReadError("It was changed meanwhile");
}

/** Fails the first times with a certain error, then does its work. */
function failing(times: number, toError: () => Error) {
  let runs = 0;
  function* transition(): Transition<number> {
    runs++;
    yield* put(runs);
    if (runs <= times) throw toError();
    return runs;
  }
  return { transition, runs: () => runs };
}

async function open(database: SyncDatabase | AsyncDatabase): Promise<Executor> {
  const executor = createExecutor(database);
  await executor.open();
  await executor.commit([function* () {
    yield { kind: "script", sql: "CREATE TABLE t (a BIGINT NOT NULL PRIMARY KEY)" };
  }]);
  return executor;
}

function describeExecutor(openDatabase: () => SyncDatabase | AsyncDatabase): void {
  const using = (test: (executor: Executor) => Promise<void>) => async () => {
    const executor = await open(openDatabase());
    await test(executor);
    await executor.close();
  };

  it(
    "commit() gives the results in their order, with all that was reported",
    using(async (executor) => {
      const committed = await executor.commit([() => put(2), () => put(1), list]);
      assert.deepEqual(committed.results, [2, 1, [1, 2]]);
      assert.deepEqual(committed.changes, [change(2), change(1)]);
      assert.deepEqual(await executor.read(list()), [1, 2]);
    }),
  );

  it(
    "commit() drops what was written and reported when one throws, and rethrows",
    using(async (executor) => {
      const error = new Error("no");
      await assert.rejects(async () => {
        await executor.commit([() => put(1), function* (): Transition<void> {
          yield* put(2);
          throw error;
        }]);
      }, error);
      assert.deepEqual(await executor.read(list()), []);
      const committed = await executor.commit([() => put(3)]);
      assert.deepEqual(committed.changes, [change(3)]);
    }),
  );

  it(
    "a statement that fails is a StoreError, and rolls everything back",
    using(async (executor) => {
      await executor.commit([() => put(1)]);
      await assert.rejects(async () => {
        await executor.commit([() => put(2), function* (): Transition<void> {
          yield* run("INSERT INTO t (a) VALUES (NULL)");
        }]);
      }, StoreError);
      assert.deepEqual(await executor.read(list()), [1]);
    }),
  );

  it(
    "beforeCommit sees all changes at once and writes in the same transaction",
    using(async (executor) => {
      const seen: (readonly Change[])[] = [];
      function* before(changes: readonly Change[]): Transition<void> {
        seen.push([...changes]);
        yield* put(100 + changes.length);
      }
      const { changes } = await executor.commit([() => put(1), () => put(2)], before);
      assert.deepEqual(seen, [[change(1), change(2)]]);
      assert.deepEqual(changes, [change(1), change(2), change(102)]);
      assert.deepEqual(await executor.read(list()), [1, 2, 102]);
    }),
  );

  it(
    "beforeCommit does not run when nothing was reported",
    using(async (executor) => {
      await executor.commit([list], function* () {
        yield* put(7);
      });
      assert.deepEqual(await executor.read(list()), []);
    }),
  );

  it(
    "what beforeCommit wrote is rolled back with the rest when it throws",
    using(async (executor) => {
      await assert.rejects(async () => {
        await executor.commit([() => put(1)], function* () {
          yield* put(7);
          throw new Error("no");
        });
      }, /no/);
      assert.deepEqual(await executor.read(list()), []);
    }),
  );

  it(
    "transitions run again, all of them, after a stale read; nothing of the first run is left",
    using(async (executor) => {
      const second = failing(1, () => new StaleReadError("It was changed meanwhile"));
      let firstRuns = 0;
      const seen: (readonly Change[])[] = [];
      const { results, changes } = await executor.commit([
        () => put(100 + ++firstRuns),
        second.transition,
      ], function* (changes) {
        seen.push([...changes]);
        yield* run("INSERT INTO t (a) VALUES (?)", [1000 + changes.length]);
      });
      assert.deepEqual(results, [102, 2]);
      assert.deepEqual(changes, [change(102), change(2)]);
      assert.deepEqual(seen, [[change(102), change(2)]]);
      assert.deepEqual(await executor.read(list()), [2, 102, 1002]);
    }),
  );

  it(
    "commit() fails with a StoreError when reads were stale ten times in a row",
    using(async (executor) => {
      const nine = failing(9, () => new StaleReadError("It was changed meanwhile"));
      assert.deepEqual((await executor.commit([nine.transition])).results, [10]);
      let runs = 0;
      await assert.rejects(async () => {
        await executor.commit([() => (runs++, stale())]);
      }, (error) => {
        assert.ok(error instanceof StoreError);
        assert.match(error.message, /others were in the way 10 times in a row/);
        assert.ok(error.cause instanceof StaleReadError);
        return true;
      });
      assert.equal(runs, 10);
      assert.deepEqual(await executor.read(list()), [10]);
    }),
  );

  it(
    "insertRows() stores more rows than one statement has parameters for, or none",
    using(async (executor) => {
      const numbers = Array.from({ length: 70_000 }, (_, at) => at);
      await executor.commit([
        () => insertRows(toInsert("t", ["a"]), numbers),
        () => insertRows(toInsert("t", ["a"]), []),
      ]);
      const [row] = await executor.read(rows("SELECT count(*) AS n, max(a) AS a FROM t"));
      assert.deepEqual({ ...row }, { n: 70_000, a: 69_999 });
    }),
  );
}

describe("executor on SQLite", () => {
  describeExecutor(openMemory);

  it("gives no promises", async () => {
    const executor = await open(openMemory());
    assert.deepEqual((executor.commit([() => put(1)]) as { results: unknown }).results, [1]);
    assert.deepEqual(executor.read(list()), [1]);
    assert.equal(executor.isShared, false);
    executor.close();
  });
});

describePglite("executor on PGlite", () => {
  describeExecutor(() => openPglite());

  it("read() refuses to write", async () => {
    const executor = await open(openPglite());
    await assert.rejects(
      async () => void await executor.read(put(1)),
      /this transition only reads/,
    );
    assert.deepEqual(await executor.read(list()), []);
    assert.equal(executor.isShared, true);
  });

  it("runs again after a unique violation of the engine", async () => {
    const executor = await open(openPglite());
    await executor.commit([() => put(1)]);
    let runs = 0;
    const { results } = await executor.commit([() => put(++runs)]);
    assert.deepEqual([results, await executor.read(list())], [[2], [1, 2]]);
  });
});

describe("executor on a database that others write to", () => {
  /** A database of nothing, whose commits fail with these codes, one after the other. */
  const openFailing = (codes: readonly (string | undefined)[], wrap = (error: Error) => error) => {
    let commits = 0;
    const connection: AsyncConnection = {
      all: () => Promise.resolve([]),
      run: () => Promise.resolve(1),
      script: () => Promise.resolve(),
    };
    const database: AsyncDatabase = {
      dialect: "postgres",
      open: () => Promise.resolve(),
      all: () => Promise.resolve([]),
      async transaction(body) {
        const result = await body(connection);
        const code = codes[commits++];
        if (code !== undefined) throw wrap(Object.assign(new Error(`SQLSTATE ${code}`), { code }));
        return result;
      },
      close: () => Promise.resolve(),
    };
    return { executor: createExecutor(database), commits: () => commits };
  };
  const store = (error: Error) => new StoreError("Database 'x' failed", { cause: error });

  for (const code of ["40001", "40P01", "23505"]) {
    for (const [name, wrap] of [["itself", undefined], ["in a StoreError", store]] as const) {
      it(`runs again when the commit fails with SQLSTATE ${code}, ${name}`, async () => {
        const { executor, commits } = openFailing([code], wrap);
        const { changes } = await executor.commit([() => put(1)]);
        assert.deepEqual([commits(), changes], [2, [change(1)]]);
      });
    }
  }

  for (const code of ["23502", "53300", "57014", "XX000"]) {
    it(`does not run again when the commit fails with SQLSTATE ${code}`, async () => {
      const { executor, commits } = openFailing([code], store);
      await assert.rejects(async () => void await executor.commit([() => put(1)]), {
        message: "Database 'x' failed",
      });
      assert.equal(commits(), 1);
    });
  }

  it("fails with a StoreError after ten runs", async () => {
    const { executor, commits } = openFailing(Array.from({ length: 20 }, () => "40001"));
    await assert.rejects(async () => void await executor.commit([() => put(1)]), (error) => {
      assert.ok(error instanceof StoreError);
      assert.equal((error.cause as { code?: string }).code, "40001");
      return true;
    });
    assert.equal(commits(), 10);
  });
});
