/**
 * The files of the dashboard's page, made of their sources: what a browser loads.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { root } from "../gate/command.ts";
import { emptyFolder, installPackages, runTool } from "../gate/tools.ts";

/** A file as a browser gets it. */
export interface PageFile {
  /** With some digits of what is in it, so that browsers may keep it for ever. */
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

const page = `${root}src/dashboard/page/`;

/** Bundles script and style, and gives the files. */
export async function bundlePage(): Promise<PageFile[]> {
  await installPackages();
  const folder = await emptyFolder("dashboard");
  await runTool("esbuild/bin/esbuild", [
    `${page}main.tsx`,
    ...["--bundle", "--minify", "--format=esm", "--target=es2022", "--jsx=automatic"],
    ...["--jsx-import-source=preact", "--legal-comments=none", "--log-level=warning"],
    `--outfile=${folder}/page.js`,
  ]);
  await runTool("esbuild/bin/esbuild", [
    `${page}all.css`,
    ...["--bundle", "--minify", "--log-level=warning", `--outfile=${folder}/page.css`],
  ]);
  return [
    toFile("page", "js", "text/javascript; charset=utf-8", await readFile(`${folder}/page.js`)),
    toFile("page", "css", "text/css; charset=utf-8", await readFile(`${folder}/page.css`)),
    toFile("icon", "svg", "image/svg+xml", await readFile(`${page}icon.svg`)),
  ];
}

function toFile(name: string, end: string, type: string, bytes: Uint8Array): PageFile {
  const digits = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  return { name: `${name}-${digits}.${end}`, type, bytes };
}
