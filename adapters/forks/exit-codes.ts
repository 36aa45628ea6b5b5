/**
 * The codes by which a process says why it ended before its work was done. A fresh one takes its place in each case.
 *
 * @module
 */

/** Its job is not its any more: the lease was lost, and its handler did not end. */
export const lostLeaseCode = 11;

/** A handler did not end when its time was over. */
export const timeoutCode = 73;

/** Somebody cancelled its job, and its handler did not end. */
export const cancelledCode = 74;
