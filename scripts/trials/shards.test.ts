/** What the reckoning of docs/scale.md stands on. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { simulateFanIn } from "./shards-fan-in.ts";
import {
  assignSlots,
  byJump,
  byModulo,
  byRendezvous,
  choose,
  createChance,
  createSlotRoute,
  type Route,
  slotCount,
} from "./shards-routing.ts";

const range = (length: number) => Array.from({ length }, (_, at) => at);
const keys = range(20_000);
const ten = range(10);
const eleven = range(11);
const withoutFour = ten.filter((shard) => shard !== 4);

/** Where the keys go, with these shards and then with those. */
function compare(route: Route, before: readonly number[], after: readonly number[]) {
  const first = keys.map((key) => route(key, before));
  return keys.map((key) => ({ from: first[key]!, to: route(key, after) }));
}

describe("routing", () => {
  for (
    const [name, create] of [
      ["jump", () => byJump],
      ["rendezvous", () => byRendezvous],
      ["slots", createSlotRoute],
    ] as const
  ) {
    it(`by ${name} moves keys to a new shard only, and only its share`, () => {
      const moved = compare(create(), ten, eleven).filter(({ from, to }) => from !== to);
      assert.deepEqual([...new Set(moved.map(({ to }) => to))], [10]);
      const share = moved.length / keys.length;
      assert.ok(Math.abs(share - 1 / 11) < 0.02, String(share));
    });

    it(`by ${name} is even`, () => {
      const route = create();
      const counts = new Map<number, number>();
      for (const key of keys) {
        const shard = route(key, ten);
        counts.set(shard, (counts.get(shard) ?? 0) + 1);
      }
      assert.equal(counts.size, 10);
      for (const count of counts.values()) assert.ok(Math.abs(count - 2000) < 300, String(count));
    });
  }

  it("by rendezvous and slots moves what a lost shard had, and nothing else; by modulo nearly all", () => {
    for (const route of [byRendezvous, createSlotRoute()]) {
      for (const { from, to } of compare(route, ten, withoutFour)) {
        if (from !== 4) assert.equal(to, from);
      }
    }
    const moved = compare(byModulo, ten, withoutFour).filter(({ from, to }) => from !== to);
    assert.ok(moved.length > 0.8 * keys.length);
  });

  it("has tables of slots in which nobody has many more than others", () => {
    let table: number[] = [];
    for (const shards of [ten, eleven, withoutFour, [1, 2], range(37)]) {
      table = assignSlots(table, shards);
      const counts = shards.map((shard) => table.filter((owner) => owner === shard).length);
      assert.equal(table.length, slotCount);
      assert.ok(table.every((owner) => shards.includes(owner)));
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    }
  });

  it("lets a worker keep its shards when another one comes, but for one at most", () => {
    for (let worker = 0; worker < 200; worker++) {
      const before = choose(worker, ten, 3);
      const kept = choose(worker, eleven, 3).filter((shard) => before.includes(shard));
      assert.ok(kept.length >= 2);
    }
  });
});

describe("simulateFanIn()", () => {
  it("agrees with the theory of one queue and one place", () => {
    const { p50, p99 } = simulateFanIn({
      shares: [1],
      workers: 1,
      places: 1,
      looksAt: 1,
      load: 0.5,
      jobs: 200_000,
      random: createChance(1),
    });
    // Half of the jobs wait; the others for longer than t with the chance 0.5 × e^(-t / 2).
    assert.ok(p50 < 0.05, String(p50));
    assert.ok(Math.abs(p99 - Math.log(50) * 2) < 0.5, String(p99));
  });

  it("counts shards that nobody looks at", () => {
    const given = { workers: 1, places: 5, load: 0.5, jobs: 1000, random: createChance(1) };
    const waits = simulateFanIn({ ...given, shares: [0.25, 0.25, 0.25, 0.25], looksAt: 2 });
    assert.deepEqual([waits.unseen, waits.streams], [2, 2]);
  });
});
