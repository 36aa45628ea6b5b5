/**
 * All builtins. To add one, add a row to the table of its kind:
 *
 * | Kind                             | Tables                                                                   |
 * | -------------------------------- | ------------------------------------------------------------------------ |
 * | a function of values             | `collections.ts`, `strings.ts`, `math.ts`, `dates.ts`, `patterns.ts`     |
 * | a filter that is made of filters | `control.ts`, `loops.ts`, `by.ts`, `patterns.ts`                         |
 * | a definition in jq itself        | `prelude.ts`                                                             |
 *
 * @module
 */

import { type Code, computed } from "../code/code.ts";
import { type Build, declareDefinition, type DefineScope, type Scope } from "../code/scope.ts";
import { fail } from "../errors.ts";
import type { Ast, Definition } from "../syntax/ast.ts";
import { parseDefinition } from "../syntax/parser.ts";
import { describe, toText } from "../values/text.ts";
import { by } from "./by.ts";
import { collections } from "./collections.ts";
import { control } from "./control.ts";
import { dates } from "./dates.ts";
import { formats } from "./formats.ts";
import { loops } from "./loops.ts";
import { math } from "./math.ts";
import { patterns, substitutions } from "./patterns.ts";
import { prelude } from "./prelude.ts";
import { refused } from "./refused.ts";
import { callValueRow, type FilterRow, type ValueRow } from "./row.ts";
import { strings } from "./strings.ts";

export { formats } from "./formats.ts";

const valueRows = new Map<string, ValueRow>(
  Object.entries({ ...collections, ...strings, ...math, ...dates, ...patterns }),
);
const filterRows = new Map<string, FilterRow>(
  Object.entries({ ...control, ...loops, ...by, ...substitutions }),
);
const texts = new Map(Object.entries(prelude));
const parsed = new Map<string, Definition>();
const refusals = new Map(Object.entries(refused));

filterRows.set("builtins/0", () => computed(() => names()));
valueRows.set("format/1", (input, name) => {
  if (typeof name !== "string") return fail(`${describe(name)} is not a valid format`);
  return (formats.get(name) ?? fail(`${toText(name)} is not a valid format`))(input);
});

/** The names of all builtins, with their arity. */
function names(): string[] {
  return [...valueRows.keys(), ...filterRows.keys(), ...texts.keys()];
}

/**
 * Compiles the call of a builtin.
 *
 * @param name The name with the arity: `join/1`.
 * @param args The arguments, one for each of the arity.
 * @param scope The scope of the call.
 * @param build Compiles the arguments.
 * @param library The definitions in jq itself that the program uses; a new one is added.
 * @returns The code; the definition to call, if the builtin is one; or the reason why there is no such builtin.
 */
export function callBuiltin(
  name: string,
  args: readonly Ast[],
  scope: Scope | undefined,
  build: Build,
  library: Map<string, Scope>,
): Code | DefineScope | string {
  const filterRow = filterRows.get(name);
  if (filterRow !== undefined) return filterRow(...args.map((arg) => build(arg, scope)));
  const valueRow = valueRows.get(name);
  if (valueRow !== undefined) return callValueRow(valueRow, args.map((arg) => build(arg, scope)));
  const text = texts.get(name);
  if (text !== undefined) {
    const definition = parsed.get(name) ?? parseDefinition(text);
    parsed.set(name, definition);
    const declared = declareDefinition(undefined, definition);
    library.set(name, declared);
    return declared;
  }
  const reason = refusals.get(name);
  return reason === undefined
    ? `undefined filter "${name}"`
    : `"${name}" has no meaning here: ${reason}`;
}
