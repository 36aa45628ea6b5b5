/**
 * jq expressions with values in them.
 *
 * @module
 */

/**
 * Puts values into a jq expression, so that no text in them can become code.
 *
 * Each value is written as JSON, which in jq stands for that value. A bigint is written with all of its digits: the id
 * `1234567890123456789` is none that a number can hold.
 *
 * @param parts The expression between the values.
 * @param values What to put in: JSON values, or a bigint.
 * @throws {TypeError} If a value is not a JSON value: a function, NaN, undefined.
 *
 * @example
 * ```ts
 * import { jq } from "@millrace/millrace/client";
 *
 * const user = 'x" or true or "';
 * console.log(jq`.user == ${user} and .n > ${3}`); // .user == ("x\" or true or \"") and .n > (3)
 * ```
 */
export function jq(parts: TemplateStringsArray, ...values: readonly unknown[]): string {
  return parts.reduce((text, part, at) => `${text}(${toJqLiteral(values[at - 1])})${part}`);
}

/**
 * Writes a value in jq.
 *
 * @throws {TypeError} If it is not a JSON value.
 */
export function toJqLiteral(value: unknown): string {
  if (typeof value === "bigint") return `${value}`;
  const json = typeof value === "number" && !Number.isFinite(value)
    ? undefined
    : JSON.stringify(value);
  if (json !== undefined) return json;
  throw new TypeError(`Cannot write ${String(value)} in a jq expression: expected a JSON value`);
}
