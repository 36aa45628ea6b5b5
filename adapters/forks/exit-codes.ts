/**
 * The codes by which a process says why it ended before its work was done. A fresh one takes its place in each case.
 *
 * @module
 */

/** A handler did not end when its time was over. */
export const timeoutCode = 73;
