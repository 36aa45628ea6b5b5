/**
 * The stage that publishes, all but the last step: the npm package is built, installed in a project and used there,
 * and JSR's own check says that it would take the other.
 *
 * @module
 */

import { demand, deno, root } from "./command.ts";
import { listFiles } from "./files.ts";
import { installBuilt, type Manifest, readManifest } from "./package.ts";
import { CheckError, type Report, type Stage } from "./report.ts";
import { findRuntime, type RuntimeName, runTool } from "./tools.ts";

export const publish: Stage = {
  name: "publish",
  about: "the npm package works once installed, JSR would take the other",
  async run(report) {
    const manifest = await readManifest();
    await report.check("the npm package builds", installBuilt);
    const project = await installBuilt();
    await report.check("the npm package holds what it promises", () => checkFiles(manifest));
    await report.check("its docs name it as npm does", checkNames);
    await report.check("its types need no runtime's types", () => checkTypes(manifest, project));
    for (const runtime of ["node22", "node24", "bun"] as const) {
      await tryOn(report, runtime, manifest, project);
    }
    await report.check(
      "deno publish --dry-run",
      () => demand(deno, ["publish", "--dry-run", "--allow-dirty", "--quiet"]),
    );
  },
};

/** Every path that the manifest names is there. */
async function checkFiles({ exports, bin }: Manifest): Promise<void> {
  const paths = Object.values(exports).flatMap((entry) => [entry.types, entry.default]);
  for (const path of [...paths, ...Object.values(bin)]) {
    await Deno.stat(root + path).catch(() => {
      throw new CheckError(`package.json names '${path}', which is not built`);
    });
  }
}

/** What an editor shows names the package by the name that npm knows. */
async function checkNames(): Promise<void> {
  const { name } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  for (const file of await listFiles("dist", "")) {
    if (!(await Deno.readTextFile(root + file)).includes(name)) continue;
    throw new CheckError(`'${file}' names '${name}', which npm does not have`);
  }
}

/** A program that imports every entry, for compilers that know an older web and no runtime, and check our declarations too. */
async function checkTypes({ exports }: Manifest, project: string): Promise<void> {
  const lines = Object.keys(exports).map((entry, i) =>
    `import * as entry${i} from "${toSpecifier(entry)}";\nvoid entry${i};\n`
  );
  await Deno.writeTextFile(`${project}/types.ts`, lines.join(""));
  for (const [module, moduleResolution] of [["NodeNext", "NodeNext"], ["ESNext", "Bundler"]]) {
    const compilerOptions = {
      ...{ module, moduleResolution, target: "ES2022", lib: ["ES2022", "DOM", "DOM.Iterable"] },
      ...{ types: [], strict: true, noEmit: true, skipLibCheck: false },
    };
    const options = { compilerOptions, include: ["types.ts"] };
    await Deno.writeTextFile(`${project}/tsconfig.json`, JSON.stringify(options));
    await runTool("typescript/bin/tsc", ["-p", `${project}/tsconfig.json`]);
  }
}

/** Imports the package's entries on a runtime, and asks its command line for help. */
async function tryOn(
  report: Report,
  runtime: RuntimeName,
  { exports, bin }: Manifest,
  project: string,
): Promise<void> {
  const found = await findRuntime(runtime);
  if ("missing" in found) return report.skip(`the npm package on ${runtime}`, found.missing);
  const script = Object.keys(exports)
    .map((entry) => `await import("${toSpecifier(entry)}");\n`)
    .join("");
  await Deno.writeTextFile(`${project}/entries.js`, script);
  await report.check(
    `the npm package's entries load on ${runtime}`,
    () => demand(found.program, ["entries.js"], { cwd: project }),
  );
  await report.check(`the npm package's command runs on ${runtime}`, async () => {
    const words = [`node_modules/millrace/${bin["millrace"]}`, "--help"];
    const help = await demand(found.program, words, { cwd: project });
    if (!help.includes("millrace serve")) throw new CheckError(`--help says\n${help}`);
  });
}

function toSpecifier(entry: string): string {
  return `millrace${entry.slice(1)}`;
}
