/**
 * How the tables look.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toMebibytes, toNumber, toTable } from "./markdown.ts";

describe("toTable()", () => {
  it("pads texts on the right and numbers on the left", () => {
    const table = toTable(["Runtime", { number: "jobs/s" }], [["deno", "1,000"], ["bun", "20"]]);
    assert.deepEqual(table.split("\n"), [
      "| Runtime | jobs/s |",
      "| ------- | -----: |",
      "| deno    |  1,000 |",
      "| bun     |     20 |",
    ]);
  });

  it("gives a rule of three characters to a narrow column", () => {
    assert.deepEqual(toTable(["a", { number: "b" }], [["1", "2"]]).split("\n"), [
      "| a   |   b |",
      "| --- | --: |",
      "| 1   |   2 |",
    ]);
  });
});

describe("toNumber()", () => {
  it("shows three digits that count", () => {
    assert.deepEqual([0.1234, 12.34, 123.4, 1234.5, 1_234_567].map(toNumber), [
      "0.12",
      "12.3",
      "123",
      "1,235",
      "1,234,567",
    ]);
  });

  it("shows a dash for what was not measured", () => {
    assert.equal(toNumber(undefined), "–");
    assert.equal(toNumber(Infinity), "–");
  });
});

describe("toMebibytes()", () => {
  it("rounds to whole MiB", () => {
    assert.equal(toMebibytes(1.6 * 2 ** 20), "2");
    assert.equal(toMebibytes(undefined), "–");
  });
});
