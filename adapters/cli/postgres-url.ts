/**
 * What tells the address of a PostgreSQL from the name of a file.
 *
 * @module
 */

/** Whether a text is an address of PostgreSQL. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(text);
}

/** The text as it may be logged. */
export function withoutPassword(text: string): string {
  if (!isPostgresUrl(text)) return text;
  return URL.canParse(text) ? new URL(text).host + new URL(text).pathname : "PostgreSQL";
}
