/**
 * Where the payloads of a request body are.
 *
 * @module
 */

/** Stands for every item of a list. */
export const everyItem: unique symbol = Symbol("everyItem");

/** A step on the way from a body to a payload: the name of a member, or all items of a list. */
export type PathStep = string | typeof everyItem;

/** Which bodies have payloads: a job, a list of jobs, jobs beside a success, an entry of a cron group, a group with its entries. */
export type PayloadPlace = "single" | "bulk" | "beside" | "entry" | "entries";

/** The steps from the outermost object to the payloads. */
export const payloadPaths: Readonly<Record<PayloadPlace, readonly PathStep[]>> = {
  single: ["payload"],
  bulk: ["jobs", everyItem, "payload"],
  beside: ["enqueue", everyItem, "payload"],
  entry: ["job", "payload"],
  entries: ["entries", everyItem, "job", "payload"],
};
