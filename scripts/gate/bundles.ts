/**
 * What a program pays for the client, bundled into one file as Wrangler does it, minified and gzipped, against a budget.
 *
 * @module
 */

import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { root } from "./command.ts";
import { CheckError, type Report } from "./report.ts";
import { emptyFolder, installPackages, installTools } from "./tools.ts";

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
  "enqueuer-with-http": program(
    "createEnqueuer, defineJob",
    'import { createHttp, secret } from "../../src/offload/mod.ts";',
    `export const job = ${job};`,
    `export const enqueuer = createEnqueuer({ url: ${url} });`,
    'export const http = createHttp(enqueuer, { headers: { authorization: secret("key") } });',
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
  const esbuild: Esbuild = createRequire(`${await installTools()}/`)("esbuild");
  const budgets = JSON.parse(await Deno.readTextFile(`${root}tests/surface/budgets.json`));
  for (const [name, source] of Object.entries(programs)) {
    await report.check(`the bundle of ${name}`, async () => {
      await Deno.writeTextFile(`${folder}/${name}.ts`, source);
      const { bytes, inputs, kept } = await weigh(esbuild, `${folder}/${name}.ts`);
      // An entry with a heavy half is looked at by what is left of it.
      const pulled = name === "enqueuer-with-http" ? kept : inputs;
      const stray = pulled.filter((path) => name !== "worker" && heavy.test(path));
      if (stray.length > 0) throw new CheckError(`It pulls ${stray.join(", ")}`);
      const limit = budgets[name];
      if (!(bytes <= limit)) throw new CheckError(`It has ${bytes} bytes gzipped, not ${limit}`);
      console.log(`        ${name}: ${bytes} of ${limit} bytes gzipped`);
    });
  }
  await esbuild.stop();
}

/** What is used of esbuild: its command line has no plugins. */
interface Esbuild {
  build(options: object): Promise<{
    readonly outputFiles: readonly { readonly contents: Uint8Array }[];
    readonly metafile: {
      readonly inputs: Readonly<Record<string, unknown>>;
      readonly outputs: Readonly<
        Record<string, { readonly inputs: Readonly<Record<string, { bytesInOutput: number }>> }>
      >;
    };
  }>;
  stop(): Promise<void>;
}

/** What is used of the calls that plugins make. */
interface Building {
  onLoad(of: { readonly filter: RegExp }, load: () => Promise<object>): void;
}

/**
 * Weighs the sources as bundlers see the package: `browser` of `package.json` puts some modules in the place of others, by the
 * names that they have in `dist/`.
 */
async function weigh(
  { build }: Esbuild,
  entry: string,
): Promise<{ bytes: number; inputs: string[]; kept: string[] }> {
  const { browser } = JSON.parse(await Deno.readTextFile(`${root}package.json`));
  const replaced = Object.entries<string>(browser)
    .map((pair) => pair.map((path) => path.replace("./dist/", root).replace(/js$/, "ts")));
  const plugin = {
    name: "browser",
    setup({ onLoad }: Building) {
      for (const [from, to] of replaced as [string, string][]) {
        const filter = new RegExp(`^${from.replaceAll(/[.\\/]/g, "\\$&")}$`);
        onLoad({ filter }, async () => ({ contents: await Deno.readTextFile(to), loader: "ts" }));
      }
    },
  };
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    ...{ bundle: true, minify: true, format: "esm", target: "es2022" },
    ...{ metafile: true, write: false, logLevel: "warning" },
    absWorkingDir: root,
    plugins: [plugin],
  });
  const bytes = gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
  const kept = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  ).map(([path]) => path);
  return { bytes, inputs: Object.keys(metafile.inputs), kept };
}
