/**
 * A schema of an object whose members are fields of a job.
 *
 * It does what `v.object` and `v.transform` would do, in one step: no object in between, and nothing is done for an
 * optional field that is absent. Of most jobs most are.
 *
 * @module
 */

import * as v from "valibot";
import type { FieldKind, JobField } from "./job-fields.ts";

/** How the value of each kind is read. */
export type KindSchemas = Readonly<Partial<Record<FieldKind, v.GenericSchema<unknown, unknown>>>>;

/** How an object is read. */
export interface FieldsOptions<Output> {
  /** The schema of each kind that the fields have. */
  readonly kinds: KindSchemas;
  /** Creates the object that the values are put into, with what stands for fields that are absent or null. */
  readonly start: (input: Readonly<Record<string, unknown>>) => Output;
}

const anyObject = v.object({}, "an object");

/**
 * Creates the schema of an object with some fields.
 *
 * @param fields The fields, in the order in which they are checked; other members of the object are passed over.
 * @param options How their values are read, and into what.
 */
// @__NO_SIDE_EFFECTS__
export function fieldsSchema<Output extends object>(
  fields: readonly JobField[],
  { kinds, start }: FieldsOptions<Output>,
): v.GenericSchema<unknown, Output> {
  // Of one shape, which the rows are not: reading those takes half as long again.
  const readers = fields.map(({ name, wire, kind, always }) => ({
    name,
    wire,
    always,
    schema: kinds[kind]!,
  }));
  const lastAlways = readers.findLastIndex(({ always }) => always);
  const run = (dataset: v.UnknownDataset, config: v.Config<v.BaseIssue<unknown>>) => {
    const input = dataset.value as Record<string, unknown> | null;
    if (typeof input !== "object" || input === null) return anyObject["~run"](dataset, config);
    const output = start(input) as Record<string, unknown>;
    // Most fields are absent, and to look for each takes longer than to count: the payload is read by others.
    let unread = Object.keys(input).length - ("payload" in input ? 1 : 0);
    for (let at = 0; at < readers.length && (unread > 0 || at <= lastAlways); at++) {
      const { name, wire, always, schema } = readers[at]!;
      const value = input[wire];
      if (value == null && !always) continue;
      unread--;
      const read = schema["~run"]({ value }, config);
      if (read.issues) {
        // The path of an issue begins at the outermost object, as 'v.object' has it.
        for (const issue of read.issues as OpenIssue[]) {
          issue.path = [{ key: wire }, ...issue.path ?? []];
        }
        return read;
      }
      output[name] = read.value;
    }
    return { typed: true, value: output };
  };
  return { ...anyObject, "~run": run } as unknown as v.GenericSchema<unknown, Output>;
}

/** What is read of an issue's path: the keys. */
interface OpenIssue {
  path?: readonly { readonly key: unknown }[];
}
