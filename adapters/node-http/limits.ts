/**
 * What the servers on `node:http` and `node:http2` allow.
 *
 * @module
 */

/** The largest head of a request, in bytes. A query that lists 2,000 ids fits; in Node's own 16 KiB it would not. */
export const maxHeaderSize: number = 64 * 1024;

/** Calls that one connection may have under way, unless the operator says otherwise. */
export const usualCalls: number = 200;

/** A connection that has not sent the head of a request after this long is closed. */
export const headTimeoutMs: number = 60_000;

/**
 * How long an idle connection is kept. Clients and proxies keep theirs for less: so they close it, and never send a
 * request on a connection that the server is closing.
 */
export const keepAliveTimeoutMs: number = 75_000;
