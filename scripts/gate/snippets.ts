/**
 * The programs of the README and of the guides, taken out and tried.
 *
 * A comment above a block says how: `<!-- snippet: deno -->` runs it on Deno, `node` and `bun` on those, with the package
 * as npm delivers it, and `check-only` checks its types. A block of TypeScript without such a comment is an error.
 *
 * @module
 */

import { demand, deno, root } from "./command.ts";
import { installBuilt } from "./package.ts";
import { CheckError, type Report } from "./report.ts";
import { emptyFolder, findRuntime } from "./tools.ts";

interface Snippet {
  /** The line of the page that it begins in. */
  readonly line: number;
  readonly how: string;
  readonly code: string;
}

const ways = ["deno", "node", "bun", "check-only"];

/** The TypeScript blocks of a page. */
export function findSnippets(page: string): Snippet[] {
  const block = /(?:<!-- snippet: (?<how>\S+) -->\s*)?^```ts\n(?<code>[\s\S]*?)^```$/gm;
  return [...page.matchAll(block)].map(({ index, 0: text, groups }) => ({
    line: page.slice(0, index + text.indexOf("```ts")).split("\n").length + 1,
    how: groups!["how"] ?? "",
    code: groups!["code"]!,
  }));
}

/** The pages whose programs are tried. */
const pages = ["README.md", "docs/offload.md", "docs/coming-from.md", "docs/scale.md"];

/** Checks the snippets of all pages, and runs those that can be run. */
export async function checkSnippets(report: Report): Promise<void> {
  const folder = await emptyFolder("snippets");
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(await toConfig()));
  const trials: Trial[] = [];
  for (const page of pages) {
    const snippets = findSnippets(await Deno.readTextFile(root + page));
    trials.push(...snippets.map((snippet) => ({ page, snippet, folder })));
  }
  // Together, as most of the time goes into what they import; one by one only to find the one with the mistake.
  const files = await Promise.all(trials.map((trial) => write(trial, folder)));
  const areFit = await demand(deno, ["check", "--quiet", ...files], { cwd: folder })
    .then(() => true, () => false);
  for (const trial of trials) await trySnippet(report, trial, areFit);
}

/** A snippet, and the folder that it is written to. */
interface Trial {
  readonly page: string;
  readonly snippet: Snippet;
  readonly folder: string;
}

async function trySnippet(report: Report, trial: Trial, isFit: boolean): Promise<void> {
  const { page, snippet: { line, how } } = trial;
  const name = `${page}:${line} (${how})`;
  await report.check(name, () => checkSnippet(trial, isFit));
  if (how !== "node" && how !== "bun") return;
  const found = await findRuntime(how === "node" ? "node24" : "bun");
  if ("missing" in found) report.skip(`${name} runs`, found.missing);
  else await report.check(`${name} runs`, () => runBuilt(trial, found.program));
}

/** Checks a snippet's types against the sources, unless it is known to fit, and runs it if it is for Deno. */
async function checkSnippet(trial: Trial, isFit: boolean): Promise<void> {
  const { snippet: { how }, folder: cwd } = trial;
  if (!ways.includes(how)) {
    throw new CheckError(`Say '<!-- snippet: WAY -->' above the block: ${ways.join(", ")}`);
  }
  const file = await write(trial, cwd);
  if (!isFit) await demand(deno, ["check", "--quiet", file], { cwd });
  if (how === "deno") await demand(deno, ["run", "-A", file], { cwd });
}

/** Runs a snippet with the package as npm delivers it. */
async function runBuilt(trial: Trial, program: string): Promise<void> {
  const cwd = await installBuilt();
  await demand(program, [await write(trial, cwd)], { cwd });
}

/** Writes a snippet to a file named for its place, and gives the name. */
async function write({ page, snippet: { line, code } }: Trial, folder: string): Promise<string> {
  const file = `${page.replaceAll(/[^a-z]+/gi, "-")}-${line}.ts`;
  await Deno.writeTextFile(`${folder}/${file}`, code);
  return file;
}

/** A configuration of Deno that finds every name of our entries in this checkout. */
export async function toConfig(): Promise<object> {
  const { imports, exports } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  for (const [entry, path] of Object.entries<string>(exports)) {
    for (const name of ["jsr:@millrace/millrace", "@millrace/millrace", "millrace"]) {
      imports[name + entry.slice(1)] = new URL(path, `file://${root}`).href;
    }
  }
  return { imports, lock: false, nodeModulesDir: "none" };
}
