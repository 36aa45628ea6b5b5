/** Commits that take long: others get their turns meanwhile, and nobody sees half of one. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/async/clock.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { createStore } from "../../src/store/store.ts";
import { rows, StaleReadError, type Transition } from "../../src/store/transition.ts";
import { createTestClock } from "../../src/testing/test-clock.ts";
import { list, numbers, outcomes, put } from "./numbers.ts";
import { openMemory } from "./sqlite.ts";

describe("writes that take long, on SQLite", () => {
  /** A store whose clock moves with the statements; `told` lists the numbers of each call of `afterCommit`. */
  async function openSlow(msOfStatement: number) {
    let now = 0;
    let statements = 0;
    let commits = 0;
    const database = openMemory();
    const slow: SyncDatabase = {
      ...database,
      run(sql, params) {
        now += msOfStatement;
        statements++;
        return database.run(sql, params);
      },
      begin() {
        commits++;
        return database.begin!();
      },
    };
    const told: number[][] = [];
    const store = createStore({
      database: slow,
      clock: { ...createTestClock(), monotonic: () => now },
      afterCommit: (changes) => void told.push(numbers(changes)),
    });
    await store.open();
    statements = commits = 0;
    return { store, told, statements: () => statements, commits: () => commits };
  }

  const aTurn = () => new Promise<void>((resolve) => systemClock.defer(resolve));

  /** Stores so many numbers, one by one. */
  function* putMany(from: number, count: number): Transition<number> {
    for (let n = from; n < from + count; n++) yield* put(n);
    return count;
  }

  it("a group ends when it is time, and the others follow in their order", async () => {
    const { store, commits, told } = await openSlow(0.25);
    const writes = Array.from({ length: 8 }, (_, at) => store.write(() => putMany(at * 50, 50)));
    assert.deepEqual(await outcomes(writes), Array(8).fill(50));
    assert.deepEqual([commits(), told.map(({ length }) => length)], [4, [100, 100, 100, 100]]);
    assert.deepEqual(told.flat(), Array.from({ length: 400 }, (_, n) => n));
    await store.close();
  });

  it("one write gives others their turns, whatever it said of its size; who reads sees all of it or nothing", async () => {
    const { store, commits, told, statements } = await openSlow(0.25);
    const write = store.write(() => putMany(0, 1000));
    const turns: number[] = [];
    let isDone = false;
    void write.then(() => isDone = true);
    let read: Promise<readonly number[]> | undefined;
    while (!isDone) {
      await aTurn();
      if (turns.at(-1) !== statements()) turns.push(statements());
      if (statements() > 0) read ??= store.read(list());
      if (!isDone) await store.check(); // Not the end of the commit, but that statements are carried out.
    }
    assert.ok(turns.length > 5, `${turns}`);
    assert.equal((await read)!.length, 1000);
    assert.deepEqual([await write, commits(), told.length], [1000, 1, 1]);
    await store.close();
  });

  it("what reads meanwhile comes before the next write that takes long, and sees nothing of it", async () => {
    const { store } = await openSlow(1);
    const writes = [0, 1, 2].map((at) => store.write(() => putMany(at * 100, 100), 5000));
    await aTurn();
    assert.equal((await store.read(list())).length, 100);
    await Promise.all(writes);
    await store.close();
  });

  it("one that fails late leaves nothing behind, and fails nobody else", async () => {
    const { store, told } = await openSlow(1);
    const late = store.write(function* () {
      yield* putMany(100, 100);
      throw new Error("too late");
    });
    const others = [1, 2].map((n) => store.write(() => put(n)));
    assert.deepEqual(await outcomes([late, ...others]), ["too late", 1, 2]);
    assert.deepEqual([await store.read(list()), told.flat()], [[1, 2], [1, 2]]);
    await store.close();
  });

  it("one whose read was stale late is run again", async () => {
    const { store, told } = await openSlow(1);
    let runs = 0;
    const write = store.write(function* () {
      yield* putMany(100 * ++runs, 100);
      if (runs === 1) throw new StaleReadError("It was changed meanwhile");
      return runs;
    });
    assert.deepEqual([await write, told.length], [2, 1]);
    assert.equal((await store.read(list()))[0], 200);
    await store.close();
  });

  it("check() does not wait behind the writes that wait", async () => {
    const { store, told } = await openSlow(1);
    const writes = Array.from({ length: 20 }, (_, at) => store.write(() => putMany(at * 100, 100)));
    await store.check();
    assert.ok(told.length <= 1);
    await Promise.all(writes);
    await store.close();
  });

  it("close() waits for one that is under way, and for what waits behind it", async () => {
    const { store, told } = await openSlow(1);
    const writes = [0, 1].map((at) => store.write(() => putMany(at * 100, 100)));
    await aTurn();
    await store.close();
    assert.deepEqual([await outcomes(writes), told.flat().length], [[100, 100], 200]);
  });
});

describe("many reads that come together, on SQLite", () => {
  it("are spread over turns, in their order, and a write is not kept waiting by all of them", async () => {
    let now = 0;
    const database = openMemory();
    const slow: SyncDatabase = {
      ...database,
      all(sql, params) {
        if (sql.includes("brokers")) now += 4;
        return database.all(sql, params);
      },
    };
    const clock = { ...createTestClock(), monotonic: () => now };
    const store = createStore({ database: slow, clock });
    await store.open();
    await new Promise<void>((resolve) => systemClock.defer(resolve));
    const startedAt = now;
    const order: (number | string)[] = [];
    const reads = Array.from(
      { length: 20 },
      (_, at) => store.read(list()).then(() => order.push(at)),
    );
    assert.ok(now - startedAt <= 12, `${now - startedAt} ms in one turn`);
    const write = store.write(() => put(1)).then(() => order.push("written"));
    await Promise.all([...reads, write]);
    assert.deepEqual(order.filter((one) => one !== "written"), reads.map((_, at) => at));
    assert.ok(order.indexOf("written") < 20, `${order}`);
    await store.close();
  });

  it("one that fails fails nobody else", async () => {
    const store = createStore({ database: openMemory(), clock: createTestClock() });
    await store.open();
    await assert.rejects(store.read(rows("SELECT nothing")), { name: "StoreError" });
    assert.deepEqual(await store.read(list()), []);
    await store.close();
  });
});
