/**
 * The bodies of `POST /jobs/{id}/requeue` and `POST /jobs/{id}/success`, as the broker reads them. They lie apart from the
 * client's side, whose bundle would hold them as well.
 *
 * @module
 */

import * as v from "valibot";
import { checkName } from "./names.ts";
import type { RawPayload } from "./record.ts";
import { requestU64 } from "./request-integer.ts";
import { optional, text, u16, u32 } from "./schema.ts";

/** What is asked for: undefined leaves a thing as it is. */
export interface RequeueRequest {
  readonly queue: string | undefined;
  readonly readyAt: number | undefined;
  readonly delayMs: number | undefined;
  readonly priority: number | undefined;
  readonly retryLimit: number | undefined;
  readonly payload?: RawPayload | undefined;
}

const timeFields = { ready_at: optional(requestU64), delay_ms: optional(requestU64) };

/** Reads the body of `POST /jobs/{id}/requeue`, its payload excepted. */
export const requeueSchema: v.GenericSchema<unknown, RequeueRequest> = v.pipe(
  v.object({
    queue: optional(text),
    ...timeFields,
    priority: optional(u16),
    retry_limit: optional(u32),
  }, "an object"),
  v.transform((wire): RequeueRequest => ({
    queue: wire.queue ?? undefined,
    readyAt: wire.ready_at ?? undefined,
    delayMs: wire.delay_ms ?? undefined,
    priority: wire.priority ?? undefined,
    retryLimit: wire.retry_limit ?? undefined,
  })),
);

/** Says why a well-formed request cannot be granted. */
export function checkRequeue({ queue }: Pick<RequeueRequest, "queue">): string | undefined {
  return queue === undefined ? undefined : checkName("queue", queue);
}

/** Where a job goes on. */
export interface NextRequest {
  readonly queue: string;
  readonly readyAt: number | undefined;
  readonly delayMs: number | undefined;
}

/** A success with a body. */
export interface SuccessRequest {
  /** Which delivery it is about; undefined for whichever is in flight. */
  readonly delivery: number | undefined;
  /** The token of the lease. */
  readonly token: string | undefined;
  readonly payload?: RawPayload | undefined;
  readonly next: NextRequest | undefined;
  /** A member that was given beside `next`, and belongs into it. */
  readonly stray: string | undefined;
}

/** Members of `next` that would do nothing in its place. */
const onlyInNext = ["queue", "ready_at", "delay_ms", "depends_on"] as const;

const anything = optional(v.unknown());

/** Reads the body of `POST /jobs/{id}/success`, its payload excepted. */
export const successSchema: v.GenericSchema<unknown, SuccessRequest> = v.pipe(
  v.object({
    delivery: optional(u32),
    lease_token: optional(text),
    next: optional(v.object({ queue: text, ...timeFields }, "an object")),
    queue: anything,
    ready_at: anything,
    delay_ms: anything,
    depends_on: anything,
  }, "an object"),
  v.transform((wire): SuccessRequest => ({
    delivery: wire.delivery ?? undefined,
    token: wire.lease_token ?? undefined,
    next: wire.next == null ? undefined : {
      queue: wire.next.queue,
      readyAt: wire.next.ready_at ?? undefined,
      delayMs: wire.next.delay_ms ?? undefined,
    },
    stray: onlyInNext.find((name) => wire[name] != null),
  })),
);

/** Says why a well-formed success cannot be granted. */
export function checkSuccess({ stray, next }: SuccessRequest): string | undefined {
  if (stray !== undefined) return `${stray} must be a member of next`;
  return next && checkName("queue", next.queue);
}
