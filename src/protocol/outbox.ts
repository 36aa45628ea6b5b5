/**
 * What those who write to the outbox of a broker's database and the brokers have in common, besides its tables.
 *
 * @module
 */

/** The schema of a broker on PostgreSQL that nobody has named. */
export const defaultSchema = "millrace";

/** The channel on which the brokers of a schema are told what happened. PostgreSQL cuts longer names. */
export function channelOf(schema: string): string {
  return `millrace ${schema}`.slice(0, 63);
}

/** The name that stands in news which are told by no broker. */
export const outsider = "";

/** What tells the brokers that there is something in the outbox. */
export const outboxNews: string = JSON.stringify([outsider, ["due", "outbox", 0]]);
