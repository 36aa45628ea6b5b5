/**
 * What is read from the Rust client's program.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readRates } from "./rust-output.ts";

describe("readRates()", () => {
  it("takes the three rates in their order", () => {
    const output = "Enqueued in 1s (5000 jobs/sec)\nScanned (70 jobs/sec)\nDone (321 jobs/sec)\n";
    assert.deepEqual(readRates(output), { "enqueue in bulk": 5000, list: 70, drain: 321 });
  });

  it("refuses output of another form", () => {
    assert.throws(() => readRates("Enqueued (5000 jobs/sec)"), /1 rates were printed, expected 3/);
  });
});
