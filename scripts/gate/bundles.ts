/**
 * What a program pays for the client, bundled into one file as Wrangler does it, minified and gzipped, against a budget.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { root } from "./command.ts";
import { CheckError, type Report } from "./report.ts";
import { emptyFolder, installPackages, runTool } from "./tools.ts";

/** What is read of esbuild's account of a bundle. */
interface Account {
  readonly inputs: Readonly<Record<string, unknown>>;
}

const url = '"http://127.0.0.1:7890"';
const job = 'defineJob({ type: "t", queue: "q" })';

/** A program of some lines, the first of which imports from `./client`. */
function program(names: string, ...lines: readonly string[]): string {
  return [`import { ${names} } from "../../src/client/mod.ts";`, ...lines, ""].join("\n");
}

const createsClient = `export const client = createClient({ url: ${url} });`;

/** The programs that are weighed; `budgets.json` has a limit for each. */
const programs: Readonly<Record<string, string>> = {
  "enqueuer": program(
    "createEnqueuer, defineJob",
    `export const job = ${job};`,
    `export const enqueuer = createEnqueuer({ url: ${url} });`,
  ),
  "enqueuer-with-msgpack": program(
    "createEnqueuer, defineJob",
    'import { msgpack } from "../../src/client/msgpack.ts";',
    `export const job = ${job};`,
    `export const enqueuer = createEnqueuer({ url: ${url}, format: msgpack });`,
  ),
  "client": program("createClient, defineJob", `export const job = ${job};`, createsClient),
  "client-with-schema": program(
    "createClient, defineJob",
    'import * as v from "valibot";',
    `export const job = ${job.replace(" }", ", payload: v.object({ name: v.string() }) }")};`,
    createsClient,
  ),
  "client-with-msgpack": program(
    "createClient, defineJob",
    'import { msgpack } from "../../src/client/msgpack.ts";',
    `export const job = ${job};`,
    `export const client = createClient({ url: ${url}, format: msgpack });`,
  ),
  "worker": program(
    "createClient, defineJob",
    'import { createWorker, handle } from "../../src/worker/mod.ts";',
    `const client = createClient({ url: ${url} });`,
    `export const worker = createWorker({ client, handlers: [handle(${job}, () => {})] });`,
  ),
  "root": 'import { createClient, defineJob } from "../../mod.ts";\n' +
    `export const job = ${job};\n${createsClient}\n`,
};

/** Rooms that `.` and `./client` never pull. */
const heavy = /^(src\/(broker|store|worker|testing)|adapters)\//;

export async function checkBundles(report: Report): Promise<void> {
  await installPackages();
  const folder = await emptyFolder("bundles");
  const budgets = JSON.parse(await Deno.readTextFile(`${root}tests/surface/budgets.json`));
  for (const [name, source] of Object.entries(programs)) {
    await report.check(`the bundle of ${name}`, async () => {
      await Deno.writeTextFile(`${folder}/${name}.ts`, source);
      const { bytes, inputs } = await weigh(folder, name);
      const stray = inputs.filter((path) => name !== "worker" && heavy.test(path));
      if (stray.length > 0) throw new CheckError(`It pulls ${stray.join(", ")}`);
      const limit = budgets[name];
      if (!(bytes <= limit)) throw new CheckError(`It has ${bytes} bytes gzipped, not ${limit}`);
      console.log(`        ${name}: ${bytes} of ${limit} bytes gzipped`);
    });
  }
}

async function weigh(
  folder: string,
  name: string,
): Promise<{ bytes: number; inputs: string[] }> {
  const out = `${folder}/${name}.js`;
  await runTool("esbuild/bin/esbuild", [
    `${folder}/${name}.ts`,
    ...["--bundle", "--minify", "--format=esm", "--target=es2022"],
    `--outfile=${out}`,
    `--metafile=${out}.json`,
    "--log-level=warning",
  ]);
  const { inputs }: Account = JSON.parse(await Deno.readTextFile(`${out}.json`));
  const bytes = gzipSync(await Deno.readFile(out), { level: 9 }).length;
  return { bytes, inputs: Object.keys(inputs) };
}
