/**
 * Filters by payload in plain words: jq expressions for the `filter` of a query.
 *
 * @module
 */

import { type PayloadPath, toJqPath } from "../jq/payload-path.ts";
import { toJqLiteral } from "./jq.ts";

/**
 * Gives the jq filter of jobs whose payload, or a part of it, is the same as a value.
 *
 * @param value Any JSON value, or a bigint.
 * @param path Which part; the whole payload if it is left out.
 * @throws {TypeError} If the value is not a JSON value, or the path is none.
 *
 * @example
 * ```ts
 * import { payloadEquals } from "@millrace/millrace/client";
 *
 * console.log(payloadEquals({ user: 7 })); // . == {"user":7}
 * console.log(payloadEquals('x" or true', "user.name")); // .user.name == "x\" or true"
 * // client.list({ filter: payloadEquals(7, "user.id") })
 * ```
 */
export function payloadEquals(value: unknown, path: PayloadPath = ""): string {
  return `${toJqPath(path)} == ${toJqLiteral(value)}`;
}

/**
 * Gives the jq filter of jobs whose payload, or a part of it, contains a value, as jq's `contains` has it: an object contains
 * another if it has all of its members, each of them containing the other's; a list contains another if each of the other's
 * items is contained in one of its own; a text contains the texts within it.
 *
 * @param value Any JSON value, or a bigint.
 * @param path Which part; the whole payload if it is left out.
 * @throws {TypeError} If the value is not a JSON value, or the path is none.
 *
 * @example
 * ```ts
 * import { payloadContains } from "@millrace/millrace/client";
 *
 * console.log(payloadContains({ user: { id: 7 } })); // . | contains({"user":{"id":7}})
 * console.log(payloadContains(["urgent"], "tags")); // .tags | contains(["urgent"])
 * ```
 */
export function payloadContains(value: unknown, path: PayloadPath = ""): string {
  return `${toJqPath(path)} | contains(${toJqLiteral(value)})`;
}

/**
 * Gives the jq filter of jobs whose payload, or a part of it, is a list that begins with some values. For jobs of the Ruby
 * client, `payloadStartsWith(["Bill"], "args")` finds those whose first argument is Bill.
 *
 * @param values The first items of the list: JSON values.
 * @param path Which part; the whole payload if it is left out.
 * @throws {TypeError} If a value is not a JSON value, or the path is none.
 *
 * @example
 * ```ts
 * import { payloadStartsWith } from "@millrace/millrace/client";
 *
 * console.log(payloadStartsWith(["Bill", 3], "args")); // .args[0:2] == ["Bill",3]
 * ```
 */
export function payloadStartsWith(values: readonly unknown[], path: PayloadPath = ""): string {
  return `${toJqPath(path)}[0:${values.length}] == ${toJqLiteral(values)}`;
}
