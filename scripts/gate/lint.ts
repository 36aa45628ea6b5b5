/**
 * The stage that judges the house rules, and the judges.
 *
 * @module
 */

import { checkImportCircles } from "../lint/import-circles.ts";
import { checkUnusedExports } from "../lint/unused-exports.ts";
import { demand, deno } from "./command.ts";
import { listFiles } from "./files.ts";
import { checkMap } from "./map.ts";
import type { Stage } from "./report.ts";
import { runSuite } from "./suites.ts";
import { emptyFolder } from "./tools.ts";

export const lint: Stage = {
  name: "lint",
  about: "recommended rules, the import law, and that each rule can fail",
  async run(report) {
    await report.check("deno lint", () => demand(deno, ["lint"]));
    await report.check("CONTRIBUTING.md's map is the linter's table", checkMap);
    await report.check("no file is on an import circle", checkImportCircles);
    await report.check("every export is used", checkUnusedExports);
    const xml = `${await emptyFolder("reports/scripts")}/junit.xml`;
    const files = await listFiles("scripts", ".test.ts");
    const words = ["test", "-A", "--quiet", "--reporter=dot", `--junit-path=${xml}`, ...files];
    await runSuite(report, "the gate's own tests", deno, words, xml);
  },
};
