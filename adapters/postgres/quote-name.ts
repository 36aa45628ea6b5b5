/**
 * Names in statements.
 *
 * @module
 */

/** The name of a schema or table, as SQL has it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
