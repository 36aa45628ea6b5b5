/**
 * Tracked jobs (docs/protocol.md, section 15.2).
 *
 * @module
 */

/** So many tracked jobs that are gone are known by their ids; of more, those that went first are forgotten. */
export const maxExpired = 1000;
