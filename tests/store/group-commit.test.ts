/** Group commit: which writes share a transaction, and what becomes of them when one fails. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError } from "../../src/errors.ts";
import type { AsyncDatabase, Database, SyncDatabase } from "../../src/store/database.ts";
import { createStore, type StoreOptions } from "../../src/store/store.ts";
import { rows, run, StaleReadError, type Transition } from "../../src/store/transition.ts";
import { UnusableStoreError } from "../../src/store/unusable.ts";
import { createTestClock } from "../../src/testing/test-clock.ts";
import { createFailingDatabase } from "../support/failing-database.ts";
import { list, numbers, outcomes, put } from "./numbers.ts";
import { describePglite, openPglite } from "./pglite.ts";
import { openMemory } from "./sqlite.ts";

function* refuse(n: number): Transition<never> {
  yield* put(n);
  throw new Error(`${n} is refused`);
}

/** The same database, which counts its transactions; one that `held` gives a promise for waits for it. */
function watch(
  database: Database,
  held: (at: number) => Promise<void> | undefined = () => undefined,
) {
  let commits = 0;
  const watched = database.dialect === "sqlite"
    ? {
      ...database,
      transaction<Result>(body: () => Result): Result {
        commits++;
        return database.transaction(body);
      },
      ...database.begin && {
        begin() {
          commits++;
          return database.begin!();
        },
      },
    } satisfies SyncDatabase
    : {
      ...database,
      async transaction(body) {
        await held(++commits);
        return await database.transaction(body);
      },
    } satisfies AsyncDatabase;
  return { database: watched, commits: () => commits, reset: () => void (commits = 0) };
}

/** A store on a watched database; `told` lists the numbers of each call of `afterCommit`. */
async function open(
  database: Database,
  options: Partial<StoreOptions> & { readonly held?: (at: number) => Promise<void> | undefined } =
    {},
) {
  const watched = watch(database, options.held);
  const told: number[][] = [];
  const store = createStore({
    clock: createTestClock(),
    afterCommit: (changes) => void told.push(numbers(changes)),
    ...options,
    database: watched.database,
  });
  await store.open();
  watched.reset();
  return { ...watched, store, told };
}

function describeGroups(openDatabase: () => Database): void {
  it("writes that come together share a commit, and each gets its own result", async () => {
    const { store, commits, told } = await open(openDatabase());
    assert.deepEqual(await outcomes([1, 2, 3].map((n) => store.write(() => put(n)))), [1, 2, 3]);
    assert.deepEqual([commits(), told], [1, [[1, 2, 3]]]);
    assert.deepEqual(await store.read(list()), [1, 2, 3]);
    await store.close();
  });

  it("afterCommit is called once for a commit, before any caller hears", async () => {
    const order: string[] = [];
    const { store } = await open(openDatabase(), {
      afterCommit: (changes) => void order.push(`told ${numbers(changes)}`),
    });
    await Promise.all(
      [1, 2].map((n) => store.write(() => put(n)).then(() => order.push(`heard ${n}`))),
    );
    assert.deepEqual(order, ["told 1,2", "heard 1", "heard 2"]);
    await store.close();
  });

  it("afterCommit is not called when nothing was reported", async () => {
    const { store, told } = await open(openDatabase());
    await store.write(list);
    assert.deepEqual(told, []);
    await store.close();
  });

  it("a write that fails does not fail its neighbours, and its reports are dropped", async () => {
    const { store, told } = await open(openDatabase());
    const writes = [() => put(1), () => refuse(2), () => put(3)].map((write) => store.write(write));
    assert.deepEqual(await outcomes(writes), [1, "2 is refused", 3]);
    assert.deepEqual(await store.read(list()), [1, 3]);
    assert.deepEqual(told, [[1], [3]]);
    await store.close();
  });

  it("an unusable database fails a group as one: no write is tried again by itself", async () => {
    const database = openDatabase();
    const error = new UnusableStoreError("it is gone");
    let isGone = false;
    const { begin: _, ...rest } = database as SyncDatabase;
    const { store, commits, reset } = await open({
      ...rest,
      // It committed, and then nobody can say so.
      transaction: (body: () => unknown) => {
        const result = database.transaction(body as never) as unknown;
        const end = () => {
          if (isGone) throw error;
          return result;
        };
        return result instanceof Promise ? result.then(end) : end();
      },
    } as Database);
    isGone = true;
    reset();
    const writes = [1, 2, 3].map((n) => store.write(() => put(n)));
    assert.deepEqual(await outcomes(writes), Array(3).fill("it is gone"));
    isGone = false;
    assert.deepEqual([commits(), await store.read(list())], [1, [1, 2, 3]]);
    await store.close();
  });

  it("beforeCommit sees the changes of a whole group in one call, and its writes go with them", async () => {
    const seen: number[][] = [];
    const { store } = await open(openDatabase(), {
      *beforeCommit(changes) {
        seen.push(numbers(changes));
        yield* run("INSERT INTO brokers (started_at, seen_at) VALUES (?, 0)", [
          100 + changes.length,
        ]);
      },
    });
    await Promise.all([1, 2].map((n) => store.write(() => put(n))));
    assert.deepEqual([seen, await store.read(list())], [[[1, 2]], [1, 2, 102]]);
    assert.deepEqual(await outcomes([store.write(() => refuse(3))]), ["3 is refused"]);
    assert.deepEqual(await store.read(list()), [1, 2, 102]);
    await store.close();
  });

  it("a write whose beforeCommit fails is rolled back", async () => {
    const { store, told } = await open(openDatabase(), {
      // deno-lint-ignore require-yield
      *beforeCommit(changes) {
        if (numbers(changes).includes(2)) throw new Error("no 2");
      },
    });
    const writes = [1, 2, 3].map((n) => store.write(() => put(n)));
    assert.deepEqual(await outcomes(writes), [1, "no 2", 3]);
    assert.deepEqual([await store.read(list()), told], [[1, 3], [[1], [3]]]);
    await store.close();
  });

  it("a write whose read was stale once is run again, and is told of once", async () => {
    const { store, told } = await open(openDatabase());
    let runs = 0;
    const write = store.write(function* () {
      yield* put(10 + ++runs);
      if (runs === 1) throw new StaleReadError("It was changed meanwhile");
      return runs;
    });
    assert.deepEqual([await write, await store.read(list()), told], [2, [12], [[12]]]);
    await store.close();
  });

  it("more rows than a group writes are split, in the order of their writes", async () => {
    const { store, commits, told } = await open(openDatabase());
    const all = Array.from({ length: 5 }, (_, at) => at);
    await Promise.all(all.map((n) => store.write(() => put(n), 900)));
    assert.deepEqual([commits(), told.map(({ length }) => length)], [3, [2, 2, 1]]);
    assert.deepEqual(told.flat(), all);
    await store.close();
  });

  it("close() commits what was asked for, then refuses writes; closing twice is fine", async () => {
    const { store, told } = await open(openDatabase());
    const write = store.write(() => put(1));
    await store.close();
    assert.deepEqual([await write, told], [1, [[1]]]);
    await assert.rejects(store.write(() => put(2)), {
      name: "StoreError",
      message: "Cannot write: the store is closed",
    });
    await store.close();
  });

  it("check() commits, and leaves nothing behind; calls that come together share a commit", async () => {
    const { store, commits } = await open(openDatabase());
    await Promise.all([store.check(), store.check(), store.check()]);
    assert.equal(commits(), 1);
    assert.deepEqual(await store.read(rows("SELECT * FROM errors")), []);
    await store.close();
  });
}

describe("group commit on SQLite", () => {
  describeGroups(openMemory);

  it("check() rejects as long as commits fail, and then demands room for more than a tiny one", async () => {
    const { database, fail, heal } = createFailingDatabase(openMemory());
    const sizes: number[] = [];
    const spied: SyncDatabase = {
      ...database,
      run(sql, params) {
        for (const param of params) if (param instanceof Uint8Array) sizes.push(param.length);
        return database.run(sql, params);
      },
    };
    const { store } = await open(spied);
    await store.check();
    fail();
    await assert.rejects(store.check(), StoreError);
    await assert.rejects(store.check(), StoreError);
    heal();
    await store.check();
    await store.check();
    assert.deepEqual(sizes, [0, 0, 1024 * 1024, 1024 * 1024, 0]);
    await store.close();
  });
});

describePglite("group commit on PGlite", () => {
  describeGroups(() => openPglite());

  /** A promise, and the way to resolve it. */
  const createGate = () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => release = resolve);
    return { gate, release };
  };
  /** A store whose first commit after opening waits at a gate. */
  const openHeld = async () => {
    const { gate, release } = createGate();
    let hold = false;
    const clock = createTestClock();
    const opened = await open(openPglite(), {
      clock,
      held: (at) => hold && at === 1 ? gate : undefined,
    });
    hold = true;
    return { ...opened, clock, release };
  };

  it("writes that come while a commit is under way share the next one", async () => {
    const { store, commits, told, clock, release } = await openHeld();
    const writes = [store.write(() => put(1))];
    await clock.settle();
    assert.equal(commits(), 1);
    for (const n of [2, 3, 4]) {
      writes.push(store.write(() => put(n)));
      await clock.settle();
    }
    assert.equal(commits(), 1);
    release();
    assert.deepEqual(await outcomes(writes), [1, 2, 3, 4]);
    assert.deepEqual([commits(), told], [2, [[1], [2, 3, 4]]]);
    await store.close();
  });

  it("close() waits for the commit that is under way, and for what waits behind it", async () => {
    const { store, told, clock, release } = await openHeld();
    const writes = [store.write(() => put(1))];
    await clock.settle();
    writes.push(store.write(() => put(2)));
    let isClosed = false;
    const closing = store.close().then(() => isClosed = true);
    await clock.settle();
    assert.equal(isClosed, false);
    await assert.rejects(store.write(() => put(3)), StoreError);
    release();
    await closing;
    assert.deepEqual([await outcomes(writes), told], [[1, 2], [[1], [2]]]);
  });
});
