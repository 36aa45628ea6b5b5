/**
 * The stage that judges the house rules, and the judges.
 *
 * @module
 */

import { demand, deno, root } from "./command.ts";
import { listFiles } from "./files.ts";
import { CheckError, type Stage } from "./report.ts";
import { runSuite } from "./suites.ts";
import { emptyFolder } from "./tools.ts";

export const lint: Stage = {
  name: "lint",
  about: "recommended rules, the import law, and that each rule can fail",
  async run(report) {
    await report.check("deno lint", () => demand(deno, ["lint"]));
    await report.check("CONTRIBUTING.md's map has every room", checkMap);
    const xml = `${await emptyFolder("reports/scripts")}/junit.xml`;
    const files = await listFiles("scripts", ".test.ts");
    const words = ["test", "-A", "--quiet", "--reporter=dot", `--junit-path=${xml}`, ...files];
    await runSuite(report, "the gate's own tests", deno, words, xml);
  },
};

/** Every folder of `src/` and `adapters/` is in the map's picture. */
async function checkMap(): Promise<void> {
  const page = await Deno.readTextFile(`${root}CONTRIBUTING.md`);
  const map = /```text\n(level[\s\S]*?)```/.exec(page)?.[1] ?? "";
  const missing = (await listFolders(["src", "adapters"])).filter((path) => !map.includes(path));
  if (missing.length > 0) throw new CheckError(`Put on the map: ${missing.join(", ")}`);
}

async function listFolders(parents: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const parent of parents) {
    for await (const { name, isDirectory } of Deno.readDir(root + parent)) {
      if (isDirectory) {
        found.push(`${parent}/${name}/`, ...await listFolders([`${parent}/${name}`]));
      }
    }
  }
  return found;
}
