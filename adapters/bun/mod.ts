/**
 * What Millrace needs of Bun: a database, a port, signals.
 *
 * @module
 */

export type { OpenSqliteOptions } from "../sqlite/driver.ts";
export { openSqlite } from "./sqlite.ts";
