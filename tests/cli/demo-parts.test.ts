/**
 * The parts of the demo that can be tested without running it: its record, its files, its output.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { toFacts, topOf } from "../../adapters/cli/demo/file-facts.ts";
import { Ledger } from "../../adapters/cli/demo/ledger.ts";
import { createProgress } from "../../adapters/cli/demo/progress.ts";
import { describeStages, describeTotals } from "../../adapters/cli/demo/summary.ts";
import { walk } from "../../adapters/cli/demo/walk.ts";

describe("the demo's record of jobs", () => {
  const completed = (...ids: string[]) => ids.map((id) => ({ id, attempts: 0 }));

  it("finds nothing wrong when each job was completed once", () => {
    const ledger = new Ledger();
    ledger.recordEnqueued([{ id: "a" }, { id: "b" }]);
    for (const id of ["a", "b"]) {
      ledger.recordStart(id);
      ledger.recordRun(id);
    }
    ledger.recordAcks(["a", "b"], []);
    const totals = ledger.toTotals(completed("a", "b"));
    assert.deepEqual(totals, {
      enqueued: 2,
      completed: 2,
      retried: 0,
      lost: [],
      completedTwice: [],
      startedAgain: [],
      ranTwice: [],
    });
    assert.equal(describeTotals(totals), "demo: 2 enqueued, 2 completed, 0 retried, 0 lost");
  });

  it("counts as lost what was enqueued and is not completed", () => {
    const ledger = new Ledger();
    ledger.recordEnqueued([{ id: "a" }, { id: "b" }]);
    assert.deepEqual(ledger.toTotals(completed("b")).lost, ["a"]);
  });

  it("tells a job that ran twice from one that was completed twice", () => {
    const ledger = new Ledger();
    ledger.recordEnqueued([{ id: "a" }, { id: "b" }]);
    for (const id of ["a", "a", "b", "b"]) {
      ledger.recordStart(id);
      ledger.recordRun(id);
    }
    ledger.recordAcks(["a"], ["a"]);
    ledger.recordAcks(["a"], []);
    ledger.recordAcks(["b"], []);
    ledger.recordAcks(["b"], []);
    const totals = ledger.toTotals(completed("a", "b"));
    assert.deepEqual(totals.ranTwice, ["a", "b"]);
    assert.deepEqual(totals.completedTwice, ["b"]);
  });

  it("does not count a retry as started again", () => {
    const ledger = new Ledger();
    ledger.recordEnqueued([{ id: "failed" }, { id: "left" }]);
    for (const id of ["failed", "failed", "left", "left"]) ledger.recordStart(id);
    const totals = ledger.toTotals([{ id: "failed", attempts: 1 }, { id: "left", attempts: 0 }]);
    assert.equal(totals.retried, 1);
    assert.deepEqual(totals.startedAgain, ["left"]);
  });
});

describe("the files of the demo", () => {
  it("are found in folders, up to a limit, without node_modules", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-walk-"));
    try {
      for (const name of ["sub", "node_modules"]) mkdirSync(join(folder, name));
      for (const path of ["a.txt", "sub/b.txt", "node_modules/c.txt"]) {
        writeFileSync(join(folder, path), "");
      }
      const found = await Array.fromAsync(walk(folder, 10));
      assert.deepEqual(found.sort(), [join(folder, "a.txt"), join(folder, "sub", "b.txt")]);
      assert.equal((await Array.fromAsync(walk(folder, 1))).length, 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are described by their digest, lines and most frequent words", async () => {
    const facts = await toFacts("x", new TextEncoder().encode("Über über die Mühle, no\nRace\n"));
    assert.equal(facts.lines, 2);
    assert.equal(facts.words, 5);
    assert.deepEqual(facts.top, [["über", 2], ["die", 1], ["mühle", 1], ["race", 1]]);
    const empty = await toFacts("x", new Uint8Array());
    assert.equal(
      empty.digest,
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    assert.equal((await toFacts("x", new Uint8Array([119, 111, 114, 100, 0]))).words, 0);
    assert.deepEqual(topOf([["b", 1], ["a", 1], ["b", 1]]), [["b", 2], ["a", 1]]);
  });
});

describe("the output of the demo", () => {
  it("is a bar on a terminal and a line a second elsewhere", () => {
    for (const isTTY of [true, false]) {
      let text = "";
      const progress = createProgress({ isTTY, write: (part) => void (text += part) });
      for (const ms of [0, 500, 1000, 1500, 2000]) progress.show(ms, 2000, ms);
      progress.end();
      if (isTTY) {
        const bar = "█".repeat(15) + "░".repeat(15);
        assert.ok(text.includes(`\r\u001b[K${bar} 1,000 of 2,000 completed\r`), text);
      } else {
        const lines = "1.0 s: 1,000 of 2,000 completed\n2.0 s: 2,000 of 2,000 completed\n";
        assert.equal(text, lines);
      }
    }
  });

  it("ends with a table of rates", () => {
    assert.equal(
      describeStages([{ name: "enqueued", jobs: 12_000, ms: 2000 }]),
      "             jobs   seconds   per second\nenqueued   12,000       2.0        6,000",
    );
  });
});
