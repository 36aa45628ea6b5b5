/**
 * The error of a database that takes no more changes, as opposed to one that fails now and then.
 *
 * @module
 */

import { StoreError } from "../errors.ts";

/**
 * The file of the database is gone or damaged. What would be committed might never be read again, so every commit is
 * refused: until the file is back, or until the broker is restarted on a good one. The broker answers 503, and logs it
 * once for each instance: a database throws the same instance for as long as the same thing is wrong.
 */
export class UnusableStoreError extends StoreError {}
