/**
 * The values of those who use the engine: JSON with JavaScript's numbers. Within it, see `json.ts`.
 *
 * @module
 */

/** A JSON value, as `JSON.parse` gives it. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };
