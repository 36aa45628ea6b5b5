/**
 * The stage that reads the docs: every public symbol has some, and every example runs.
 *
 * @module
 */

import { demand, deno, root } from "./command.ts";
import type { Stage } from "./report.ts";
import { checkSnippets } from "./snippets.ts";
import { runSuite } from "./suites.ts";
import { emptyFolder } from "./tools.ts";

export const docs: Stage = {
  name: "docs",
  about: "every public symbol is documented, every example and README snippet runs",
  async run(report) {
    const { exports } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
    await report.check(
      "deno doc --lint",
      () => demand(deno, ["doc", "--lint", ...Object.values<string>(exports)]),
    );

    const xml = `${await emptyFolder("reports/docs")}/junit.xml`;
    const words = ["test", "-A", "--quiet", "--doc", "--reporter=dot", `--junit-path=${xml}`];
    await runSuite(report, "examples", deno, [...words, "mod.ts", "src", "adapters"], xml);

    await checkSnippets(report);
  },
};
