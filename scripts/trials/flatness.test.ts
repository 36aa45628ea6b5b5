/**
 * What counts as flat, and what a ledger notices.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { percentile, toFlatness } from "./flatness.ts";
import { Ledger } from "./soak-ledger.ts";

describe("toFlatness", () => {
  const tolerance = { ratio: 0.1, amount: 5 };

  it("compares the medians of the second third and the last, not the first", () => {
    const found = toFlatness([1, 2, 3, 100, 900, 102, 110, 115, 20], tolerance);
    assert.deepEqual(found, { before: 102, after: 110, flat: true });
  });

  it("finds what grew beyond the ratio and the amount", () => {
    assert.equal(toFlatness([0, 100, 115], tolerance).flat, true);
    assert.equal(toFlatness([0, 100, 116], tolerance).flat, false);
    assert.equal(toFlatness([0, 100, 50], tolerance).flat, true);
  });

  it("needs three samples", () => {
    assert.throws(() => toFlatness([1, 2], tolerance), RangeError);
  });
});

describe("percentile", () => {
  it("gives the largest for 1", () => {
    assert.equal(percentile([3, 1, 2], 1), 3);
    assert.equal(percentile([3, 1, 2], 0), 1);
  });
});

describe("Ledger", () => {
  it("forgets what completed, also if that was known before its enqueue was answered", () => {
    const ledger = new Ledger();
    ledger.recordRun("b");
    ledger.recordCompleted(["b"]);
    ledger.recordEnqueued(["a", "b"]);
    assert.deepEqual(ledger.list(), [{ id: "a", ran: false }]);
    ledger.recordRun("a");
    assert.deepEqual(ledger.list(), [{ id: "a", ran: true }]);
    ledger.recordCompleted(["a"]);
    assert.equal(ledger.pending, 0);
    assert.deepEqual(ledger.toCounts(), {
      enqueued: 2,
      completed: 2,
      completedTwice: [],
      runs: 2,
    });
  });

  it("names what completed twice", () => {
    const ledger = new Ledger();
    ledger.recordEnqueued(["a"]);
    ledger.recordCompleted(["a"]);
    ledger.recordCompleted(["a"]);
    assert.deepEqual(ledger.toCounts().completedTwice, ["a"]);
  });
});
