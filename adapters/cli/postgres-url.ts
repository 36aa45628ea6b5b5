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
