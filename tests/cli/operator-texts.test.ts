/**
 * What the commands of operators ask, suggest and draw.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { confirm, type Person } from "../../adapters/cli/operator/confirm.ts";
import { createTable } from "../../adapters/cli/operator/table.ts";
import { suggest } from "../../adapters/cli/suggest.ts";

const nobody: Person = { ask: undefined };

describe("confirm()", () => {
  it("takes only a yes for one", async () => {
    const say = (answer: string): Person => ({ ask: () => Promise.resolve(answer) });
    for (const [answer, isYes] of [["y", true], [" Yes ", true], ["", false], ["yep", false]]) {
      assert.equal(await confirm("Do", { yes: false, person: say(answer as string) }), isYes);
    }
    assert.equal(await confirm("Do", { yes: true, person: nobody }), true);
  });
});

describe("suggest()", () => {
  it("finds what is near, and nothing else", () => {
    const known = ["ls", "retry", "export", "import"];
    for (const [word, meant] of [["lss", "ls"], ["rety", "retry"], ["exprot", "export"]]) {
      assert.equal(suggest(word!, known, ""), `, did you mean '${meant}'?`);
    }
    assert.equal(suggest("xyz", known, ", no"), ", no");
  });
});

describe("createTable()", () => {
  it("measures wide letters, and keeps the widths of the first rows", () => {
    const table = createTable<[string, number]>([
      { title: "NAME", of: ([name]) => name, cut: true },
      { title: "N", of: ([, n]) => String(n), right: true },
    ], 12);
    assert.equal(
      table.rows([["日本語", 1], ["a", 100]]),
      "NAME      N\n日本語    1\na       100\n",
    );
    assert.equal(table.rows([["日本語日本語", 5]]), "日本…     5\n");
  });
});
