/**
 * The bodies of `POST /jobs/{id}/requeue` and `POST /jobs/{id}/success`, as the broker reads them. They lie apart from the
 * client's side, whose bundle would hold them as well.
 *
 * @module
 */

import * as v from "valibot";
import {
  checkDependencies,
  dependenciesSchema,
  type DependencyList,
} from "./dependency-request.ts";
import { checkName } from "./names.ts";
import type { NewJob } from "./new-job.ts";
import type { RawPayload } from "./record.ts";
import { type Rejection, unprocessable } from "./rejection.ts";
import { requestU64 } from "./request-integer.ts";
import { bool, optional, text, u16, u32 } from "./schema.ts";
import { checkTagCount, checkTags, tagsSchema } from "./tags.ts";

/** What is asked for: undefined leaves a thing as it is. */
export interface RequeueRequest {
  readonly queue: string | undefined;
  readonly readyAt: number | undefined;
  readonly delayMs: number | undefined;
  readonly priority: number | undefined;
  readonly retryLimit: number | undefined;
  readonly tags: readonly string[] | undefined;
  readonly dependsOn: DependencyList | undefined;
  readonly payload?: RawPayload | undefined;
}

/** The jobs to wait for, from the members that name them. */
function toList({ depends_on, strict_dependencies }: {
  readonly depends_on?: DependencyList["ids"] | null | undefined;
  readonly strict_dependencies?: boolean | null | undefined;
}): DependencyList | undefined {
  return depends_on == null
    ? undefined
    : { ids: depends_on, isStrict: strict_dependencies ?? false };
}

const linkFields = {
  depends_on: optional(dependenciesSchema),
  strict_dependencies: optional(bool),
};
const timeFields = { ready_at: optional(requestU64), delay_ms: optional(requestU64) };

/** Reads the body of `POST /jobs/{id}/requeue`, its payload excepted. */
export const requeueSchema: v.GenericSchema<unknown, RequeueRequest> = v.pipe(
  v.object({
    queue: optional(text),
    ...timeFields,
    priority: optional(u16),
    retry_limit: optional(u32),
    tags: optional(tagsSchema),
    ...linkFields,
  }, "an object"),
  v.transform((wire): RequeueRequest => ({
    queue: wire.queue ?? undefined,
    readyAt: wire.ready_at ?? undefined,
    delayMs: wire.delay_ms ?? undefined,
    priority: wire.priority ?? undefined,
    retryLimit: wire.retry_limit ?? undefined,
    tags: wire.tags ?? undefined,
    dependsOn: toList(wire),
  })),
);

/** Says why a well-formed request cannot be granted. */
export function checkRequeue(
  { queue, tags = [], dependsOn }: Pick<RequeueRequest, "queue" | "tags" | "dependsOn">,
): Rejection | undefined {
  const message = (queue === undefined ? undefined : checkName("queue", queue)) ?? checkTags(tags);
  if (message !== undefined) return { kind: "invalid", message };
  const problem = checkTagCount(tags.length) ?? checkDependencies(dependsOn?.ids ?? [], 0);
  return problem === undefined ? undefined : unprocessable(problem);
}

/** Where a job goes on. */
export interface NextRequest {
  readonly queue: string;
  readonly readyAt: number | undefined;
  readonly delayMs: number | undefined;
  readonly dependsOn: DependencyList | undefined;
}

/** A success with a body. */
export interface SuccessRequest {
  /** Which delivery it is about; undefined for whichever is in flight. */
  readonly delivery: number | undefined;
  /** The token of the lease. */
  readonly token: string | undefined;
  readonly payload?: RawPayload | undefined;
  readonly next: NextRequest | undefined;
  /** What it came to, as JSON text; undefined for nothing. */
  readonly result?: string | undefined;
  /** The jobs that are stored with it; undefined if the caller does not speak of any. */
  readonly enqueue?: readonly NewJob[] | undefined;
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
    next: optional(v.object({ queue: text, ...timeFields, ...linkFields }, "an object")),
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
      dependsOn: toList(wire.next),
    },
    stray: onlyInNext.find((name) => wire[name] != null),
  })),
);

/** Says why a well-formed success cannot be granted. */
export function checkSuccess(
  { stray, next, result, enqueue }: SuccessRequest,
): Rejection | undefined {
  if (stray !== undefined) {
    return { kind: "invalid", message: `${stray} must be a member of next` };
  }
  if (next !== undefined) {
    const other = result !== undefined ? "result" : enqueue !== undefined ? "enqueue" : undefined;
    if (other === undefined) return checkRequeue({ ...next, tags: undefined });
    return { kind: "invalid", message: `${other} and next cannot be combined` };
  }
  const index = enqueue?.findIndex(({ childOf }) => childOf != null) ?? -1;
  if (index === -1) return undefined;
  return { kind: "invalid", message: "child_of is of no use beside a success", index };
}
