/**
 * The files of the checkout that checks over several files read.
 *
 * @module
 */

import { root } from "../gate/command.ts";
import { listFiles } from "../gate/files.ts";

/** The text of each TypeScript file in some folders, by its path from the root. */
export async function readSources(folders: readonly string[]): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const end of [".ts", ".tsx"]) {
      for (const path of await listFiles(folder, end)) {
        sources.set(path, await Deno.readTextFile(root + path));
      }
    }
  }
  return sources;
}
