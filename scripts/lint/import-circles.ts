/**
 * No file may be on an import circle: what goes round can be neither read nor moved one file at a time, and which of
 * the files runs first is then an accident. Imports of types count too, and so do those at run time.
 *
 * @module
 */

import { CheckError } from "../gate/report.ts";
import { readModuleNames } from "./module-names.ts";
import { toTarget } from "./place.ts";
import { readSources } from "./sources.ts";

/** Fails if a file of `src/` or `adapters/` is on an import circle. */
export async function checkImportCircles(): Promise<void> {
  const circles = listImportCircles(await readSources(["src", "adapters"]));
  if (circles.length === 0) return;
  throw new CheckError(
    `Move what both sides need to a file below them:\n${circles.join("\n")}`,
  );
}

/**
 * Says each import circle as `a.ts → b.ts → a.ts`; of circles that share files, one.
 *
 * @param sources The text of each file by its path; imports of other files are passed over.
 */
export function listImportCircles(sources: ReadonlyMap<string, string>): string[] {
  const targets = new Map<string, string[]>();
  for (const [place, text] of sources) {
    const found = readModuleNames(text).imports
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier }) => toTarget(place, specifier));
    targets.set(place, found.filter((target) => sources.has(target)));
  }

  const circles: string[] = [];
  const way: string[] = [];
  const left = new Set<string>();
  const told = new Set<string>();
  const visit = (place: string): void => {
    const start = way.indexOf(place);
    if (start >= 0) {
      const circle = way.slice(start);
      if (!circle.some((file) => told.has(file))) circles.push([...circle, place].join(" → "));
      for (const file of circle) told.add(file);
      return;
    }
    if (left.has(place)) return;
    way.push(place);
    for (const target of targets.get(place)!) visit(target);
    way.pop();
    left.add(place);
  };
  for (const place of targets.keys()) visit(place);
  return circles;
}
