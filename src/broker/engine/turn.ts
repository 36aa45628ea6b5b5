/**
 * How much a long call does in one turn of the event loop.
 *
 * @module
 */

/** How long a piece of a search may hold the event loop, in ms. */
export const turnMs = 10;

/** New jobs that are checked, or made into records, in one piece. */
export const jobsOfTurn = 2000;
