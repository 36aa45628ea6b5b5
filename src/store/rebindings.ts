/**
 * The ways to change what a job draws on (docs/protocol.md, sections 8.7 and 8.8), as data and as rules.
 *
 * @module
 */

import { type BindingRequest, fromBindingsText } from "../protocol/binding.ts";
import type { Binding } from "../protocol/job.ts";
import type { JobRecord } from "../protocol/record.ts";
import { type Rejection, unprocessable } from "../protocol/rejection.ts";
import { isWaiting, statusLabel } from "../protocol/status.ts";

/** One way to change the bindings of a job. */
export type Rebinding =
  /** Adds a binding; a job that has one to this budget stays as it is. */
  | { readonly kind: "add"; readonly request: BindingRequest }
  /** Adds a binding, or puts it in the place of the one to this budget. */
  | { readonly kind: "put"; readonly request: BindingRequest }
  /** Changes the cost of a binding; a job without one stays as it is. */
  | { readonly kind: "recost"; readonly request: BindingRequest }
  /** Takes a binding away. */
  | { readonly kind: "remove"; readonly key: string }
  /** Puts a list in the place of whatever was there. */
  | { readonly kind: "replace"; readonly requests: readonly BindingRequest[] };

/** What a rebinding asks of the budgets: they must be there, or be created, and be able to pay. */
export function requestsOf(rebinding: Rebinding): readonly BindingRequest[] {
  switch (rebinding.kind) {
    case "remove":
      return [];
    case "replace":
      return rebinding.requests;
    default:
      return [rebinding.request];
  }
}

/** The new bindings of a job; the same list when nothing changes. */
export function applyRebinding(
  rebinding: Rebinding,
  bindings: readonly Binding[],
): readonly Binding[] {
  const drawsOn = (wanted: string) => bindings.some(({ key }) => key === wanted);
  switch (rebinding.kind) {
    case "add": {
      const { request } = rebinding;
      return drawsOn(request.key) ? bindings : [...bindings, toBinding(request)];
    }
    case "put": {
      const { request } = rebinding;
      return drawsOn(request.key) ? recost(bindings, request) : [...bindings, toBinding(request)];
    }
    case "recost":
      return recost(bindings, rebinding.request);
    case "remove":
      return drawsOn(rebinding.key)
        ? bindings.filter(({ key }) => key !== rebinding.key)
        : bindings;
    case "replace": {
      const next = rebinding.requests.map(toBinding);
      return JSON.stringify(bindings) === JSON.stringify(next) ? bindings : next;
    }
  }
}

/** Says why a job that was named by its id cannot be changed so; undefined when it can. */
export function checkRebinding(job: JobRecord, rebinding: Rebinding): Rejection | undefined {
  const { id } = job;
  if (!isWaiting(job.status)) {
    const message = `job '${id}' is ${
      statusLabel(job.status)
    } — only queued jobs may have their budgets changed`;
    return unprocessable(message);
  }
  const keys = fromBindingsText(job.budgets).map(({ key }) => key);
  if (rebinding.kind === "add" && keys.includes(rebinding.request.key)) {
    const { key } = rebinding.request;
    return {
      kind: "conflict",
      message:
        `job '${id}' already draws on budget '${key}'. Use PUT to replace the binding, or PATCH to change its cost.`,
    };
  }
  if (rebinding.kind === "recost" && !keys.includes(rebinding.request.key)) {
    const message = `job '${id}' does not draw on budget '${rebinding.request.key}'`;
    return { kind: "missing", message };
  }
  return undefined;
}

function recost(bindings: readonly Binding[], request: BindingRequest): readonly Binding[] {
  const isStale = ({ key, cost }: Binding) => key === request.key && cost !== request.cost;
  if (!bindings.some(isStale)) return bindings;
  return bindings.map((binding) => isStale(binding) ? toBinding(request) : binding);
}

function toBinding({ key, cost }: BindingRequest): Binding {
  return { key, cost };
}
