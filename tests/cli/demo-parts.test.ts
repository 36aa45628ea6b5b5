/**
 * The parts of the demo that can be tried without running it: its books, its files, its words.
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
import { describeStages, describeVerdict } from "../../adapters/cli/demo/summary.ts";
import { walk } from "../../adapters/cli/demo/walk.ts";

describe("the demo's books", () => {
  const completed = (...ids: string[]) => ids.map((id) => ({ id, attempts: 0 }));

  it("balance when each job was completed once", () => {
    const ledger = new Ledger();
    ledger.enqueue([{ id: "a" }, { id: "b" }]);
    for (const id of ["a", "b"]) {
      ledger.start(id);
      ledger.run(id);
    }
    ledger.acknowledge(["a", "b"], []);
    const verdict = ledger.close(completed("a", "b"));
    assert.deepEqual(verdict, {
      enqueued: 2,
      completed: 2,
      retried: 0,
      lost: [],
      completedTwice: [],
      begunAgain: [],
      ranTwice: [],
    });
    assert.equal(describeVerdict(verdict), "demo: 2 enqueued, 2 completed, 0 retried, 0 lost");
  });

  it("name what the broker took and does not hold", () => {
    const ledger = new Ledger();
    ledger.enqueue([{ id: "a" }, { id: "b" }]);
    assert.deepEqual(ledger.close(completed("b")).lost, ["a"]);
  });

  it("tell a job that ran twice from one that was completed twice", () => {
    const ledger = new Ledger();
    ledger.enqueue([{ id: "a" }, { id: "b" }]);
    for (const id of ["a", "a", "b", "b"]) {
      ledger.start(id);
      ledger.run(id);
    }
    ledger.acknowledge(["a"], ["a"]);
    ledger.acknowledge(["a"], []);
    ledger.acknowledge(["b"], []);
    ledger.acknowledge(["b"], []);
    const verdict = ledger.close(completed("a", "b"));
    assert.deepEqual(verdict.ranTwice, ["a", "b"]);
    assert.deepEqual(verdict.completedTwice, ["b"]);
  });

  it("do not hold a retry against the worker", () => {
    const ledger = new Ledger();
    ledger.enqueue([{ id: "failed" }, { id: "left" }]);
    for (const id of ["failed", "failed", "left", "left"]) ledger.start(id);
    const verdict = ledger.close([{ id: "failed", attempts: 1 }, { id: "left", attempts: 0 }]);
    assert.equal(verdict.retried, 1);
    assert.deepEqual(verdict.begunAgain, ["left"]);
  });
});

describe("the demo's files", () => {
  it("are found in folders, up to a limit, without what nobody wrote", async () => {
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

  it("are digested, counted and read for words", async () => {
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

describe("the demo's display", () => {
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
