/**
 * What a worker calls itself.
 *
 * @module
 */

/** A longer name of a worker is cut: it is kept with what the worker holds. */
const longestWorkerId = 200;

/** The name in the header `worker-id`; undefined if there is none. */
export function readWorkerId(headers: Headers): string | undefined {
  return toWorkerId(headers.get("worker-id") ?? undefined);
}

/** A name as it is kept; undefined if nothing is left of it. */
export function toWorkerId(name: string | undefined): string | undefined {
  return name?.slice(0, longestWorkerId).replaceAll("\0", "") || undefined;
}
