/**
 * Tables for brokers that share a database; with one broker on a file they stay empty.
 *
 * | Table              | A row for                                                                                |
 * | ------------------ | ---------------------------------------------------------------------------------------- |
 * | `turns`            | some work that one broker does at a time: whoever writes it has the turn until it commits |
 * | `in_flight_shares` | how many jobs a broker may have in flight on its streams, of `globalInFlightLimit`       |
 *
 * @module
 */

/** Makes the tables. */
export const sharedTables: string = `
CREATE TABLE turns (name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE in_flight_shares (broker BIGINT NOT NULL PRIMARY KEY, jobs BIGINT NOT NULL) WITHOUT ROWID;
`;
