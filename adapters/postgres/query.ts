/**
 * A statement of the store, as the driver takes it.
 *
 * @module
 */

import type { SqlValue } from "../../src/store/database.ts";
import type { PgQuery } from "./pool.ts";
import { types } from "./values.ts";

/** Statements with more parameters are INSERTs of many rows, of which no two have to be of one length: not prepared. */
const mostParams = 250;

/** The names of prepared statements. */
const names = new Map<string, string>();

/** Gives the query. What has the same text is prepared once for each connection. */
export function toQuery(text: string, params: readonly SqlValue[]): PgQuery {
  const values = params as SqlValue[];
  return params.length > mostParams
    ? { text, values, types }
    : { name: nameOf(text), text, values, types };
}

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    if (names.size >= 4000) names.clear();
    names.set(text, name = `millrace_${hash(text)}`);
  }
  return name;
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
