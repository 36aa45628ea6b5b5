/**
 * What ties a job to the budgets that it draws on (docs/protocol.md, section 8.4).
 *
 * @module
 */

import * as v from "valibot";
import { checkPolicy, type PolicyRequest, policySchema } from "./budget.ts";
import type { Binding } from "./job.ts";
import { checkName } from "./names.ts";
import type { JobRecord } from "./record.ts";
import { optional, text, u32 } from "./schema.ts";

/** A binding as it was asked for. */
export interface BindingRequest {
  readonly key: string;
  /** Tokens; 1 when nothing else was said. */
  readonly cost: number;
  /** Creates the budget if there is none; null leaves that to others. */
  readonly createWith: PolicyRequest | null;
  /** Whether `bucket` was given, which is reserved. */
  readonly bucket: boolean;
}

const strict = "an object without unknown fields";

const bindingEntries = {
  cost: optional(u32),
  create_with: optional(policySchema),
  bucket: optional(v.unknown()),
};

const bindingSchema: v.GenericSchema<unknown, BindingRequest> = v.pipe(
  v.strictObject({ key: text, ...bindingEntries }, strict),
  v.transform(({ key, ...rest }): BindingRequest => ({ key, ...toRequest(rest) })),
);

function toRequest({ cost, create_with, bucket }: {
  readonly cost?: number | null | undefined;
  readonly create_with?: PolicyRequest | null | undefined;
  readonly bucket?: unknown;
}): Omit<BindingRequest, "key"> {
  return { cost: cost ?? 1, createWith: create_with ?? null, bucket: bucket != null };
}

/** Reads the list of a job or a cron template. */
export const bindingsSchema: v.GenericSchema<unknown, BindingRequest[]> = v.array(
  bindingSchema,
  "a list",
);

/** What a binding is asked for with when the path names the budget. */
export const bindingBodySchema: v.GenericSchema<unknown, Omit<BindingRequest, "key">> = v.pipe(
  v.strictObject(bindingEntries, strict),
  v.transform(toRequest),
);

/** Reads the new cost of a binding. */
export const costSchema: v.GenericSchema<unknown, { readonly cost: number }> = v.strictObject(
  { cost: u32 },
  strict,
);

/** Reads the bindings that are to take the place of others. */
export const bindingListSchema: v.GenericSchema<unknown, { readonly budgets: BindingRequest[] }> = v
  .strictObject({ budgets: bindingsSchema }, strict);

/** The JSON text that a record holds, which is the wire's; null for none. */
export function toBindingsText(bindings: readonly Binding[]): string | null {
  if (bindings.length === 0) return null;
  return JSON.stringify(bindings.map(({ key, cost }) => ({ key, cost })));
}

/** The bindings in a record's JSON text. */
export function fromBindingsText(text: string | null): Binding[] {
  return text === null ? [] : JSON.parse(text);
}

/** The budgets that a record draws on. */
export function budgetsOf({ budgets }: Pick<JobRecord, "budgets">): string[] {
  return fromBindingsText(budgets).map(({ key }) => key);
}

/** Says why well-formed bindings cannot be made, in the words and the order of the protocol. */
export function checkBindings(requests: readonly BindingRequest[]): string | undefined {
  const seen = new Set<string>();
  for (const { key, cost, createWith, bucket } of requests) {
    const badName = checkName("budget key", key);
    if (badName !== undefined) return badName;
    if (bucket) return `budget '${key}' sets bucket, which is reserved and not yet supported`;
    if (cost < 1) return `budget '${key}' cost must be at least 1`;
    if (seen.has(key)) return `budget '${key}' named more than once`;
    seen.add(key);
    const badPolicy = createWith === null ? undefined : checkPolicy(createWith);
    if (badPolicy !== undefined) return badPolicy;
  }
  return undefined;
}
