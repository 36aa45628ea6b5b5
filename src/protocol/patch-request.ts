/**
 * The body of `PATCH /jobs/{id}` and `PATCH /jobs`, as the broker reads it. It lies apart from the client's side, whose
 * bundle would hold it as well.
 *
 * @module
 */

import * as v from "valibot";
import { backoffSchema } from "./backoff.ts";
import { fieldsSchema, type KindSchemas } from "./fields-schema.ts";
import { fieldsWith, type JobField, tagsField } from "./job-fields.ts";
import { checkName } from "./names.ts";
import type { JobPatch } from "./patch.ts";
import { requestU64 } from "./request-integer.ts";
import type { RetentionPatch } from "./retention.ts";
import { optional, text, u16, u32 } from "./schema.ts";
import { checkTagCount, checkTags, tagsSchema } from "./tags.ts";

/** A patch as it was asked for: nulls that cannot be granted are still in it, for {@linkcode checkPatch} to find. */
export interface PatchRequest extends Omit<JobPatch, "queue" | "priority"> {
  readonly queue?: string | null | undefined;
  readonly priority?: number | null | undefined;
}

/** Its members may be null, one by one. */
const retentionPatchSchema: v.GenericSchema<unknown, RetentionPatch> = v.pipe(
  v.object({ completed_ms: optional(requestU64), dead_ms: optional(requestU64) }, "an object"),
  v.transform(({ completed_ms, dead_ms }) => ({ completedMs: completed_ms, deadMs: dead_ms })),
);

/** How a patch spells the value of each kind. */
const patchKinds: KindSchemas = {
  text,
  u16,
  u32,
  ms: requestU64,
  backoff: backoffSchema,
  retention: retentionPatchSchema,
  texts: tagsSchema,
};

/** None has to be there. */
const patchFields: readonly JobField[] = [...fieldsWith("patch"), tagsField]
  .map(({ name, wire, kind }) => ({ name, wire, kind }));

/** Reads the body. */
export const patchSchema: v.GenericSchema<unknown, PatchRequest> = fieldsSchema(patchFields, {
  kinds: patchKinds,
  start(input): PatchRequest {
    const nulls = patchFields.filter(({ wire }) => input[wire] === null);
    return Object.fromEntries(nulls.map(({ name }) => [name, null]));
  },
});

/** Says why a well-formed patch cannot be applied, in the words and the order of the protocol. */
export function checkPatch({ queue, priority, tags }: PatchRequest): string | undefined {
  if (queue === null) return "queue cannot be null";
  const badName = queue === undefined ? undefined : checkName("queue", queue);
  return badName ?? (priority === null ? "priority cannot be null" : undefined) ??
    checkTags(tags ?? []) ?? checkTagCount(tags?.length ?? 0);
}
