/**
 * What those who write to the outbox of a broker's database and the brokers have in common, besides its tables.
 *
 * @module
 */

/** The schema of a broker on PostgreSQL that nobody has named. */
export const defaultSchema = "millrace";

/** The longest name that PostgreSQL keeps, in bytes of UTF-8. */
export const mostNameBytes = 63;

const encoder = new TextEncoder();

/** How long a name is for PostgreSQL, in bytes. */
export function nameBytes(name: string): number {
  return encoder.encode(name).length;
}

/**
 * The channel on which the brokers of a schema are told that there is something in the outbox. Anybody who can log in may talk
 * there. It is cut as PostgreSQL cuts a name: to 63 bytes, and not within a character.
 */
export function channelOf(schema: string): string {
  const bytes = encoder.encode(`millrace ${schema}`);
  if (bytes.length <= mostNameBytes) return `millrace ${schema}`;
  let end = mostNameBytes;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/** What tells the brokers that there is something in the outbox: news of nobody, as earlier brokers read them. */
export const outboxNews: string = JSON.stringify(["", ["due", "outbox", 0]]);

/** Whether a text on that channel is such a hint, and not what earlier brokers tell each other there. */
export function isOutboxHint(text: string): boolean {
  return text.startsWith('["",');
}

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
