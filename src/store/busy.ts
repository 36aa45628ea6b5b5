/**
 * The error of a database that could not do something in time, and may the next moment.
 *
 * @module
 */

import { StoreError } from "../errors.ts";

/**
 * Nothing was changed, because others were in the way: they held what had to be changed, or the server's administrator allows
 * it less time than it took. The broker answers 503, and whoever asked may ask again.
 */
export class BusyStoreError extends StoreError {}
