/**
 * What a worker sends about runs, as the broker reads it. It lies apart from the client's side, whose bundle would hold
 * it as well.
 *
 * @module
 */

import * as v from "valibot";
import { type JobRun, withoutRepeats } from "./ack.ts";
import type { ReleaseTime } from "./release.ts";
import { requestU64 } from "./request-integer.ts";
import { bool, MessageError, optional, texts, u32, u32s } from "./schema.ts";
import type { WorkerStatement } from "./worker-statement.ts";

/** The body of `POST /jobs/{id}/release`. */
export interface ReleaseRequest extends ReleaseTime {
  /** Which delivery is given back; undefined for whichever is in flight. */
  readonly delivery: number | undefined;
}

const timeFields = { ready_at: optional(requestU64), delay_ms: optional(requestU64) };

/** Reads the body of `POST /jobs/{id}/release`. */
export const releaseSchema: v.GenericSchema<unknown, ReleaseRequest> = v.pipe(
  v.object({ ...timeFields, delivery: optional(u32) }, "an object"),
  v.transform((wire): ReleaseRequest => ({
    delivery: wire.delivery ?? undefined,
    readyAt: wire.ready_at ?? undefined,
    delayMs: wire.delay_ms ?? undefined,
  })),
);

/** Ids of jobs, and which delivery of each is meant. */
export interface RunList {
  readonly ids: readonly string[];
  /** One for each id; undefined for whichever is in flight. */
  readonly deliveries: readonly number[] | undefined;
}

const runFields = { ids: texts, deliveries: optional(u32s) };

/** Reads the body of `POST /jobs/success`. */
export const runListSchema: v.GenericSchema<unknown, RunList> = v.pipe(
  v.object(runFields, "an object"),
  v.transform(({ ids, deliveries }) => ({ ids, deliveries: deliveries ?? undefined })),
);

/** The body of `POST /jobs/release`. */
export interface ReleaseListRequest extends RunList, ReleaseTime {}

/** Reads the body of `POST /jobs/release`. */
export const releaseListSchema: v.GenericSchema<unknown, ReleaseListRequest> = v.pipe(
  v.object({ ...runFields, ...timeFields }, "an object"),
  v.transform((wire): ReleaseListRequest => ({
    ids: wire.ids,
    deliveries: wire.deliveries ?? undefined,
    readyAt: wire.ready_at ?? undefined,
    delayMs: wire.delay_ms ?? undefined,
  })),
);

/**
 * The runs of a list; an id that is given twice counts once.
 *
 * @throws {MessageError} If there are deliveries, but not one for each id.
 */
export function fromRunList({ ids, deliveries }: RunList): readonly JobRun[] {
  if (deliveries !== undefined && deliveries.length !== ids.length) {
    throw new MessageError(
      `deliveries: expected one for each of the ${ids.length} ids, got ${deliveries.length}`,
    );
  }
  return withoutRepeats(ids.map((id, at) => ({ id, delivery: deliveries?.[at] })));
}

/** Reads the body of `PUT /workers/{run}`. */
export const statementSchema: v.GenericSchema<unknown, WorkerStatement> = v.pipe(
  v.object({
    heard: optional(u32),
    taking: v.optional(bool, true),
    prefetch: optional(v.pipe(u32, v.minValue(1, "an integer of 1 or more"))),
    ids: texts,
    deliveries: u32s,
  }, "an object"),
  v.check(({ ids, deliveries }) => ids.length === deliveries.length, "as many deliveries as ids"),
  v.transform(({ heard, taking, prefetch, ids, deliveries }): WorkerStatement => ({
    heard: heard ?? undefined,
    taking,
    prefetch: prefetch ?? undefined,
    holds: ids.map((id, at) => ({ id, delivery: deliveries[at]! })),
  })),
);
