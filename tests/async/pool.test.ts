import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createPool } from "../../src/async/pool.ts";

/** A pool whose items run until they are let go. */
function createGates(size: number) {
  const started: string[] = [];
  const gates = new Map<string, () => void>();
  const pool = createPool<string>(size, (item) => {
    started.push(item);
    return new Promise((resolve) => gates.set(item, resolve));
  });
  const finish = async (item: string) => {
    gates.get(item)!();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { pool, started, finish };
}

describe("createPool", () => {
  it("runs at most size items at a time, the others in the order they came", async () => {
    const { pool, started, finish } = createGates(2);
    for (const item of "abcd") pool.add(item);
    assert.deepEqual(started, ["a", "b"]);
    assert.deepEqual([pool.running, pool.waiting], [2, 2]);
    await finish("b");
    assert.deepEqual(started, ["a", "b", "c"]);
    await finish("a");
    assert.deepEqual(started, ["a", "b", "c", "d"]);
    assert.deepEqual([pool.running, pool.waiting], [2, 0]);
  });

  it("gives back what waits and lets the rest go on", async () => {
    const { pool, started, finish } = createGates(1);
    for (const item of "abc") pool.add(item);
    assert.deepEqual(pool.clear(), ["b", "c"]);
    assert.deepEqual(pool.clear(), []);
    assert.equal(pool.running, 1);
    await finish("a");
    assert.deepEqual([pool.running, pool.waiting], [0, 0]);
    pool.add("d");
    assert.deepEqual(started, ["a", "d"]);
  });

  it("does not count what it let go of, nor its end", async () => {
    const { pool, started, finish } = createGates(1);
    for (const item of "abc") pool.add(item);
    pool.letGo("a");
    pool.letGo("a");
    assert.deepEqual([started, pool.running, pool.waiting], [["a", "b"], 1, 1]);
    await finish("a");
    assert.deepEqual([started, pool.running], [["a", "b"], 1]);
    await finish("b");
    pool.letGo("c");
    await pool.idle();
    assert.equal(pool.running, 0);
    await finish("c");
    assert.equal(pool.running, 0);
  });

  it("is idle when nothing runs and nothing waits", async () => {
    const { pool, finish } = createGates(1);
    await pool.idle();
    pool.add("a");
    pool.add("b");
    let idle = 0;
    void pool.idle().then(() => idle++);
    void pool.idle().then(() => idle++);
    await finish("a");
    assert.equal(idle, 0);
    await finish("b");
    assert.equal(idle, 2);
  });

  it("costs the same per item however many wait", async () => {
    let ran = 0;
    const pool = createPool<number>(3, () => {
      ran++;
      return Promise.resolve();
    });
    for (let i = 0; i < 200_000; i++) pool.add(i);
    await pool.idle();
    assert.equal(ran, 200_000);
  });
});
