/**
 * The ways to change what a job draws on (section 9.6 of the protocol).
 *
 * @module
 */

import type { BindingRequest } from "../../protocol/binding.ts";
import type { Binding } from "../../protocol/job.ts";
import type { Rebinding } from "../../store/rebind.ts";

/** Adds a binding; a job that has one to this budget stays as it is. */
export function adding(request: BindingRequest): Rebinding {
  return {
    requests: [request],
    apply: (bindings) =>
      bindings.some(({ key }) => key === request.key)
        ? bindings
        : [...bindings, toBinding(request)],
  };
}

/** Adds a binding, or puts it in the place of the one to this budget. */
export function putting(request: BindingRequest): Rebinding {
  return {
    requests: [request],
    apply: (bindings) =>
      bindings.some(({ key }) => key === request.key)
        ? recosting(request).apply(bindings)
        : [...bindings, toBinding(request)],
  };
}

/** Changes the cost of a binding; a job without one stays as it is. */
export function recosting(request: BindingRequest): Rebinding {
  const isStale = ({ key, cost }: Binding) => key === request.key && cost !== request.cost;
  return {
    requests: [request],
    apply: (bindings) =>
      bindings.some(isStale)
        ? bindings.map((binding) => isStale(binding) ? toBinding(request) : binding)
        : bindings,
  };
}

/** Takes a binding away. */
export function removing(key: string): Rebinding {
  return {
    requests: [],
    apply: (bindings) =>
      bindings.some((binding) => binding.key === key)
        ? bindings.filter((binding) => binding.key !== key)
        : bindings,
  };
}

/** Puts a list in the place of whatever was there. */
export function replacingAll(requests: readonly BindingRequest[]): Rebinding {
  const next = requests.map(toBinding);
  return {
    requests,
    apply: (bindings) => JSON.stringify(bindings) === JSON.stringify(next) ? bindings : next,
  };
}

function toBinding({ key, cost }: BindingRequest): Binding {
  return { key, cost };
}
