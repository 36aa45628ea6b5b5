/**
 * Which of several primaries is the newest one. A standby that is promoted begins a new timeline, with a higher number; the
 * primary before it, if nobody stopped it, goes on with the lower one, and takes writes that all others never see.
 *
 * @module
 */

import type { PgClient } from "./pool.ts";

/** The name of a file of the log begins with the number of the timeline, in 8 hexadecimal digits. */
const text = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline";

/**
 * Gives what refuses the connections to a primary whose place another one has taken, as far as it has seen that.
 *
 * It throws what is an outage.
 */
export function createTimelines(): (client: PgClient, timeoutMs: number) => Promise<void> {
  let newest = 0;
  return async (client, timeoutMs) => {
    const timeline = await readTimeline(client, timeoutMs);
    if (timeline === undefined) return;
    if (timeline < newest) {
      throw new Error(
        `the server was replaced: its timeline is ${timeline}, and that of the primary is ${newest}`,
      );
    }
    newest = timeline;
  };
}

/** Reads the number; undefined if the server has none, as others that speak as PostgreSQL does. */
async function readTimeline(client: PgClient, timeoutMs: number): Promise<number | undefined> {
  try {
    const { rows: [row] } = await client.query({ text, query_timeout: timeoutMs });
    const timeline = Number.parseInt(row.timeline, 16);
    return Number.isNaN(timeline) ? undefined : timeline;
  } catch (error) {
    if (error instanceof Error && "severity" in error) return undefined;
    throw error;
  }
}
