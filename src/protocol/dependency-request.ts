/**
 * The jobs that a job is to wait for, as the broker reads them.
 *
 * @module
 */

import * as v from "valibot";
import { type OnDead, onDeads } from "./dependency.ts";
import { bool, oneOf, optional, text, u32 } from "./schema.ts";

/** A job to wait for, as it was asked for. */
export interface DependencyRequest {
  /** Its id; null if it is one of the same call. */
  readonly id: string | null;
  /** Its place in the call, from 0. */
  readonly item: number | null;
  readonly onDead: OnDead;
  /** What its result is called; null for its id. */
  readonly name: string | null;
}

const byId: v.GenericSchema<unknown, DependencyRequest> = v.pipe(
  text,
  v.transform((id): DependencyRequest => ({ id, item: null, onDead: "stay", name: null })),
);

const inFull: v.GenericSchema<unknown, DependencyRequest> = v.pipe(
  v.strictObject({
    id: optional(text),
    item: optional(u32),
    on_dead: optional(oneOf(onDeads, `of ${onDeads.join(", ")}`)),
    name: optional(text),
  }, "an id or an object without unknown fields"),
  v.transform(({ id, item, on_dead, name }): DependencyRequest => ({
    id: id ?? null,
    item: item ?? null,
    onDead: on_dead ?? "stay",
    name: name ?? null,
  })),
);

/** Reads a list of jobs to wait for. */
export const dependenciesSchema: v.GenericSchema<unknown, DependencyRequest[]> = v.array(
  v.lazy((value) => typeof value === "string" ? byId : inFull),
  "a list",
);

/** Reads the body of `POST /jobs/{id}/dependencies`. */
export const dependencyListSchema: v.GenericSchema<unknown, DependencyList> = v.pipe(
  v.strictObject({
    ids: dependenciesSchema,
    strict_dependencies: optional(bool),
  }, "an object without unknown fields"),
  v.transform(({ ids, strict_dependencies }) => ({ ids, isStrict: strict_dependencies ?? false })),
);

/** Jobs to wait for besides others. */
export interface DependencyList {
  readonly ids: readonly DependencyRequest[];
  /** Whether each of them has to be there. */
  readonly isStrict: boolean;
}

/** Jobs that one job may wait for, and jobs of a call in which one waits for another. */
export const mostDependencies = 10_000;

/** Jobs that those of one call may wait for, all together. */
const mostOfCall = 100_000;

const longestName = 100;

/**
 * Says why a list of jobs to wait for cannot be granted; undefined if it can.
 *
 * @param count How many jobs the call has, to which an `item` may point; 0 for none.
 */
export function checkDependencies(
  requests: readonly DependencyRequest[],
  count: number,
): string | undefined {
  if (requests.length === 0) return undefined;
  if (requests.length > mostDependencies) {
    return `depends_on has ${requests.length} jobs, at most ${mostDependencies} are accepted`;
  }
  const seen = new Set<string | number>();
  const names = new Set<string>();
  for (const { id, item, name } of requests) {
    if ((id === null) === (item === null)) {
      return "depends_on needs either an id or an item for each job";
    }
    if (item !== null && item >= count) {
      return `depends_on names item ${item} of a call with ${count} jobs`;
    }
    const which = id ?? item!;
    if (seen.has(which)) return `depends_on names ${JSON.stringify(which)} more than once`;
    seen.add(which);
    if (name === null) continue;
    if (name.length < 1 || name.length > longestName || name.includes("\0")) {
      const shown = JSON.stringify(name.slice(0, longestName));
      return `depends_on has the name ${shown}, must be 1 to ${longestName} characters without NUL`;
    }
    if (names.has(name)) return `depends_on has the name ${JSON.stringify(name)} more than once`;
    names.add(name);
  }
  return undefined;
}

/** Says why a call is too large to be granted, one of whose jobs waits for others; undefined if it is not. */
export function checkGraph(
  jobs: readonly { readonly dependsOn: readonly DependencyRequest[] }[],
): string | undefined {
  let edges = 0;
  for (const { dependsOn } of jobs) edges += dependsOn.length;
  if (edges === 0) return undefined;
  if (jobs.length > mostDependencies) {
    return `depends_on in a call with ${jobs.length} jobs, at most ${mostDependencies} are accepted`;
  }
  if (edges <= mostOfCall) return undefined;
  return `depends_on has ${edges} jobs in this call, at most ${mostOfCall} are accepted`;
}

/** A job that another one waits for, as an answer shows it. */
export interface ShownDependency extends Pick<DependencyRequest, "onDead" | "name"> {
  readonly id: string;
}

/** What an answer shows of a job: which jobs it waits for, and which wait for it. */
export interface ShownLinks {
  readonly dependsOn: readonly ShownDependency[];
  /** The first ones. */
  readonly dependents: readonly string[];
  /** How many there are. */
  readonly dependentsCount: number;
}

/** Writes the answer to `GET /jobs/{id}/dependencies`. */
export function toLinksWire({ dependsOn, dependents, dependentsCount }: ShownLinks): object {
  return {
    depends_on: dependsOn.map(({ id, onDead, name }) =>
      name === null ? { id, on_dead: onDead } : { id, on_dead: onDead, name }
    ),
    dependents,
    dependents_count: dependentsCount,
  };
}
