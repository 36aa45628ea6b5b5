/**
 * The body of `PUT /jobs/{id}`, as the broker reads it: that of an enqueue, of which less has to be there.
 *
 * @module
 */

import * as v from "valibot";
import { fieldsSchema } from "./fields-schema.ts";
import { blankJob, enqueueFields, type NewJob, requestKinds } from "./new-job.ts";
import { oneOf, optional } from "./schema.ts";

/** What becomes of a job that is there: it is written over, or stays as it is. */
const conflicts = ["replace", "keep"] as const;

/** A job that is put under an id. What is not given is as for a new job. */
export interface PutJob extends NewJob {
  /** What was given, also as null, which is as good as the default. */
  readonly given: ReadonlySet<keyof NewJob>;
  /** What becomes of a job that is there. */
  readonly onConflict: typeof conflicts[number];
}

/** Whoever is there has a queue already. */
const putFields = enqueueFields.map(({ always: _, ...field }) =>
  field.name === "type" ? { ...field, always: true as const } : field
);

const fieldsOfPut: v.GenericSchema<unknown, Omit<PutJob, "onConflict">> = fieldsSchema(putFields, {
  kinds: requestKinds,
  start: (input) => ({
    ...blankJob(),
    given: new Set(
      putFields.filter(({ wire }) => input[wire] !== undefined && !isNoQueue(wire, input[wire]))
        .map(({ name }) => name as keyof NewJob),
    ),
  }),
});

/** A queue has no default that null could stand for: with it, none is given. */
function isNoQueue(wire: string, value: unknown): boolean {
  return wire === "queue" && value === null;
}

/** Reads one job; its payload is not looked at, and left empty. */
export const putSchema: v.GenericSchema<unknown, PutJob> = v.pipe(
  v.intersect([
    fieldsOfPut,
    v.object({ on_conflict: optional(oneOf(conflicts, '"replace" or "keep"')) }, "an object"),
  ]),
  v.transform(({ on_conflict, ...job }): PutJob => ({
    ...job,
    onConflict: on_conflict ?? "replace",
  })),
);
