/** What a program loads that only enqueues: a file of definitions, and the client. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";

const root = new URL("../../", import.meta.url);

/** All modules that a module loads, itself included, by their paths from the root; what is only a type is not loaded. */
async function graphOf(entry: string): Promise<Set<string>> {
  const seen = new Set<string>();
  const visit = async (url: URL): Promise<void> => {
    const path = url.href.slice(root.href.length);
    if (seen.has(path)) return;
    seen.add(path);
    const text = (await readFile(url, "utf8")).replace(/\/\*[^]*?\*\//g, "");
    const imports = text.matchAll(
      /^(?:import|export)\s(?!type\b)([^;]*?from\s+)?"(\.[^"]+)"|import\("(\.[^"]+)"\)/gm,
    );
    for (const [, names = "", path, later] of imports) {
      const listed = /\{([^}]*)\}/.exec(names)?.[1]?.split(",").map((name) => name.trim())
        .filter(Boolean);
      if (listed?.length && listed.every((name) => name.startsWith("type "))) continue;
      await visit(new URL((path ?? later)!, url));
    }
  };
  await visit(new URL(entry, root));
  return seen;
}

describe("contracts", () => {
  it("load nothing of the worker and the broker", async () => {
    for (const entry of ["src/client/mod.ts", "src/jobs/define-jobs.ts", "mod.ts"]) {
      const graph = await graphOf(entry);
      const foreign = [...graph].filter((path) => /^src\/(worker|broker|store)\//.test(path));
      assert.deepEqual(foreign, [], entry);
    }
  });

  it("are seen by this test", async () => {
    const graph = await graphOf("src/client/mod.ts");
    assert.ok(graph.has("src/jobs/define-jobs.ts"));
    assert.ok(graph.has("src/client/gathering.ts"));
    assert.ok((await graphOf("src/worker/mod.ts")).has("src/worker/runner.ts"));
    assert.ok(!graph.has("src/client/client.ts"), "it has only types");
  });

  it("need no more than the protocol, if they are nothing but definitions", async () => {
    const graph = await graphOf("src/jobs/define-jobs.ts");
    const rooms = new Set([...graph].map((path) => /^src\/[^/]+\/?/.exec(path)?.[0]));
    for (const room of rooms) {
      assert.match(room!, /^src\/(jobs|protocol|async|jq|errors\.ts|options\.ts)\/?$/);
    }
  });
});
