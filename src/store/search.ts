/**
 * Searching jobs by their payloads, piece by piece, so that other work is done between two pieces.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { JobRecord } from "../protocol/record.ts";
import type { PayloadFilter } from "./expressions.ts";
import { jobOfId } from "./jobs.ts";
import { jobColumns } from "./jobs-table.ts";
import { rows, type Transition } from "./transition.ts";
import { isVisible, type JobSelection, whereMatches } from "./where.ts";

/** How many ids one statement reads. The rows are selected before any payload is read. */
const windowSize = 1000;

/** A search: its position, and what it looks for. */
export interface Search {
  readonly selection: JobSelection;
  readonly matches: PayloadFilter;
  readonly order: "asc" | "desc";
  /** The last id that was searched; undefined at the start. */
  readonly from: string | undefined;
  /** How many jobs it is to find at most. */
  readonly limit: number;
  /** Jobs whose retention ended by then are not seen; undefined sees all. */
  readonly now: number | undefined;
  readonly clock: Clock;
  /** When the piece ends, in ms since the epoch. */
  readonly until: number;
}

/** A piece of a search. */
export interface Found {
  readonly jobs: readonly JobRecord[];
  /** Where to go on; undefined at the end. */
  readonly next: string | undefined;
}

/** Searches until it has found enough, has come to the end, or it is time. */
export function* searchJobs(search: Search): Transition<Found> {
  const { matches, limit, clock, until } = search;
  const jobs: JobRecord[] = [];
  let at = search.from;
  while (true) {
    // A list of ids is a window of its own.
    const end = search.selection.id ? undefined : (yield* findWindowEnd(at, search.order));
    for (const id of yield* listWindow(search, at, end)) {
      const job = yield* jobOfId(`SELECT ${jobColumns()} FROM jobs`, id);
      at = id;
      if (job !== undefined && matches(job)) jobs.push(job);
      if (jobs.length === limit || clock.now() >= until) return { jobs, next: at };
    }
    if (end === undefined) return { jobs, next: undefined };
    at = end;
    if (clock.now() >= until) return { jobs, next: at };
  }
}

/** The last id of the next window; undefined when the rest is smaller than that. */
function* findWindowEnd(
  from: string | undefined,
  order: "asc" | "desc",
): Transition<string | undefined> {
  const [cursor, params] = behind(from, order);
  const [row] = yield* rows<{ id: string }>(
    `SELECT id FROM jobs WHERE ${cursor} ORDER BY id ${order} LIMIT 1 OFFSET ?`,
    [...params, windowSize - 1],
  );
  return row?.id;
}

function* listWindow(
  { selection, order, now }: Search,
  from: string | undefined,
  end: string | undefined,
): Transition<string[]> {
  const where = whereMatches(selection);
  const [cursor, params] = behind(from, order);
  const bound = end === undefined ? "" : `AND id ${order === "asc" ? "<=" : ">="} ?`;
  // In its case no index but that of the ids serves: another one would lead through all of a queue for each window.
  const condition = selection.id ? where.sql : `CASE WHEN ${where.sql} THEN 1 ELSE 0 END = 1`;
  const visible = now === undefined ? "" : `AND ${isVisible}`;
  const found = yield* rows<{ id: string }>(
    `SELECT id FROM jobs WHERE ${cursor} ${bound} ${visible} AND ${condition} ORDER BY id ${order}`,
    [
      ...params,
      ...(end === undefined ? [] : [end]),
      ...(now === undefined ? [] : [now]),
      ...where.params,
    ],
  );
  return found.map(({ id }) => id);
}

function behind(from: string | undefined, order: "asc" | "desc"): [string, string[]] {
  return from === undefined ? ["1 = 1", []] : [`id ${order === "asc" ? ">" : "<"} ?`, [from]];
}
