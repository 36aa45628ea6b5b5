/**
 * The stage that runs clients and brokers in workerd.
 *
 * @module
 */

import type { Stage } from "./report.ts";
import { runSuite, toNodeWords } from "./suites.ts";
import { emptyFolder, findRuntime, installPackages, installTools, runTool } from "./tools.ts";

export const workerd: Stage = {
  name: "workerd",
  about: "a Worker enqueues, takes and acknowledges; a Durable Object is a broker",
  async run(report) {
    await installPackages();
    const tools = await installTools();
    const node = await findRuntime("node24");
    if ("missing" in node) return report.skip("Workers and Durable Objects", node.missing);

    const folder = await emptyFolder("workerd");
    const shape = ["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"];
    // The tests of the store run there, too: what they use of a test runner is small.
    const alias = [
      "--alias:node:test=./tests/workerd/test-shim.ts",
      "--external:node:assert/strict",
    ];
    const apps = ["app", "broker-app", "payloads-app", "dashboard-app"].map((name) =>
      `tests/workerd/${name}.ts`
    );
    await runTool("esbuild/bin/esbuild", [...apps, ...shape, ...alias, `--outdir=${folder}`]);
    const xml = `${folder}/junit.xml`;
    const tests = ["workerd", "brokers", "store", "conformance", "payloads", "dashboard"];
    const words = toNodeWords(xml, tests.map((name) => `tests/workerd/${name}.test.ts`));
    const env = { MILLRACE_TOOLS: tools, MILLRACE_WORKERD: folder };
    await runSuite(report, "workerd", node.program, words, xml, env);
  },
};
