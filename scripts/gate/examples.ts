/**
 * The stage that runs the projects of `examples/`, with the package as npm delivers it.
 *
 * @module
 */

import { deno, root } from "./command.ts";
import { copy, installBuilt } from "./package.ts";
import type { Stage } from "./report.ts";
import { toConfig } from "./snippets.ts";
import { runSuite, toNodeWords } from "./suites.ts";
import { emptyFolder, findRuntime, installTools } from "./tools.ts";

export const examples: Stage = {
  name: "examples",
  about: "the projects of examples/ do what they are for",
  async run(report) {
    const node = await findRuntime("node24");
    if ("missing" in node) return report.skip("the examples", node.missing);
    const bun = await findRuntime("bun");
    const tools = await installTools();
    // Beside the package, so that they find it as if it were installed for them.
    const folder = `${await installBuilt()}/examples`;
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await copy(`${root}examples`, folder);
    await Deno.mkdir(`${folder}/hono/node_modules`);
    await Deno.symlink(`${tools}/node_modules/hono`, `${folder}/hono/node_modules/hono`);
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(await toConfig()));

    const xml = `${await emptyFolder("reports/examples")}/junit.xml`;
    const env = {
      MILLRACE_TOOLS: tools,
      MILLRACE_EXAMPLES: folder,
      MILLRACE_DENO: deno,
      ..."program" in bun && { MILLRACE_BUN: bun.program },
    };
    const words = toNodeWords(xml, ["tests/examples/examples.test.ts"]);
    await runSuite(report, "examples", node.program, words, xml, env);
  },
};
