/**
 * What PostgreSQL says differently.
 *
 * All SQL of the store is written for SQLite and runs there as it is. Where PostgreSQL needs other words, the
 * text has a hook: a constant or a function of this file. {@linkcode toPostgres} puts PostgreSQL's words in the place
 * of the hooks, once for each text.
 *
 * | Hook               | SQLite                       | PostgreSQL                                              |
 * | ------------------ | ---------------------------- | ------------------------------------------------------- |
 * | a parameter        | `?`                          | `$1`, `$2`, …                                           |
 * | {@linkcode isOneOf} | `json_each`                 | `jsonb_array_elements_text`                             |
 * | {@linkcode isOneOfSelected} | `IN (SELECT …)`      | `= ANY (ARRAY(SELECT …))`, which is run once            |
 * | {@linkcode claimRows} | nothing: nobody else writes | `FOR UPDATE SKIP LOCKED`                              |
 * | {@linkcode lockRows} | nothing                     | `FOR UPDATE`                                            |
 * | types of columns   | as they are                  | `BIGINT`, `BYTEA`, `TEXT COLLATE "C"` (the order of bytes) |
 * | `WITHOUT ROWID`    | the rows stand in the tree of the primary key | nothing                                |
 * | `seq` in a comment | nothing: each index ends in the key of the row | `, seq`, as the last column of the index |
 *
 * @module
 */

/** Ends a SELECT that claims rows: those that another broker has locked are skipped, the others are locked. */
export const claimRows = "/* claim */";

/** Ends a SELECT whose rows are changed later in the transaction: others that want to change them wait. */
export const lockRows = "/* lock */";

const inTexts = "IN (SELECT value FROM json_each(?))";
const inIntegers = "IN (SELECT value /* integers */ FROM json_each(?))";

/**
 * The condition that a column has one of the values of a list, which is bound as one parameter: the text of a JSON
 * array. So the text stays the same for any number of values, and no limit on parameters is met.
 */
export function isOneOf(column: string, kind: "texts" | "integers"): string {
  return `${column} ${kind === "texts" ? inTexts : inIntegers}`;
}

const selectedBegin = "IN (/* once */";
const selectedEnd = "/* once */)";

/** The condition that a column has one of the values that a SELECT gives. */
export function isOneOfSelected(column: string, select: string): string {
  return `${column} ${selectedBegin} ${select} ${selectedEnd}`;
}

const jsonItems = "jsonb_array_elements_text(CAST(? AS jsonb))";

/** A statement in PostgreSQL's words, with `$1`, `$2`, … for its parameters. */
export function toPostgres(sql: string): string {
  let count = 0;
  return sql
    // As an array, and not as a subselect, PostgreSQL looks the values up by an index.
    .replaceAll(inTexts, `= ANY (ARRAY(SELECT ${jsonItems}))`)
    .replaceAll(inIntegers, `= ANY (ARRAY(SELECT CAST(${jsonItems} AS BIGINT)))`)
    .replaceAll(selectedBegin, "= ANY (ARRAY(")
    .replaceAll(selectedEnd, "))")
    .replaceAll(claimRows, "FOR UPDATE SKIP LOCKED")
    .replaceAll(lockRows, "FOR UPDATE")
    .replaceAll("?", () => `$${++count}`);
}

/** Statements that make tables, in PostgreSQL's words. */
export function toPostgresSchema(sql: string): string {
  return sql
    .replaceAll("/* , seq */", ", seq")
    .replaceAll(" WITHOUT ROWID", "")
    .replaceAll(
      "INTEGER PRIMARY KEY AUTOINCREMENT",
      "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    )
    .replace(/\bINTEGER\b/g, "BIGINT")
    .replace(/\bTEXT\b/g, 'TEXT COLLATE "C"')
    .replace(/\bBLOB\b/g, "BYTEA");
}

/** SQLSTATEs of transactions that failed because of others that ran beside them, and that may be tried again. */
const passing: ReadonlySet<string> = new Set([
  "40001", // serialization failure
  "40P01", // deadlock
  "23505", // unique violation: another broker has stored the same key since it was looked for
]);

/** Whether a transaction that failed with this error may succeed when it runs again. */
export function mayRunAgain(error: unknown): boolean {
  return hasState(error, (state) => passing.has(state));
}

/**
 * Whether a transaction failed because of what it was given, and will fail again: a value that cannot be (class 22), one that
 * breaks a rule (23), or one that is too large (54).
 */
export function isAboutData(error: unknown): boolean {
  return hasState(error, (state) => /^(22|23|54)/.test(state));
}

/** Whether an error, or what caused it, has such an SQLSTATE. */
function hasState(error: unknown, isSuch: (state: string) => boolean): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as { readonly code?: unknown };
    if (typeof code === "string" && isSuch(code)) return true;
  }
  return false;
}
