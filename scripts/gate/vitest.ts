/**
 * The stage that runs a sample of the test kit under Vitest, which is no runner of the suite.
 *
 * @module
 */

import type { Stage } from "./report.ts";
import { root } from "./command.ts";
import { runSuite } from "./suites.ts";
import { emptyFolder, findRuntime, installPackages, installTools } from "./tools.ts";

/** The public entries that the sample imports, by what they are called. */
const entries = {
  client: "src/client/mod.ts",
  worker: "src/worker/mod.ts",
  testing: "src/testing/mod.ts",
  node: "adapters/node/mod.ts",
} as const;

export const vitest: Stage = {
  name: "vitest",
  about: "the test kit under Vitest, on Node",
  async run(report) {
    await installPackages();
    const tools = await installTools();
    const node = await findRuntime("node24");
    if ("missing" in node) return report.skip("the test kit under Vitest", node.missing);

    const folder = await emptyFolder("vitest");
    await Deno.copyFile(`${root}tests/vitest/kit.test.ts`, `${folder}/kit.test.ts`);
    // Where the sample finds Vitest, and Vitest the sample.
    await Deno.symlink(`${tools}/node_modules`, `${folder}/node_modules`);
    const alias = Object.fromEntries(
      Object.entries(entries).map(([name, path]) => [`@millrace/millrace/${name}`, root + path]),
    );
    const config = { resolve: { alias }, cacheDir: `${folder}/cache` };
    await Deno.writeTextFile(
      `${folder}/vitest.config.mjs`,
      `export default ${JSON.stringify(config)};\n`,
    );
    const xml = `${folder}/junit.xml`;
    const words = [
      `${tools}/node_modules/vitest/vitest.mjs`,
      ...[
        "run",
        `--root=${folder}`,
        "--reporter=default",
        "--reporter=junit",
        `--outputFile=${xml}`,
      ],
    ];
    await runSuite(report, "vitest", node.program, words, xml, { CI: "1" });
  },
};
