/**
 * `millrace demo` as a whole, on a tiny folder.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assertOneLine, runCli } from "./spawn-cli.ts";

describe("millrace demo", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-demo-test-"));
    mkdirSync(join(folder, "sub"));
    mkdirSync(join(folder, ".git"));
    writeFileSync(join(folder, "one.txt"), "wheel water wheel\n");
    writeFileSync(join(folder, "sub", "two.txt"), "water wheel race\n");
    writeFileSync(join(folder, ".git", "hidden.txt"), "never read\n");
  });
  after(() => rmSync(folder, { recursive: true }));

  // Two files, 20 that fail once, one that is scheduled, the burst.
  it(
    "completes every job once though one of two workers is killed",
    { timeout: 60_000 },
    async () => {
      const { code, stdout, stderr } = await runCli(["demo", folder, "--burst", "500"]);
      assert.equal(stderr, "");
      const lines = stdout.trimEnd().split("\n");
      assert.equal(lines.at(-1), "demo: 523 enqueued, 523 completed, 20 retried, 0 lost");
      assert.equal(code, 0);
      assert.match(stdout, /killed process \d+ with SIGKILL/);
      assert.match(stdout, /^2 files: 35 bytes, 2 lines, 6 words, 2 different$/m);
      assert.match(stdout, /^Their words: wheel \(3\), water \(2\), race \(1\)$/m);
      assert.match(stdout, /0 were completed twice$/m);
    },
  );

  it("refuses a path that is no folder", { timeout: 30_000 }, async () => {
    const outcome = await runCli(["demo", join(folder, "one.txt")]);
    assertOneLine(outcome, 2, /Argument '.*one\.txt' is not a folder/);
  });
});
