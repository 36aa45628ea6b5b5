/**
 * The npm package, built as it is published, and a project beside it that has installed it.
 *
 * @module
 */

import { dirname } from "node:path";
import { root } from "./command.ts";
import { listFiles } from "./files.ts";
import { emptyFolder, installPackages, runTool } from "./tools.ts";

/** What is read of `package.json`. */
export interface Manifest {
  readonly name: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

export async function readManifest(): Promise<Manifest> {
  return JSON.parse(await Deno.readTextFile(`${root}package.json`));
}

/** Builds what npm publishes into `dist/`. */
export async function buildPackage(): Promise<void> {
  await installPackages();
  await Deno.remove(`${root}dist`, { recursive: true }).catch(() => {});
  await runTool("typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
  const { name } = await readManifest();
  const { name: sourceName } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  for (const file of await listFiles("dist", "")) {
    const text = await Deno.readTextFile(root + file);
    // The examples in the docs import from where this package comes from.
    let changed = text.replaceAll(sourceName, name);
    // What `await using` is made of is in no `lib` before ESNext. JSR would take no such line in the sources.
    if (file.endsWith(".d.ts") && /AsyncDisposable|asyncDispose/.test(text)) {
      changed = `/// <reference lib="esnext.disposable" />\n${changed}`;
    }
    if (changed !== text) await Deno.writeTextFile(root + file, changed);
  }
}

let project: Promise<string> | undefined;

/** Builds the package and installs it in a project; gives the project's folder. */
export function installBuilt(): Promise<string> {
  return project ??= (async () => {
    await buildPackage();
    const folder = await emptyFolder("project");
    const { name, files, dependencies } = await readManifest();
    for (const path of ["package.json", "README.md", "LICENSE", ...files]) {
      await copy(root + path, `${folder}/node_modules/${name}/${path}`);
    }
    for (const dependency of Object.keys(dependencies)) {
      const link = `${folder}/node_modules/${dependency}`;
      await Deno.mkdir(dirname(link), { recursive: true });
      await Deno.symlink(await Deno.realPath(`${root}node_modules/${dependency}`), link);
    }
    await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module", "private": true }\n');
    return folder;
  })();
}

/** Copies a file, or a folder with all that is in it. */
export async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) {
    await Deno.mkdir(dirname(to), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}
