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
import type { KeyedText, Transition } from "./transition.ts";

/** Keys of one run at most: a Durable Object takes 100 parameters, and there are others besides. */
export const mostKeys = 80;

/** The statement that begins with `head` and ends with the condition that `column` is one of the keys. */
export function toKeyedText(
  head: string,
  column: string,
  { sparesReady = false }: Partial<Pick<KeyedText, "sparesReady">> = {},
): KeyedText {
  const texts = new Map<number, string>();
  return {
    sparesReady,
    ofList: `${head} ${column} = ANY (CAST(? AS BIGINT[]))`,
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

/**
 * Runs a statement on the rows with these keys, after its other parameters.
 *
 * @param otherwise What is wrong if it does not change all of them. Given where that is hardly ever so: a database that is far
 * is not waited for then, and the transaction fails with this before it is committed.
 * @returns How many rows it changed. With `otherwise` perhaps how many it should have.
 */
export function* runOnKeys(
  text: KeyedText,
  params: readonly SqlValue[],
  keys: readonly number[],
  otherwise?: () => Error,
): Transition<number> {
  if (keys.length === 0) return 0;
  return (yield { kind: "keys", text, params, keys, otherwise })[0]!;
}

/**
 * How many parameters there are for so many keys: up to a quarter more, filled up with a key that is there, so that there
 * are few texts.
 */
export function toWidth(count: number): number {
  if (count <= 8) return count;
  const step = 2 ** (29 - Math.clz32(count - 1));
  return Math.ceil(count / step) * step;
}
