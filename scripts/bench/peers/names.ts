/**
 * The systems that are measured against each other on PostgreSQL.
 *
 * @module
 */

/** Their names in the tables. */
export const peerNames = [
  "millrace",
  "millrace-tuned",
  "millrace-served",
  "graphile-worker",
  "graphile-tuned",
  "pg-boss",
] as const;

export type PeerName = typeof peerNames[number];
