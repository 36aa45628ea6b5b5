/**
 * The files of a folder.
 *
 * @module
 */

import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Folders that no person wrote: `.git`, caches, what was installed. */
const isSkipped = (name: string) => name.startsWith(".") || name === "node_modules";

/** Larger files would only show how fast the disk is. */
const maxFileBytes = 16 * 1024 * 1024;

/** Gives the paths of regular files below `folder`, at most `limit`. */
export async function* walk(folder: string, limit: number): AsyncGenerator<string> {
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined && limit > 0; next = folders.pop()) {
    for await (const entry of await opendir(next)) {
      const path = join(next, entry.name);
      if (entry.isDirectory() && !isSkipped(entry.name)) folders.push(path);
      if (!entry.isFile() || (await stat(path)).size > maxFileBytes) continue;
      yield path;
      if (--limit === 0) return;
    }
  }
}
