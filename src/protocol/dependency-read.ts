/**
 * What jobs wait for, from the wire's spelling to the one users see.
 *
 * @module
 */

import * as v from "valibot";
import { type Dependency, type OnDead, onDeads } from "./dependency.ts";
import { oneOf, optional, readAs, text, texts, u32 } from "./schema.ts";

/** Which jobs a job waits for, and which wait for it. */
export interface JobLinks {
  /** The jobs that it waits for. */
  readonly dependsOn: readonly Dependency[];
  /** The ids of the jobs that wait for it; the first 100. */
  readonly dependents: readonly string[];
  /** How many jobs wait for it. */
  readonly dependentsCount: number;
}

const linksSchema: v.GenericSchema<unknown, {
  readonly depends_on: {
    readonly id: string;
    readonly on_dead: OnDead;
    readonly name?: string | null | undefined;
  }[];
  readonly dependents: string[];
  readonly dependents_count: number;
}> = v.object({
  depends_on: v.array(
    v.object(
      { id: text, on_dead: oneOf(onDeads, "what to do"), name: optional(text) },
      "an object",
    ),
    "a list",
  ),
  dependents: texts,
  dependents_count: u32,
}, "an object");

/** Reads the answer to `GET /jobs/{id}/dependencies`. */
export function readLinks(value: unknown): JobLinks {
  const { depends_on, dependents, dependents_count } = readAs(linksSchema, value);
  return {
    dependsOn: depends_on.map(({ id, on_dead, name }) =>
      name == null ? { id, onDead: on_dead } : { id, onDead: on_dead, name }
    ),
    dependents,
    dependentsCount: dependents_count,
  };
}
