/**
 * What tells the address of a PostgreSQL from the name of a file.
 *
 * @module
 */

import { UsageError } from "./options.ts";

/** Whether a text is an address of PostgreSQL. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(text);
}

/**
 * Refuses an address of something else, which would be taken for the name of a file.
 *
 * @throws {UsageError} If it is one. Only its scheme is shown, as there may be a password in it.
 */
export function demandData(text: string): void {
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text)?.[1];
  if (scheme === undefined || isPostgresUrl(text)) return;
  throw new UsageError(
    `Flag '--data' is an address that begins with '${scheme}://', expected a file, ':memory:' or 'postgres://…'`,
  );
}

/** The text as it may be logged. */
export function withoutPassword(text: string): string {
  if (!isPostgresUrl(text)) return text;
  return URL.canParse(text) ? new URL(text).host + new URL(text).pathname : "PostgreSQL";
}

/**
 * Refuses to seem to decide what the server decides.
 *
 * @throws {UsageError} If a mode was asked for that is no default.
 */
export function demandCommitMode(mode: "buffered" | "fsync"): void {
  if (mode === "buffered") return;
  throw new UsageError(
    `Flag '--default-commit-mode' is '${mode}' with a PostgreSQL, expected its own setting 'synchronous_commit'`,
  );
}
