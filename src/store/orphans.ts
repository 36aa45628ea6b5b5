/**
 * Jobs of brokers that are gone.
 *
 * @module
 */

/** The condition of jobs in flight whose holder belongs to no registered broker. */
export const isOrphan: string = `holder IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM holders JOIN brokers ON brokers.id = holders.broker WHERE holders.id = jobs.holder)`;
