/**
 * Compares a payload with what a test expects of it, and says where they differ.
 *
 * @module
 */

/** Some of the members of a value, at every depth; an array is given whole. */
export type Partially<Value> = Value extends readonly (infer Item)[] ? readonly Partially<Item>[]
  : Value extends object ? { readonly [Key in keyof Value]?: Partially<Value[Key]> | undefined }
  : Value;

/** One place where two values differ. */
export interface Difference {
  /** The path, such as `items[2].to`; empty for the whole. */
  readonly path: string;
  /** What was expected, as text. */
  readonly expected: string;
  /** What is there, as text. */
  readonly actual: string;
}

/**
 * Compares a value with the members that are expected of it. Members that are not expected may be anything; arrays have to
 * be of the same length.
 *
 * @param expected What is expected; members that are undefined are passed over.
 * @param actual A JSON value.
 * @param path Where the two are.
 */
export function findDifferences(expected: unknown, actual: unknown, path = ""): Difference[] {
  if (isObject(expected) && isObject(actual)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      value === undefined
        ? []
        : findDifferences(value, actual[key], path === "" ? key : `${path}.${key}`)
    );
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((value, at) => findDifferences(value, actual[at], `${path}[${at}]`));
  }
  if (show(expected) === show(actual)) return [];
  return [{ path, expected: show(expected), actual: show(actual) }];
}

/** A value as text, as a programmer writes it; cut off if it is long. */
export function show(value: unknown, longest: number = Infinity): string {
  const text = write(value);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(", ")}]`;
  if (isObject(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) =>
        `${/^[\p{L}_$][\p{L}\d_$]*$/u.test(key) ? key : JSON.stringify(key)}: ${write(member)}`
      );
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
  }
  return JSON.stringify(value) ?? "undefined";
}

/** Neither an array nor what JSON writes in a way of its own, such as a `Date`. */
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    typeof (value as { toJSON?: unknown }).toJSON !== "function";
}
