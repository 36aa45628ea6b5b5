/**
 * The error of a database that has no room for names as long as it was given.
 *
 * @module
 */

import { StoreError } from "../errors.ts";

/**
 * An index has no room for a name. Nothing was changed, and it will not be otherwise the next time: the broker answers 400.
 * The protocol has no limit for names, and SQLite has none.
 */
export class TooLongStoreError extends StoreError {}
