/**
 * The calls that cancel jobs, try them again, and wait for their ends.
 *
 * @module
 */

import {
  type CancelCounts,
  readCancelCounts,
  readCancelled,
  readRetried,
  toCancelWire,
} from "../protocol/ends.ts";
import { type JobFilter, matchesNothing } from "../protocol/filter.ts";
import { readJob } from "../protocol/job-read.ts";
import { endRoutes } from "../protocol/routes.ts";
import type { BulkFilter } from "./bulk-filter.ts";
import { callOwn } from "./endpoint.ts";
import type { JobControl } from "./job-control.ts";
import type { WaitForOptions } from "./job-ends.ts";
import type { Transport } from "./transport.ts";
import { waitForMany, waitForOne } from "./wait-for.ts";

/**
 * Creates the calls.
 *
 * @param toBulkQuery The query of a change of many jobs.
 */
export function createControlCalls(
  transport: Transport,
  toBulkQuery: (filter: BulkFilter) => string[],
): JobControl {
  const call = callOwn(transport);
  return {
    async cancel(id, { signal, timeoutMs, waitMs = 0, ...wish } = {}) {
      const body = toCancelWire(wish, waitMs);
      const bounds = { signal, timeoutMs: timeoutMs ?? transport.settings.timeoutMs + waitMs };
      return await call({ route: endRoutes.cancel, params: { id }, body }, bounds, readCancelled);
    },
    async cancelMany(filter, { signal, timeoutMs, ...wish } = {}) {
      const [query, body] = [toBulkQuery(filter), toCancelWire(wish)];
      if (hasNobody(filter)) return { cancelled: 0, requested: 0 } satisfies CancelCounts;
      const bounds = { signal, timeoutMs };
      return await call({ route: endRoutes.cancelMany, query, body }, bounds, readCancelCounts);
    },
    retry: (id, options) => call({ route: endRoutes.retry, params: { id } }, options, readJob),
    async retryMany(filter, options) {
      const query = toBulkQuery(filter);
      if (hasNobody(filter)) return 0;
      return await call({ route: endRoutes.retryMany, query }, options, readRetried);
    },
    waitFor:
      ((what: string | readonly string[], options?: WaitForOptions) =>
        typeof what === "string"
          ? waitForOne(transport, what, options)
          : waitForMany(transport, what, options)) as JobControl["waitFor"],
  };
}

function hasNobody({ all: _, ...filter }: BulkFilter): boolean {
  return matchesNothing(filter as JobFilter);
}
