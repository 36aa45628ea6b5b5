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

/**
 * An entry of an outbox, as the body of `POST /jobs`, or of `PUT /jobs/{id}` where a job that is there stays.
 *
 * @param entry Its text, and when it was written, in ms since the epoch: what a delay is counted from, if it is known.
 * @throws {SyntaxError} If the text is no JSON.
 * @throws {TypeError} If it is no object.
 */
export function toRelayedBodies(
  { job, storedAt }: { readonly job: string; readonly storedAt: number | undefined },
): { readonly enqueue: object; readonly put: object } {
  const value = JSON.parse(job);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("expected an object");
  }
  const { delay_ms: delayMs, ...others } = value;
  const isTimed = Number.isFinite(delayMs) && storedAt !== undefined;
  const enqueue = isTimed ? { ...others, ready_at: storedAt + delayMs } : value;
  return { enqueue, put: { ...enqueue, on_conflict: "keep" } };
}
