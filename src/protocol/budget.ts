/**
 * Budgets: named pools of tokens that jobs draw on (docs/protocol.md, sections 8.1 and 8.2).
 *
 * @module
 */

import * as v from "valibot";
import { type Rejection, unprocessable } from "./rejection.ts";
import { requestU64 } from "./request-integer.ts";
import { optional, text, u32 } from "./schema.ts";

/** How many tokens a budget has, and how they come back. */
export interface BudgetPolicy {
  /** Tokens for each period, or at most in flight: 1 to 1,000,000. */
  readonly allocation: number;
  /** The period in which `allocation` tokens drip in, in ms; null: tokens come back when a job leaves flight. */
  readonly durationMs: number | null;
  /** The most tokens that gather while nothing draws on them, 1 to 1,000,000; null is `allocation`. */
  readonly burst: number | null;
}

/** A policy as it was asked for: well-formed, and not yet checked by {@linkcode checkPolicy}. */
export interface PolicyRequest {
  readonly allocation: number;
  readonly strategy: {
    readonly type: string;
    readonly durationMs: number | null;
    readonly burst: number | null;
  };
}

/** The most tokens a budget ever holds, which is the most that a job may cost. */
export function capacityOf({ allocation, burst }: BudgetPolicy): number {
  return burst ?? allocation;
}

const strict = "an object without unknown fields";

/** The members of a policy. */
const policyEntries = {
  allocation: u32,
  strategy: v.pipe(
    v.strictObject({ type: text, duration_ms: optional(requestU64), burst: optional(u32) }, strict),
    v.transform(({ type, duration_ms, burst }) => ({
      type,
      durationMs: duration_ms ?? null,
      burst: burst ?? null,
    })),
  ),
};

/** A budget as a peer is told of it. */
export interface BudgetInfo extends BudgetPolicy {
  /** Its name. */
  readonly key: string;
  /** When it was created, in ms since the epoch. */
  readonly createdAt: number;
  /** When its policy was last set, in ms since the epoch. */
  readonly updatedAt: number;
}

/** The wire's spelling of a budget. */
export function toBudgetWire(
  { key, allocation, durationMs, burst, ...budget }: BudgetInfo,
): object {
  const strategy = durationMs === null
    ? { type: "while_in_flight" }
    : { type: "time_based", duration_ms: durationMs, ...(burst !== null && { burst }) };
  return {
    key,
    allocation,
    strategy,
    created_at: budget.createdAt,
    updated_at: budget.updatedAt,
  };
}

/** Reads the body of `POST /budgets/{key}/hold`: for how long, in ms. */
export const holdSchema: v.GenericSchema<unknown, number> = v.pipe(
  v.object({ for_ms: u32 }, "an object"),
  v.transform(({ for_ms }) => for_ms),
);

/** The wire's spelling of a budget and the end of its hold; 0 is a budget that is not held. */
export function toHeldWire(budget: BudgetInfo & { readonly heldUntil: number }): object {
  const { heldUntil } = budget;
  return { ...toBudgetWire(budget), ...heldUntil > 0 && { held_until: heldUntil } };
}

/** Reads a policy; an unknown field is refused (docs/protocol.md, section 8.2). */
export const policySchema: v.GenericSchema<unknown, PolicyRequest> = v.strictObject(
  policyEntries,
  strict,
);

/** Reads a policy with the name of its budget. */
export const namedPolicySchema: v.GenericSchema<unknown, PolicyRequest & { readonly key: string }> =
  v.strictObject({ key: text, ...policyEntries }, strict);

/** What to change of a policy; what is left out stays. */
export interface PolicyPatch {
  readonly allocation?: number | null | undefined;
  readonly strategy?:
    | {
      readonly type?: string | null | undefined;
      readonly durationMs?: number | null | undefined;
      /** Null goes back to `allocation`. */
      readonly burst?: number | null | undefined;
    }
    | null
    | undefined;
}

/** Reads a patch of a policy; an unknown field is refused. */
export const policyPatchSchema: v.GenericSchema<unknown, PolicyPatch> = v.strictObject({
  allocation: optional(u32),
  strategy: optional(v.pipe(
    v.strictObject(
      { type: optional(text), duration_ms: optional(requestU64), burst: optional(u32) },
      strict,
    ),
    v.transform(({ duration_ms, ...rest }) => ({ ...rest, durationMs: duration_ms })),
  )),
}, strict);

/**
 * Merges a patch into a policy, or says why that cannot be. Without a type the strategy stays what it is; a change to
 * `while_in_flight` drops what only a rate has.
 */
export function mergePolicy(
  policy: BudgetPolicy,
  { allocation, strategy }: PolicyPatch,
): BudgetPolicy | Rejection {
  const before = policy.durationMs === null ? "while_in_flight" : "time_based";
  const type = strategy?.type ?? before;
  if (!isStrategy(type)) {
    return unprocessable(`unknown strategy type ${JSON.stringify(type)} ${expectedStrategies}`);
  }
  const kept = type === "time_based" ? policy : { durationMs: null, burst: null };
  const request = {
    allocation: allocation ?? policy.allocation,
    strategy: {
      type,
      durationMs: strategy?.durationMs ?? kept.durationMs,
      burst: strategy?.burst === undefined ? kept.burst : strategy.burst,
    },
  };
  const problem = checkPolicy(request);
  return problem === undefined ? toPolicy(request) : unprocessable(problem);
}

/** The most that `allocation` and `burst` may be (docs/protocol.md, section 8.1). */
const maxTokens = 1_000_000;

/** Says why a well-formed policy cannot be, in the words and the order of the protocol. */
export function checkPolicy({ allocation, strategy }: PolicyRequest): string | undefined {
  const { type, durationMs, burst } = strategy;
  if (!isStrategy(type)) {
    return `unknown budget strategy: ${JSON.stringify(type)} ${expectedStrategies}`;
  }
  if (allocation < 1) return "budget allocation must be at least 1";
  if (allocation > maxTokens) return `budget allocation must not exceed ${maxTokens}`;
  if (type === "while_in_flight") {
    if (burst !== null) {
      return "while_in_flight budget must not set strategy.burst — it has no drip to burst ahead of, so its allocation is already the most that can run at once";
    }
    if (durationMs !== null) {
      return "while_in_flight budget must not set strategy.duration_ms — its tokens return on acknowledgement, not on a clock";
    }
    return undefined;
  }
  if (durationMs === null) return "time_based budget requires strategy.duration_ms";
  if (durationMs < 1) return "time_based budget duration_ms must be at least 1";
  if (burst === null) return undefined;
  if (burst < 1) return "time_based budget burst must be at least 1";
  return burst > maxTokens ? `time_based budget burst must not exceed ${maxTokens}` : undefined;
}

const expectedStrategies = '(expected "time_based" or "while_in_flight")';

function isStrategy(type: string): boolean {
  return type === "time_based" || type === "while_in_flight";
}

/** The policy that was asked for, once it is checked. */
export function toPolicy({ allocation, strategy }: PolicyRequest): BudgetPolicy {
  return { allocation, durationMs: strategy.durationMs, burst: strategy.burst };
}

/** The refusal of a binding to a budget that there is not. */
export function noSuchBudget(key: string): string {
  return `budget '${key}' does not exist and no create_with policy was supplied to create it with`;
}

/** The refusal of a cost that the budget could never pay. */
export function costExceedsCapacity(key: string, cost: number, policy: BudgetPolicy): string {
  return `cost ${cost} exceeds budget '${key}', which holds at most ${capacityOf(policy)}`;
}

/** The refusal of one budget more than there may be. */
export function tooManyBudgets(key: string, max: number): string {
  return `cannot create budget '${key}': the server already holds its maximum of ${max} budgets (--max-budgets / ZIZQ_MAX_BUDGETS). Raise the limit, or express the throttle as one shared budget rather than one per caller.`;
}

/** The refusal of a second budget of one key. */
export function budgetExists(key: string): string {
  return `budget '${key}' already exists`;
}

/** The 404 of every call on one budget. */
export function budgetNotFound(key: string): string {
  return `budget '${key}' not found`;
}

/** The refusal to delete what cron entries, named `group/entry`, draw on. */
export function referencedByCrons(key: string, entries: readonly string[]): string {
  const count = entries.length === 1 ? "1 cron entry" : `${entries.length} cron entries`;
  return `budget '${key}' is referenced by ${count}, including '${
    entries[0]
  }'. Remove them before deleting it.`;
}

/** The refusal to delete what unfinished jobs draw on. */
export function referencedByJobs(key: string, jobs: number): string {
  return `budget '${key}' is referenced by ${
    countJobs(jobs)
  }. Delete them or wait for them to finish before deleting it.`;
}

/** The refusal to shrink a budget below what a cron entry draws from it. */
export function costExceedsCapacityForCron(
  key: string,
  { capacity, entry, cost }: {
    readonly capacity: number;
    readonly entry: string;
    readonly cost: number;
  },
): string {
  return `budget '${key}' cannot allocate ${capacity}: cron entry '${entry}' draws ${cost} from it. Lower the entry's cost or remove it first.`;
}

/** The refusal to shrink a budget below what unfinished jobs draw from it. */
export function costExceedsCapacityForJobs(
  key: string,
  { capacity, jobs, cost }: {
    readonly capacity: number;
    readonly jobs: number;
    readonly cost: number;
  },
): string {
  return `budget '${key}' cannot allocate ${capacity}: ${
    countJobs(jobs)
  } draw up to ${cost} from it. Raise the allocation, delete them, or wait for them to drain.`;
}

function countJobs(count: number): string {
  return `${count} unfinished ${count === 1 ? "job" : "jobs"}`;
}
