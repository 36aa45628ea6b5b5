/**
 * What a worker sends about runs, as the broker reads it. It lies apart from the client's side, whose bundle would hold
 * it as well.
 *
 * @module
 */

import * as v from "valibot";
import { type JobRun, toProof, withoutRepeats } from "./ack.ts";
import { progressSchema } from "./progress.ts";
import type { ReleaseTime } from "./release.ts";
import { requestU64 } from "./request-integer.ts";
import { bool, MessageError, optional, text, texts, textsOrNulls, u32, u32s } from "./schema.ts";
import type { WorkerStatement } from "./worker-statement.ts";

/** The body of `POST /jobs/{id}/release`. */
export interface ReleaseRequest extends ReleaseTime {
  /** Which delivery is given back; undefined for whichever is in flight. */
  readonly delivery: number | undefined;
  /** The token of its lease. */
  readonly token: string | undefined;
}

const timeFields = { ready_at: optional(requestU64), delay_ms: optional(requestU64) };

/** Reads the body of `POST /jobs/{id}/release`. */
export const releaseSchema: v.GenericSchema<unknown, ReleaseRequest> = v.pipe(
  v.object({ ...timeFields, delivery: optional(u32), lease_token: optional(text) }, "an object"),
  v.transform((wire): ReleaseRequest => ({
    delivery: wire.delivery ?? undefined,
    token: wire.lease_token ?? undefined,
    readyAt: wire.ready_at ?? undefined,
    delayMs: wire.delay_ms ?? undefined,
  })),
);

/** Ids of jobs, and which delivery of each is meant. */
export interface RunList {
  readonly ids: readonly string[];
  /** One for each id; undefined for whichever is in flight. */
  readonly deliveries: readonly number[] | undefined;
  /** One for each id, the token of its lease or null if it has none; undefined if none has. */
  readonly tokens: readonly (string | null)[] | undefined;
  /** What runs came to, as JSON texts, by the ids of their jobs. */
  readonly results?: ReadonlyMap<string, string>;
}

/** The members of a body that name runs. */
export const runFields: {
  readonly ids: v.GenericSchema<unknown, string[]>;
  readonly deliveries: v.GenericSchema<unknown, number[] | null | undefined>;
  readonly lease_tokens: v.GenericSchema<unknown, (string | null)[] | null | undefined>;
} = {
  ids: texts,
  deliveries: optional(u32s),
  lease_tokens: optional(textsOrNulls),
};

/** Gives the members names of this house. */
export function toRunList(
  wire: v.InferOutput<v.ObjectSchema<typeof runFields, string>>,
): RunList {
  return {
    ids: wire.ids,
    deliveries: wire.deliveries ?? undefined,
    tokens: wire.lease_tokens ?? undefined,
  };
}

/** Reads the body of `POST /jobs/success`. */
export const runListSchema: v.GenericSchema<unknown, RunList> = v.pipe(
  v.object(runFields, "an object"),
  v.transform(toRunList),
);

/** The body of `POST /jobs/release`. */
export interface ReleaseListRequest extends RunList, ReleaseTime {}

/** Reads the body of `POST /jobs/release`. */
export const releaseListSchema: v.GenericSchema<unknown, ReleaseListRequest> = v.pipe(
  v.object({ ...runFields, ...timeFields }, "an object"),
  v.transform((wire): ReleaseListRequest => ({
    ...toRunList(wire),
    readyAt: wire.ready_at ?? undefined,
    delayMs: wire.delay_ms ?? undefined,
  })),
);

/**
 * The runs of a list; an id that is given twice counts once.
 *
 * @param worker What the caller calls itself, if it says so.
 * @throws {MessageError} If there are deliveries or tokens, but not one for each id.
 */
export function fromRunList(
  { ids, deliveries, tokens, results }: RunList,
  worker: string | undefined,
): readonly JobRun[] {
  for (const [name, list] of [["deliveries", deliveries], ["lease_tokens", tokens]] as const) {
    if (list === undefined || list.length === ids.length) continue;
    throw new MessageError(
      `${name}: expected one for each of the ${ids.length} ids, got ${list.length}`,
    );
  }
  return withoutRepeats(
    ids.map((id, at) => ({
      id,
      delivery: deliveries?.[at],
      proof: toProof(tokens?.[at] ?? undefined, worker),
      ...results && { result: results.get(id) },
    })),
  );
}

/** Reads the body of `PUT /workers/{run}`. */
export const statementSchema: v.GenericSchema<unknown, WorkerStatement> = v.pipe(
  v.object({
    heard: optional(u32),
    taking: v.optional(bool, true),
    prefetch: optional(v.pipe(u32, v.minValue(1, "an integer of 1 or more"))),
    ids: texts,
    deliveries: u32s,
    progress: optional(v.array(
      v.object({ id: text, delivery: u32, progress: progressSchema }, "an object"),
      "a list",
    )),
  }, "an object"),
  v.check(({ ids, deliveries }) => ids.length === deliveries.length, "as many deliveries as ids"),
  v.transform(({ heard, taking, prefetch, ids, deliveries, progress }): WorkerStatement => ({
    heard: heard ?? undefined,
    taking,
    prefetch: prefetch ?? undefined,
    holds: ids.map((id, at) => ({ id, delivery: deliveries[at]! })),
    ...progress && { progress },
  })),
);
