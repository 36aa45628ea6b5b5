/**
 * Texts that may hold U+0000, as the UTF-8 bytes that are stored: some drivers cut a text there, and PostgreSQL takes
 * none.
 *
 * @module
 */

const encoder = new TextEncoder();
/** With memory behind it: Node 22 stores a NULL for empty bytes that have none. */
const empty = new Uint8Array(new ArrayBuffer(1), 0, 0);
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes to store; null stays null. */
export function toBytes(text: string): Uint8Array<ArrayBuffer>;
export function toBytes(text: string | null): Uint8Array<ArrayBuffer> | null;
export function toBytes(text: string | null): Uint8Array<ArrayBuffer> | null {
  return text === null ? null : text === "" ? empty : encoder.encode(text);
}

/** A row with a unique key, as it was read. */
export interface KeyedRow {
  uniqueKey: string | Uint8Array | null;
}

/**
 * Puts the text of the unique key into rows that hold its bytes. The rows themselves are changed, as nobody else has
 * them: a copy of every job would cost more than reading it.
 */
export function withTextKeys<Row>(
  found: readonly KeyedRow[],
): Row[] {
  for (const row of found) {
    if (row.uniqueKey !== null) row.uniqueKey = fromBytes(row.uniqueKey as Uint8Array);
  }
  return found as unknown as Row[];
}

/** The text of bytes that were stored; null stays null. */
export function fromBytes(bytes: Uint8Array): string;
export function fromBytes(bytes: Uint8Array | null): string | null;
export function fromBytes(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes);
}
