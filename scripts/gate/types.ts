/**
 * The stage that checks types: by TypeScript's own compiler, the core behind its fence, and by Deno.
 *
 * Type tests (`tests/types/`) are files like any other here: they fail by not compiling. Those in `tests/types/mistakes/` must
 * not compile, and say what is told of them.
 *
 * @module
 */

import { demand, deno } from "./command.ts";
import { checkUnderDeno, checkUnderTsc } from "./mistakes.ts";
import type { Stage } from "./report.ts";
import { installPackages, runTool } from "./tools.ts";

export const types: Stage = {
  name: "types",
  about: "the core knows web standards only, everything checks under tsc and Deno",
  async run(report) {
    await installPackages();
    const tsc = (project: string) => runTool("typescript/bin/tsc", ["-p", project]);
    await report.check("tsc: src/ behind its fence", () => tsc("tsconfig.json"));
    await report.check("tsc: the fence has no hole", () => tsc("tests/fence"));
    await report.check("tsc: adapters, tests, type tests", () => tsc("tsconfig.all.json"));
    await report.check("tsc: messages of mistakes", checkUnderTsc);
    await report.check("deno: messages of mistakes", checkUnderDeno);
    await report.check("deno check", () => demand(deno, ["check", "--quiet", "."]));
  },
};
