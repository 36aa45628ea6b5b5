/**
 * A statement of the store, as the driver takes it.
 *
 * PostgreSQL has no text with U+0000 in it, and fails a statement that is given one. A name with it is none that exists, and what
 * cannot exist is not found: where rows are looked for, another text that none has takes its place. What is stored was checked
 * before, or goes as bytes.
 *
 * @module
 */

import type { SqlValue } from "../../src/store/database.ts";
import type { PgQuery } from "./pool.ts";
import { types } from "./values.ts";

/** Statements with more parameters are INSERTs of many rows, of which no two have to be of one length: not prepared. */
const mostParams = 250;

/** What is known of the text of a statement. */
interface Known {
  /** The name of the prepared statement. */
  readonly name: string;
  /** Whether it looks for rows. */
  readonly looks: boolean;
  /** Which of its parameters are lists in JSON. */
  readonly lists: ReadonlySet<number>;
}

const known = new Map<string, Known>();

/** Gives the query. What has the same text is prepared once for each connection. */
export function toQuery(text: string, params: readonly SqlValue[]): PgQuery {
  const values = params as SqlValue[];
  if (params.length > mostParams) return { text, values, types };
  const { name, looks, lists } = know(text);
  return { name, text, values: looks ? withoutNul(values, lists) : values, types };
}

function know(text: string): Known {
  let found = known.get(text);
  if (found === undefined) {
    if (known.size >= 4000) known.clear();
    const lists = [...text.matchAll(/CAST\(\$(\d+) AS jsonb\)/g)].map(([, at]) => Number(at) - 1);
    found = {
      name: `millrace_${hash(text)}`,
      looks: !text.startsWith("INSERT"),
      lists: new Set(lists),
    };
    known.set(text, found);
  }
  return found;
}

/** Stands where U+0000 was. */
const nowhere = `\uFFFF${crypto.randomUUID()}`;
/** U+0000 in a text of JSON: its backslash is not itself the second one of a pair. */
const escapedNul = /(?<=(?:^|[^\\])(?:\\\\)*)\\u0000/g;

function withoutNul(values: SqlValue[], lists: ReadonlySet<number>): SqlValue[] {
  const toFindable = (value: SqlValue, at: number): SqlValue => {
    if (typeof value !== "string") return value;
    if (value.includes("\0")) return value.replaceAll("\0", nowhere);
    return lists.has(at) ? value.replace(escapedNul, nowhere) : value;
  };
  const isPlain = (value: SqlValue, at: number) =>
    typeof value !== "string" ||
    !value.includes("\0") && !(lists.has(at) && value.includes("\\u0000"));
  return values.every(isPlain) ? values : values.map(toFindable);
}

/**
 * The same text has the same name, whichever copy of this module asks: they may have one pool. The driver refuses a name
 * that another text has, so no statement is ever taken for another one.
 */
function hash(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x5f356495);
  }
  return ((high >>> 0) * 2 ** 21 + (low >>> 11)).toString(36) + (low >>> 0).toString(36);
}
