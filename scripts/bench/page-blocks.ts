/**
 * The parts of `docs/performance.md` that are measured: each stands between two comments that name its bench.
 *
 * @module
 */

import type { Report } from "./bench.ts";

const toStart = (name: string) => `<!-- measured: ${name} -->`;
const toEnd = (name: string) => `<!-- end: ${name} -->`;

/** A block: its comments, what was measured when and where, and the tables. */
export function toBlock(
  { bench, revision, machine, measuredAt }: Omit<Report<unknown>, "results">,
  tables: string,
): string {
  const day = measuredAt.slice(0, 10);
  const origin = `Measured on ${day} at revision \`${revision}\` on ${machine}.`;
  return [toStart(bench), origin, tables, toEnd(bench)].join("\n\n");
}

/**
 * Puts a block where the page has the one of this name.
 *
 * @throws {Error} If the page has no such block.
 */
export function replaceBlock(page: string, name: string, block: string): string {
  const start = page.indexOf(toStart(name));
  const end = page.indexOf(toEnd(name), start);
  if (start < 0 || end < 0) throw new Error(`The page has no block '${name}'`);
  return page.slice(0, start) + block + page.slice(end + toEnd(name).length);
}
