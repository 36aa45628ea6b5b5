/**
 * The part of the Standard Schema convention that is used here, so that any library that follows it fits.
 *
 * @module
 */

/**
 * A schema of Valibot, Zod, ArkType or any other library that follows Standard Schema version 1
 * (https://standardschema.dev).
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The convention's entry. */
  readonly "~standard": {
    /** The version of the convention. */
    readonly version: 1;
    /** Checks, and may transform, a value. */
    readonly validate: (
      value: unknown,
    ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** For the type checker only; undefined at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The result of a check: `value` is what a schema made of a value that fits, `issues` say why another does not. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One reason why a value does not fit. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where it is wrong: keys, or objects that hold a key. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Writes issues as one line for an error message: `to: Invalid type; size.width: Expected a number`. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  return issues.map(({ message, path }) => {
    const keys = path?.map((part) => String(typeof part === "object" ? part.key : part)) ?? [];
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  }).join("; ");
}
