/**
 * The query strings of the calls on cron entries.
 *
 * @module
 */

import { invalid, readInteger, readParams } from "./query.ts";

/** The most times of a cron entry that an answer has. */
const mostTimes = 100n;

/** What `GET /crons/{group}/entries/{entry}/next` asks for. */
export interface NextQuery {
  /** How many times. */
  readonly count: number;
  /** Another expression than that of the entry, which need not be there then. */
  readonly expression: string | undefined;
  /** The time zone of that expression; undefined for the one of the entry or its group. */
  readonly timezone: string | undefined;
}

/** Reads the query string of `GET /crons/{group}/entries/{entry}/next`. Throws `QueryError`. */
export function readNextTimesQuery(search: string): NextQuery {
  const params = readParams(search, ["count", "expression", "timezone"]);
  const count = params.get("count");
  const [expression, timezone] = [params.get("expression"), params.get("timezone")];
  if (timezone !== undefined && expression === undefined) {
    throw invalid("'timezone' needs an 'expression'");
  }
  return {
    count: count === undefined ? 10 : readInteger("count", count, mostTimes),
    expression,
    timezone,
  };
}
