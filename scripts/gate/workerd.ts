/**
 * The stage that runs the client in workerd.
 *
 * @module
 */

import type { Stage } from "./report.ts";
import { runSuite, toNodeWords } from "./suites.ts";
import { emptyFolder, findRuntime, installPackages, installTools, runTool } from "./tools.ts";

export const workerd: Stage = {
  name: "workerd",
  about: "a Worker enqueues, lists, takes and acknowledges",
  async run(report) {
    await installPackages();
    const tools = await installTools();
    const node = await findRuntime("node24");
    if ("missing" in node) return report.skip("the client in workerd", node.missing);

    const folder = await emptyFolder("workerd");
    const shape = ["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"];
    await runTool("esbuild/bin/esbuild", ["tests/workerd/app.ts", ...shape, `--outdir=${folder}`]);
    const xml = `${folder}/junit.xml`;
    const words = toNodeWords(xml, ["tests/workerd/workerd.test.ts"]);
    const env = { MILLRACE_TOOLS: tools, MILLRACE_WORKERD: folder };
    await runSuite(report, "workerd", node.program, words, xml, env);
  },
};
