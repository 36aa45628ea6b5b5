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

/** Statements that may be under way at a time; the oldest is given up, and the worker will say it again. */
const mostAtOnce = 200;

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

/** Creates it. */
export function createPartCollector(): PartCollector {
  const open = new Map<string, string[]>();
  return {
    add(from, [, run, number, index, count, text]) {
      const name = `${from} ${run} ${number}`;
      const parts = open.get(name) ?? [];
      open.set(name, parts);
      parts[index] = text;
      if (open.size > mostAtOnce) open.delete(open.keys().next().value!);
      if (Object.keys(parts).length < count) return undefined;
      open.delete(name);
      return JSON.parse(parts.join(""));
    },
  };
}
