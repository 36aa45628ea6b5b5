/**
 * The picture in CONTRIBUTING.md against the table that the linter reads, so that the two cannot drift apart.
 *
 * @module
 */

import { type Room, rooms } from "../lint/rooms.ts";
import { root } from "./command.ts";
import { CheckError } from "./report.ts";

/** Fails unless every folder of `src/` and `adapters/` is on the map, every room at its level, and every named file there. */
export async function checkMap(): Promise<void> {
  const page = await Deno.readTextFile(`${root}CONTRIBUTING.md`);
  const faults = listMapFaults(page, rooms, await listFolders(["src", "adapters"]));
  for (const path of listNamedPaths(page)) {
    await Deno.stat(root + path).catch(() => faults.push(`'${path}' is named, and not there`));
  }
  if (faults.length > 0) throw new CheckError(`CONTRIBUTING.md:\n${faults.join("\n")}`);
}

/** What the page's map says other than the rooms and folders that there are. */
export function listMapFaults(
  page: string,
  rooms: readonly Room[],
  folders: readonly string[],
): string[] {
  const map = /```text\n(level[\s\S]*?)```/.exec(page)?.[1] ?? "";
  const levels = readLevels(map);
  const faults = folders
    .filter((folder) => !map.includes(folder))
    .map((folder) => `'${folder}' is not on the map`);
  for (const { level, paths } of rooms) {
    for (const path of paths) {
      const told = levels.get(path);
      if (told !== level) faults.push(`'${path}' is at level ${told ?? "none"}, not ${level}`);
    }
  }
  return faults;
}

/** The level that the map gives each path; a line without a level continues the one above. */
function readLevels(map: string): Map<string, number> {
  const levels = new Map<string, number>();
  let level = 0;
  for (const line of map.split("\n")) {
    level = Number(/^level (\d+)/.exec(line)?.[1] ?? level);
    for (const [path] of line.matchAll(/(?:src|adapters)\/\S+|mod\.ts/g)) levels.set(path, level);
  }
  return levels;
}

/** The paths in backticks that stand for one file or folder each. */
function listNamedPaths(page: string): string[] {
  return [...page.matchAll(/`((?:src|adapters|scripts|tests)\/[^`\s*<]*)`/g)].map(([, path]) =>
    path!
  );
}

async function listFolders(parents: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const parent of parents) {
    for await (const { name, isDirectory } of Deno.readDir(root + parent)) {
      if (isDirectory) {
        found.push(`${parent}/${name}/`, ...await listFolders([`${parent}/${name}`]));
      }
    }
  }
  return found;
}
