/**
 * Builtins for choices and errors, and for questions about any or all outputs.
 *
 * Those that give their input on also give its path; see `code/code.ts`.
 *
 * @module
 */

import {
  type Code,
  computed,
  type Emit,
  type Env,
  extendPath,
  generated,
  GO,
  NO_PATH,
  type Path,
  STOP,
} from "../code/code.ts";
import { giveItems } from "../code/access.ts";
import { Raised } from "../errors.ts";
import { isNumber, toDouble } from "../values/exact-number.ts";
import { hasParts, isArray, isObject, isTruthy, type Json } from "../values/json.ts";
import { equals } from "../values/order.ts";
import { getPath } from "../values/paths.ts";
import { toPathKeys } from "./collections.ts";
import type { FilterRow } from "./row.ts";

/** The builtins of this file. */
export const control: Readonly<Record<string, FilterRow>> = {
  "empty/0": () => ({ run: () => GO }),
  "error/0": () => computed((input) => raise(input)),
  "error/1": (message) => generated((input, env) => message.run(input, undefined, env, raise)),
  "select/1": select,
  ...kinds({
    arrays: isArray,
    objects: isObject,
    iterables: hasParts,
    booleans: (value) => typeof value === "boolean",
    numbers: isNumber,
    normals: isNormal,
    finites: (value) => isNumber(value) && Math.abs(toDouble(value)) !== Infinity,
    strings: (value) => typeof value === "string",
    nulls: (value) => value === null,
    values: (value) => value !== null,
    scalars: (value) => !hasParts(value),
  }),
  "isempty/1": (filter) => computed((input, env) => !someOutput(filter, input, env, () => true)),
  "any/0": () => computed((input) => anyItem(input, isTruthy)),
  "all/0": () => computed((input) => !anyItem(input, (value) => !isTruthy(value))),
  "any/1": (test) =>
    computed((input, env) => anyItem(input, (value) => someOutput(test, value, env, isTruthy))),
  "all/1": (test) =>
    computed((input, env) => !anyItem(input, (value) => someOutput(test, value, env, isFalse))),
  "any/2": (filter, test) =>
    computed((input, env) =>
      someOutput(filter, input, env, (value) => someOutput(test, value, env, isTruthy))
    ),
  "all/2": (filter, test) =>
    computed((input, env) =>
      !someOutput(filter, input, env, (value) => someOutput(test, value, env, isFalse))
    ),
  "IN/1": (filter) =>
    computed((input, env) => someOutput(filter, input, env, (value) => equals(input, value))),
  "IN/2": (source, filter) =>
    computed((input, env) =>
      someOutput(
        source,
        input,
        env,
        (own) => someOutput(filter, input, env, (value) => equals(own, value)),
      )
    ),
  "getpath/1": (keys) => ({
    run: (input, path, env, emit) =>
      keys.run(input, undefined, env, (keys) => {
        const steps = toPathKeys(keys);
        return emit(
          getPath(input, steps),
          path && (path === NO_PATH ? NO_PATH : extendPath(path, steps)),
        );
      }),
  }),
};

/** Whether any output of a filter fits. The filter stops at the first that does. */
function someOutput(
  filter: Code,
  input: Json,
  env: Env | undefined,
  fits: (value: Json) => boolean,
): boolean {
  if (filter.one !== undefined) return fits(filter.one(input, env));
  let found = false;
  filter.run(input, undefined, env, (value) => {
    if (!fits(value)) return GO;
    found = true;
    return STOP;
  });
  return found;
}

/** Whether a value is a normal number: not zero, infinite, `nan` or too small for full precision. */
export function isNormal(value: Json): boolean {
  if (!isNumber(value)) return false;
  const double = toDouble(value);
  return Number.isFinite(double) && Math.abs(double) >= 2.2250738585072014e-308;
}

function isFalse(value: Json): boolean {
  return !isTruthy(value);
}

function raise(value: Json): never {
  throw new Raised(value);
}

function select(condition: Code): Code {
  const test = condition.one;
  return {
    run: test === undefined
      ? (input, path, env, emit) =>
        condition.run(input, undefined, env, (go) => isTruthy(go) ? emit(input, path) : GO)
      : (input, path, env, emit) => isTruthy(test(input, env)) ? emit(input, path) : GO,
  };
}

function kinds(
  tests: Readonly<Record<string, (value: Json) => boolean>>,
): Record<string, FilterRow> {
  return Object.fromEntries(
    Object.entries(tests).map(([name, fits]) => [
      `${name}/0`,
      () => ({
        run: (input: Json, path: Path | undefined, _env: Env | undefined, emit: Emit) =>
          fits(input) ? emit(input, path) : GO,
      }),
    ]),
  );
}

function anyItem(input: Json, fits: (value: Json) => boolean): boolean {
  let found = false;
  giveItems(input, undefined, false, (value) => {
    found = fits(value);
    return found ? STOP : GO;
  });
  return found;
}
