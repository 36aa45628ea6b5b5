/**
 * What an edge function pays: the client and a job definition, bundled, minified and gzipped, against a budget.
 *
 * Only what loads at once is weighed; the MessagePack codec is a chunk that loads when asked for.
 *
 * @module
 */

import { root } from "./command.ts";
import { CheckError, type Report } from "./report.ts";
import { emptyFolder, installPackages, runTool } from "./tools.ts";

/** What is read of esbuild's account of a bundle. */
interface Account {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly entryPoint?: string;
        readonly inputs: Readonly<Record<string, unknown>>;
        readonly imports: readonly { readonly path: string; readonly kind: string }[];
      }
    >
  >;
}

const define = 'export const client = createClient({ url: "http://127.0.0.1:7890" });\n' +
  'export const job = defineJob({ type: "t", queue: "q" });\n';

/** The programs that are weighed; `budgets.json` has a limit for each. */
const programs: Readonly<Record<string, string>> = {
  "client": `import { createClient, defineJob } from "../../src/client/mod.ts";\n${define}`,
  "client-with-schema": 'import * as v from "valibot";\n' +
    `import { createClient, defineJob } from "../../src/client/mod.ts";\n${
      define.replace('"q" }', '"q", payload: v.object({ name: v.string() }) }')
    }`,
  "root": `import { createClient, defineJob } from "../../mod.ts";\n${define}`,
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
      const stray = inputs.filter((path) => heavy.test(path));
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
  const out = `${folder}/${name}`;
  const shape = ["--bundle", "--minify", "--format=esm", "--splitting", "--target=es2022"];
  await runTool("esbuild/bin/esbuild", [
    `${folder}/${name}.ts`,
    ...shape,
    `--outdir=${out}`,
    `--metafile=${out}.json`,
    "--log-level=warning",
  ]);
  const { inputs, outputs }: Account = JSON.parse(await Deno.readTextFile(`${out}.json`));
  let bytes = 0;
  const entry = Object.keys(outputs).find((path) => outputs[path]!.entryPoint !== undefined)!;
  for (const path of collectChunks(outputs, entry)) bytes += await gzippedSize(root + path);
  return { bytes, inputs: Object.keys(inputs) };
}

/** The chunks that load at once with one of them. */
function collectChunks(outputs: Account["outputs"], path: string, found = new Set<string>()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const { path: other, kind } of outputs[path]!.imports) {
    if (kind === "import-statement") collectChunks(outputs, other, found);
  }
  return found;
}

async function gzippedSize(path: string): Promise<number> {
  const file = await Deno.open(path);
  const gzipped = new Response(file.readable.pipeThrough(new CompressionStream("gzip")));
  return (await gzipped.arrayBuffer()).byteLength;
}
