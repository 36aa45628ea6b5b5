/**
 * Files of the checkout, by folder and ending.
 *
 * @module
 */

import { root } from "./command.ts";

/** The files under a folder whose names end so, as sorted paths from the root. */
export async function listFiles(folder: string, ending: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(root + folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await listFiles(path, ending));
    else if (name.endsWith(ending)) found.push(path);
  }
  return found.sort();
}
