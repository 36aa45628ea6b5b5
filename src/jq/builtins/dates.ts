/**
 * Dates.
 *
 * @module
 */
import type { ValueRow } from "./row.ts";
/** Dates. */
export const dates: Readonly<Record<string, ValueRow>> = {};
