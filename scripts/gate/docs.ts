/**
 * The stage that reads the docs: every public symbol has some, and every example runs.
 *
 * @module
 */

import { demand, deno, root, run } from "./command.ts";
import { countTests } from "./junit.ts";
import type { Stage } from "./report.ts";
import { checkSnippets } from "./snippets.ts";
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
    const words = ["test", "-A", "--quiet", "--doc", `--junit-path=${xml}`];
    const { code, output } = await run(deno, [...words, "mod.ts", "src", "adapters"]);
    const { passed, failed } = countTests(await Deno.readTextFile(xml).catch(() => ""));
    report.count("examples", passed, failed || Number(code !== 0), output);

    await checkSnippets(report);
  },
};
