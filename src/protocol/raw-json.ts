/**
 * JSON that is written already: the one way to write a number that JavaScript has not.
 *
 * @module
 */

/** What `JSON.stringify` writes as this text. In ES2026, and in no type library yet. */
export function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}
