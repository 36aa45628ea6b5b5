/**
 * What a worker says of itself, on its way to the broker that has its stream: cut in parts, as news are short.
 *
 * @module
 */

import type { WorkerStatement } from "../../protocol/worker-statement.ts";

/** A part of a statement: the run of the worker, the number of the statement, which part of how many, and its text. */
export type StatementPart = readonly [
  kind: "said",
  run: string,
  number: number,
  index: number,
  count: number,
  text: string,
];

/** Characters of a part: fewer than 7000 bytes, whatever they are. */
const lengthOfPart = 2000;

/** Parts of one statement at most. News that are longer than so many parts are not told at all. */
export const mostParts = 1000;

/** Statements that may be under way at a time, and parts of them; the oldest is given up, and the worker will say it again. */
const mostAtOnce = 200;
const mostPartsAtOnce = 4000;

/** Cuts a statement. */
export function toParts(run: string, statement: WorkerStatement, number: number): StatementPart[] {
  const text = JSON.stringify(statement);
  const count = Math.ceil(text.length / lengthOfPart);
  return Array.from({ length: count }, (_, index) => {
    const part = text.slice(index * lengthOfPart, (index + 1) * lengthOfPart);
    return ["said", run, number, index, count, part];
  });
}

/** Puts parts together. */
export interface PartCollector {
  /** Adds a part of a broker; gives the statement once all are there. */
  add(from: string, part: StatementPart): WorkerStatement | undefined;
}

/** Creates it; `isStatement` tells whether the parts have made one. */
export function createPartCollector(
  isStatement: (value: unknown) => value is WorkerStatement,
): PartCollector {
  const open = new Map<string, Map<number, string>>();
  let held = 0;

  const close = (name: string) => {
    held -= open.get(name)?.size ?? 0;
    open.delete(name);
  };

  return {
    add(from, [, run, number, index, count, text]) {
      const name = JSON.stringify([from, run, number]);
      const parts = open.get(name) ?? new Map<number, string>();
      open.set(name, parts);
      if (!parts.has(index)) held++;
      parts.set(index, text);
      if (parts.size >= count) {
        close(name);
        return toStatement([...parts].sort(([one], [other]) => one - other), isStatement);
      }
      while (open.size > mostAtOnce || held > mostPartsAtOnce) close(open.keys().next().value!);
      return undefined;
    },
  };
}

function toStatement(
  parts: readonly (readonly [index: number, text: string])[],
  isStatement: (value: unknown) => value is WorkerStatement,
): WorkerStatement | undefined {
  try {
    const value: unknown = JSON.parse(parts.map(([, text]) => text).join(""));
    return isStatement(value) ? value : undefined;
  } catch {
    return undefined; // Parts of different statements.
  }
}
