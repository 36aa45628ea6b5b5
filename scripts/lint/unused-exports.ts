/**
 * An export that no other file imports is removed, or kept in its file:
 *
 *     deno run -A scripts/lint/unused-exports.ts
 *
 * | An export                                     | Counts as used                                    |
 * | --------------------------------------------- | ------------------------------------------------- |
 * | of a public entry (`exports` of `deno.json`)  | always                                            |
 * | that another file imports or re-exports       | yes, also if only a test does                     |
 * | `default`                                     | always: tools take it by the name of the file     |
 * | an interface or type that its own file uses   | yes: it names what one of its functions takes     |
 * | any other                                     | no                                                |
 *
 * @module
 */

import { root } from "../gate/command.ts";
import { CheckError } from "../gate/report.ts";
import { readModuleNames } from "./module-names.ts";
import { toTarget } from "./place.ts";
import { readSources } from "./sources.ts";

/** Fails if `src/`, `adapters/` or `scripts/` export a name that nobody uses. */
export async function checkUnusedExports(): Promise<void> {
  const sources = await readSources(["src", "adapters", "scripts", "tests"]);
  sources.set("mod.ts", await Deno.readTextFile(`${root}mod.ts`));
  const { exports } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const entries = Object.values<string>(exports).map((path) => path.replace("./", ""));
  const unused = listUnusedExports(sources, new Set(entries))
    .filter((found) => !/^tests\/|\.test\.ts: /.test(found));
  if (unused.length === 0) return;
  throw new CheckError(`Remove these exports, or keep them in their files:\n${unused.join("\n")}`);
}

/**
 * Lists the exports that no other file uses, as `path: name`.
 *
 * @param sources The text of each file by its path.
 * @param entries The files whose exports are public.
 */
export function listUnusedExports(
  sources: ReadonlyMap<string, string>,
  entries: ReadonlySet<string>,
): string[] {
  const modules = [...sources].map(([place, text]) => ({ place, text, ...readModuleNames(text) }));
  const used = new Set<string>();
  for (const { place, imports } of modules) {
    for (const { specifier, names } of imports) {
      if (!specifier.startsWith(".")) continue;
      const target = toTarget(place, specifier);
      if (names === "all") used.add(target);
      else for (const name of names) used.add(`${target}: ${name}`);
    }
  }
  return modules.flatMap(({ place, text, exports }) =>
    entries.has(place) || used.has(place) ? [] : exports
      .filter((name) => !isTypeInUse(text, name))
      .map((name) => `${place}: ${name}`)
      .filter((found) => !used.has(found))
  );
}

/** Whether a name is that of an interface or type, and stands in its file a second time. */
function isTypeInUse(text: string, name: string): boolean {
  if (!new RegExp(`^export (?:interface|type) ${name}\\b`, "m").test(text)) return false;
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  return [...code.matchAll(new RegExp(`\\b${name}\\b`, "g"))].length > 1;
}

if (import.meta.main) {
  try {
    await checkUnusedExports();
    console.log("Every export is used");
  } catch (error) {
    if (!(error instanceof CheckError)) throw error;
    console.log(error.message);
    Deno.exit(1);
  }
}
