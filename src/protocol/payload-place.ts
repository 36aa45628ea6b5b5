/**
 * Where the payloads of a request body are.
 *
 * @module
 */

/** Stands for every item of a list. */
export const each: unique symbol = Symbol("each");

/** A step on the way to a payload: the name of a member, or every item of a list. */
export type Step = string | typeof each;

/** Which bodies have payloads: a job, a list of jobs, an entry of a cron group, a group with its entries. */
export type PayloadPlace = "single" | "bulk" | "entry" | "entries";

/** The ways from the outermost object to the payloads. */
export const payloadPaths: Readonly<Record<PayloadPlace, readonly Step[]>> = {
  single: ["payload"],
  bulk: ["jobs", each, "payload"],
  entry: ["job", "payload"],
  entries: ["entries", each, "job", "payload"],
};
