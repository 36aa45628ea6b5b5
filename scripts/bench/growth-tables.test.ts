/**
 * What the tables of growth make of its points.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toGrowthTables } from "./growth-tables.ts";

const point = (stored: number, cost: number) => ({
  runtime: "bun" as const,
  stored,
  fillRate: 1000,
  openMs: 5,
  openRssBytes: 2 ** 20,
  rssBytes: 2 ** 21,
  fileBytes: 2 ** 22,
  costs: { take: cost },
});

describe("toGrowthTables()", () => {
  it("gives the ratio to the smallest size, whatever the order", () => {
    const table = toGrowthTables([point(100, 30), point(10, 20), point(1000, 10)]);
    const row = table.split("\n").find((line) => line.includes("take"))!;
    const cells = row.split("|").map((cell) => cell.trim()).slice(1, -1);
    assert.deepEqual(cells, ["bun", "take", "20.0", "30.0 (1.50)", "10.0 (0.50)"]);
  });
});
