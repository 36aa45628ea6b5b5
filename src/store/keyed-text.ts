/**
 * Statements about many rows, whose keys are parameters.
 *
 * An UPDATE or a DELETE that finds its rows by a subselect, such as one over the text of a JSON array, first gathers their
 * keys and then looks up each row once more. With a list of parameters SQLite goes over them once: taking jobs and
 * deleting them costs a tenth less CPU, for two jobs as for a hundred.
 *
 * @module
 */

import type { SqlValue } from "./database.ts";
import { run, type Transition } from "./transition.ts";

/** A statement whose last parameters are keys. */
export interface KeyedText {
  /** The text for so many keys. */
  of(count: number): string;
}

/** Keys of one run at most: a Durable Object takes 100 parameters, and there are others besides. */
const mostKeys = 80;

/** The statement that begins with `head` and ends with the condition that `column` is one of the keys. */
export function toKeyedText(head: string, column: string): KeyedText {
  const texts = new Map<number, string>();
  return {
    of(count) {
      let text = texts.get(count);
      if (text === undefined) {
        const list = new Array<string>(count).fill("?").join(", ");
        texts.set(count, text = `${head} ${column} IN (${list})`);
      }
      return text;
    },
  };
}

/** Runs a statement on the rows with these keys, after its other parameters. Gives how many rows it changed. */
export function* runOnKeys(
  text: KeyedText,
  params: readonly SqlValue[],
  keys: readonly number[],
): Transition<number> {
  let changed = 0;
  for (let at = 0; at < keys.length; at += mostKeys) {
    const values = [...params, ...keys.slice(at, at + mostKeys)];
    const width = toWidth(values.length - params.length);
    while (values.length < params.length + width) values.push(keys[at]!);
    changed += yield* run(text.of(width), values);
  }
  return changed;
}

/**
 * How many parameters there are for so many keys: up to a quarter more, filled up with a key that is there, so that there
 * are few texts.
 */
function toWidth(count: number): number {
  if (count <= 8) return count;
  const step = 2 ** (29 - Math.clz32(count - 1));
  return Math.ceil(count / step) * step;
}
