/**
 * The README's programs, taken out and tried.
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

/** Checks the README's snippets, and runs those that can be run. */
export async function checkSnippets(report: Report): Promise<void> {
  const snippets = findSnippets(await Deno.readTextFile(`${root}README.md`));
  const folder = await emptyFolder("snippets");
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(await toConfig()));
  for (const snippet of snippets) {
    const name = `README.md:${snippet.line} (${snippet.how})`;
    await report.check(name, () => checkSnippet(snippet, folder));
    if (snippet.how !== "node" && snippet.how !== "bun") continue;
    const found = await findRuntime(snippet.how === "node" ? "node24" : "bun");
    if ("missing" in found) report.skip(`${name} runs`, found.missing);
    else await report.check(`${name} runs`, () => runBuilt(snippet, found.program));
  }
}

/** Checks a snippet's types against the sources, and runs it if it is for Deno. */
async function checkSnippet({ how, code, line }: Snippet, cwd: string): Promise<void> {
  if (!ways.includes(how)) {
    throw new CheckError(`Say '<!-- snippet: WAY -->' above the block: ${ways.join(", ")}`);
  }
  const file = `line-${line}.ts`;
  await Deno.writeTextFile(`${cwd}/${file}`, code);
  await demand(deno, ["check", "--quiet", file], { cwd });
  if (how === "deno") await demand(deno, ["run", "-A", file], { cwd });
}

/** Runs a snippet with the package as npm delivers it. */
async function runBuilt({ code, line }: Snippet, program: string): Promise<void> {
  const cwd = await installBuilt();
  const file = `line-${line}.ts`;
  await Deno.writeTextFile(`${cwd}/${file}`, code);
  await demand(program, [file], { cwd });
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
