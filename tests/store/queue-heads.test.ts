/** The heads of queues and the heap of positions, each held against a list that is sorted anew each time. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { comparePositions, front, type Position } from "../../src/store/backlog.ts";
import { createPositionHeap } from "../../src/store/position-heap.ts";
import { createQueueHeads, type QueueHead } from "../../src/store/queue-heads.ts";
import { createRandom, type Random } from "../support/random.ts";

/** No two positions that a test makes are the same: so there is one order. */
function createPositions(random: Random): () => Position {
  let count = 0;
  return () => ({ priority: random.int(6), seq: random.int(1000) * 100_000 + count++ });
}

const byPosition = (a: QueueHead, b: QueueHead) => comparePositions(a.position, b.position);

describe("the order of delivery", () => {
  it("is by priority, then by key, and the front comes before all", () => {
    const positions = [[0, 0], [0, 9], [1, 1], [1, 2], [65_535, 0]]
      .map(([priority, seq]) => ({ priority, seq }) as Position);
    for (const [at, position] of positions.entries()) {
      assert.equal(comparePositions(position, { ...position }), 0);
      assert.ok(comparePositions(front, position) < 0);
      for (const later of positions.slice(at + 1)) {
        assert.ok(comparePositions(position, later) < 0);
        assert.ok(comparePositions(later, position) > 0);
      }
    }
  });
});

describe("a heap of positions", () => {
  it("gives the first item each time, whatever was added before", () => {
    const random = createRandom(1);
    const next = createPositions(random);
    for (let round = 0; round < 100; round++) {
      const model = Array.from({ length: random.int(40) }, () => ({ position: next() }));
      const heap = createPositionHeap(model);
      const sort = () => model.sort((a, b) => comparePositions(a.position, b.position));
      for (let step = 0; step < 100; step++) {
        sort();
        assert.equal(heap.first, model[0]);
        if (random.once(2)) assert.equal(heap.shift(), model.shift());
        else {
          const item = { position: next() };
          model.push(item);
          heap.add(item);
        }
      }
      sort();
      while (model.length > 0) assert.equal(heap.shift(), model.shift());
      assert.deepEqual([heap.first, heap.shift(), heap.first], [undefined, undefined, undefined]);
    }
  });

  it("leaves the list that it was made from as it was", () => {
    const items = [3, 1, 2].map((seq) => ({ position: { priority: 1, seq } }));
    const heap = createPositionHeap(items);
    heap.shift();
    heap.add({ position: { priority: 0, seq: 0 } });
    assert.deepEqual(items.map(({ position }) => position.seq), [3, 1, 2]);
  });
});

describe("the heads of queues", () => {
  it("are those of a sorted list, after any mix of changes", () => {
    const random = createRandom(2);
    const next = createPositions(random);
    for (let round = 0; round < 40; round++) {
      const model = new Map<string, Position>();
      const heads = createQueueHeads();
      const names = Array.from({ length: 1 + random.int(60) }, (_, at) => `q${at}`);
      for (let step = 0; step < 300; step++) {
        const [queue, position] = [random.pick(names), next()];
        switch (random.int(12)) {
          case 0:
            if (random.once(20)) {
              model.clear();
              heads.clear();
            }
            break;
          case 1:
          case 2:
          case 3:
            model.delete(queue);
            heads.set(queue, undefined);
            break;
          case 4:
          case 5:
          case 6:
            model.set(queue, position);
            heads.set(queue, position);
            break;
          default: {
            const known = model.get(queue);
            if (known === undefined || comparePositions(position, known) < 0) {
              model.set(queue, position);
            }
            heads.add(queue, position);
          }
        }
        assert.equal(heads.size, model.size);
        assert.deepEqual(heads.of(queue), model.get(queue));
        if (!random.once(5)) continue;
        const expected = [...model].map(([queue, position]) => ({ queue, position }))
          .sort(byPosition);
        const found = [...heads.inOrder()].map(({ queue, position }) => ({ queue, position }));
        assert.deepEqual(found, expected);
      }
    }
  });

  it("come in order for as long as they are asked for, and change nothing thereby", () => {
    const random = createRandom(3);
    const next = createPositions(random);
    const heads = createQueueHeads();
    for (let at = 0; at < 200; at++) heads.add(`q${at}`, next());
    const all = [...heads.inOrder()].map(({ queue }) => queue);
    assert.equal(new Set(all).size, 200);
    for (const count of [0, 1, 7, 200]) {
      const some: string[] = [];
      for (const { queue } of heads.inOrder()) {
        if (some.length === count) break;
        some.push(queue);
      }
      assert.deepEqual(some, all.slice(0, count));
    }
    assert.deepEqual([...heads.inOrder()].map(({ queue }) => queue), all);
  });

  it("are none at first, and none after the last was removed", () => {
    const heads = createQueueHeads();
    for (const queue of ["a", "b"]) heads.set(queue, undefined); // Not known, and stays so.
    assert.deepEqual([heads.size, [...heads.inOrder()], heads.of("a")], [0, [], undefined]);
    heads.add("a", front);
    heads.set("a", undefined);
    assert.deepEqual([heads.size, [...heads.inOrder()], heads.of("a")], [0, [], undefined]);
  });
});
