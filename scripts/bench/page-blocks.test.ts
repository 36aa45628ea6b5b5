/**
 * How what was measured gets into the page.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replaceBlock, toBlock } from "./page-blocks.ts";

const report = {
  bench: "idle",
  revision: "abc1234 store: go faster",
  machine: "2 × A processor",
  measuredAt: "2026-11-26T01:02:03.000Z",
};

describe("toBlock()", () => {
  it("says what was measured, when and where", () => {
    assert.equal(
      toBlock(report, "| a |"),
      "<!-- measured: idle -->\n\nMeasured on 2026-11-26 at revision `abc1234 store: go faster` " +
        "on 2 × A processor.\n\n| a |\n\n<!-- end: idle -->",
    );
  });
});

describe("replaceBlock()", () => {
  const page = `before\n${toBlock(report, "old")}\nafter\n${
    toBlock({ ...report, bench: "rust" }, "other")
  }\n`;

  it("replaces this block and nothing else", () => {
    const block = toBlock(report, "new");
    assert.equal(replaceBlock(page, "idle", block), page.replace("old", "new"));
    assert.equal(
      replaceBlock(replaceBlock(page, "idle", block), "idle", block),
      page.replace("old", "new"),
    );
  });

  it("refuses a page that has no place for it", () => {
    assert.throws(() => replaceBlock(page, "growth", "x"), /has no block 'growth'/);
    assert.throws(() => replaceBlock("<!-- measured: idle -->", "idle", "x"), /no block 'idle'/);
  });
});
