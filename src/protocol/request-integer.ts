/**
 * Instants and durations of requests.
 *
 * @module
 */

import type { GenericSchema } from "valibot";
import { largeInteger } from "./schema.ts";
import { lastBelowBeyond } from "./integral-float.ts";

/**
 * An integer from 0 to 2^64 − 1, as a request spells it; above 2^53 − 1 it is read as 2^53 − 1.
 *
 * What reads request bodies tells 2^64 − 1 from 2^64 by the text (`raw-body.ts`): here 2^64 is one too many.
 */
export const requestU64: GenericSchema<unknown, number> = largeInteger(lastBelowBeyond);
