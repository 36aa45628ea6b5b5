import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type JobFilter,
  matchesAll,
  matchesNothing,
  toFilterParams,
  toTakeParams,
} from "../../src/protocol/filter.ts";
import { readSelection, readTakeQuery } from "../../src/protocol/query.ts";

const id = "03hacwdizl462selgr7jfdqch";

describe("toFilterParams", () => {
  it("is read by the other side as what was meant", () => {
    const params = toFilterParams({
      status: ["ready", "dead"],
      queue: ["ü & co", "a/b"],
      type: "send mail",
      id,
      priority: 5,
      readyAt: { min: 1 },
      attempts: { max: 3 },
      budget: ["stripe", "ü & co"],
      failureGroup: "a, b",
      tag: ["news", "ü & co"],
      tracked: false,
      filter: '.name == "a&b"',
    });
    assert.deepEqual(readSelection(`?${params.join("&")}`), {
      status: [1, 4],
      queue: ["a/b", "ü & co"],
      type: ["send mail"],
      id: [id],
      priority: { min: 5, max: 5 },
      readyAt: { min: 1 },
      attempts: { max: 3 },
      budget: ["stripe", "ü & co"],
      failureGroup: "a, b",
      tag: ["news", "ü & co"],
      tracked: false,
      filter: '.name == "a&b"',
    });
  });

  it("never lets a value be read as two, or as none", () => {
    for (const queue of ["a,b", "", ["a", ""]]) {
      assert.throws(() => toFilterParams({ queue }), TypeError);
    }
  });

  it("refuses statuses and ids that are none", () => {
    assert.throws(() => toFilterParams({ status: "Ready" as "ready" }), /must be one of scheduled/);
    for (const id of ["", "a b", "a,b", "é", "a/b", ".", "..", "x".repeat(129)]) {
      assert.throws(() => toFilterParams({ id }), /invalid job ID: /, id);
    }
    for (const id of ["a", "...", "A_z.9:-", "x".repeat(128)]) {
      assert.deepEqual(toFilterParams({ id }), [`id=${encodeURIComponent(id)}`]);
    }
  });

  it("refuses ranges that are none", () => {
    for (const priority of [-1, 1.5, NaN, 65536, { min: 2, max: 1 }]) {
      assert.throws(() => toFilterParams({ priority }), RangeError);
    }
  });
});

describe("matchesNothing", () => {
  it("tells a list without members from no list", () => {
    assert.equal(matchesNothing({ queue: [] }), true);
    assert.equal(matchesNothing({ queue: ["a"], id: [] }), true);
    for (const filter of [{}, { queue: undefined }, { queue: ["a"] }, { type: "t" }]) {
      assert.equal(matchesNothing(filter), false);
    }
  });
});

describe("matchesAll", () => {
  it("sees through members that are undefined", () => {
    const filters: [JobFilter, boolean][] = [[{}, true], [{ queue: undefined }, true], [
      { queue: [] },
      false,
    ], [{ priority: 0 }, false]];
    for (const [filter, all] of filters) assert.equal(matchesAll(filter), all);
  });
});

describe("toTakeParams", () => {
  it("is read by the other side as what was meant", () => {
    const params = toTakeParams({ queues: ["b c", "a"], prefetch: 0, leaseMs: 5 });
    assert.deepEqual(readTakeQuery(`?${params.join("&")}`), {
      prefetch: 0,
      queues: ["a", "b c"],
      leaseMs: 5,
    });
    assert.deepEqual(toTakeParams({}), []);
  });

  it("refuses to take from no queue, which the wire would read as from all", () => {
    assert.throws(() => toTakeParams({ queues: [] }), TypeError);
  });
});
