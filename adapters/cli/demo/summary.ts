/**
 * What the demo prints at the end.
 *
 * @module
 */

import { type FileFacts, topOf } from "./file-facts.ts";
import type { Totals } from "./ledger.ts";
import { count, seconds } from "./progress.ts";

/** One row of the table: how many jobs, in how long. */
export interface Stage {
  readonly name: string;
  readonly jobs: number;
  readonly ms: number;
}

/** The table of rates. */
export function describeStages(stages: readonly Stage[]): string {
  const rows = [
    ["", "jobs", "seconds", "per second"],
    ...stages.map((
      { name, jobs, ms },
    ) => [name, count(jobs), seconds(ms), count(jobs / ms * 1000)]),
  ];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[at]! + 3)).join(
      "",
    )
  ).join("\n");
}

/** What the files contain, in two lines; no line if there were no files. */
export function describeFiles(files: readonly FileFacts[]): string[] {
  if (files.length === 0) return [];
  const sum = (of: (facts: FileFacts) => number) =>
    count(files.reduce((total, facts) => total + of(facts), 0));
  const top = topOf(files.flatMap(({ top }) => top)).slice(0, 8);
  return [
    `${count(files.length)} files: ${sum(({ bytes }) => bytes)} bytes, ${
      sum(({ lines }) => lines)
    } lines, ${sum(({ words }) => words)} words, ${
      count(new Set(files.map(({ digest }) => digest)).size)
    } different`,
    `Their words: ${top.map(([word, times]) => `${word} (${count(times)})`).join(", ")}`,
  ];
}

/** What followed from the death of a worker. */
export function describeRedelivery({ startedAgain, ranTwice, completedTwice }: Totals): string {
  return `The killed worker left ${count(startedAgain.length)} jobs that the other started again, ${
    count(ranTwice.length)
  } of them already done but not acknowledged; ${
    count(completedTwice.length)
  } were completed twice`;
}

/** The last line, for people and scripts. */
export function describeTotals({ enqueued, completed, retried, lost }: Totals): string {
  return `demo: ${enqueued} enqueued, ${completed} completed, ${retried} retried, ${lost.length} lost`;
}
