/**
 * The kinds of rows in the tables of builtins: a function of values, a filter that is made of filters, or a definition
 * in jq itself. The key of a row is the name and the number of arguments: `join/1`.
 *
 * @module
 */

import { checkArray, checkString, spend, spendText } from "../meter.ts";
import { type Code, computed, generated, giveOutputs } from "../code/code.ts";
import { isArray, type Json } from "../values/json.ts";

/** Computes the output from the input and one output of each argument. Calls `fail` if they do not fit. */
export type ValueRow = (input: Json, a: Json, b: Json, c: Json) => Json;

/** Makes the filter of a call from the filters that are its arguments. */
export type FilterRow = (...args: Code[]) => Code;

/** Calls a function for each combination of outputs of its arguments. The last argument is the outermost loop. */
export function callValueRow(row: ValueRow, args: readonly Code[]): Code {
  const [a, b, c] = args;
  const quick = args.map(({ one }) => one).filter((one) => one !== undefined);
  if (quick.length === args.length) {
    const [a, b, c] = quick;
    if (a === undefined) return computed((input) => applyRow(row, input, null, null, null));
    if (b === undefined) {
      return computed((input, env) => applyRow(row, input, a(input, env), null, null));
    }
    return computed((input, env) => {
      const third = c === undefined ? null : c(input, env);
      const second = b(input, env);
      return applyRow(row, input, a(input, env), second, third);
    });
  }
  return generated((input, env, give) =>
    giveOutputs(
      c,
      input,
      env,
      (third) =>
        giveOutputs(b, input, env, (second) =>
          giveOutputs(a, input, env, (first) =>
            give(applyRow(row, input, first, second, third)))),
    )
  );
}

/** Calls a function, and counts the cost of the texts that it reads and of its output. It counts array elements itself. */
function applyRow(row: ValueRow, input: Json, a: Json, b: Json, c: Json): Json {
  if (typeof input === "string") spendText(input);
  if (typeof a === "string") spendText(a);
  const value = row(input, a, b, c);
  if (typeof value === "string") {
    checkString(value.length);
    spend(value.length);
  } else if (typeof value === "object" && isArray(value)) {
    checkArray(value.length);
    spend(value.length);
  }
  return value;
}
