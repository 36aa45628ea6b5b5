/**
 * Builtins that decide what runs, how often, and what comes out: loops, choices, recursion, errors.
 *
 * Those that hand values through follow paths; see `code/code.ts`.
 *
 * @module
 */

import {
  BROKEN,
  type Code,
  computed,
  type Emit,
  type Env,
  extendPath,
  generated,
  GO,
  type Path,
  type Run,
  STOP,
} from "../code/code.ts";
import { giveAll } from "../code/steps.ts";
import { fail, Failure } from "../errors.ts";
import { exceed, meter, tick } from "../meter.ts";
import { add, subtract } from "../values/arithmetic.ts";
import { isArray, isObject, isTruthy, type Json } from "../values/json.ts";
import { compare, equals } from "../values/order.ts";
import { getPath } from "../values/paths.ts";
import { demandPath } from "./collections.ts";
import { choose, type FilterRow } from "./row.ts";

/** Filters made of filters. */
export const control: Readonly<Record<string, FilterRow>> = {
  "empty/0": () => ({ run: () => GO }),
  "error/0": () => computed((input) => raise(input)),
  "error/1": (message) => generated((input, env) => message.run(input, undefined, env, raise)),
  "select/1": select,
  ...kinds({
    arrays: isArray,
    objects: isObject,
    iterables: (value) => typeof value === "object" && value !== null,
    booleans: (value) => typeof value === "boolean",
    numbers: (value) => typeof value === "number",
    normals: isNormal,
    finites: (value) => typeof value === "number" && Math.abs(value) !== Infinity,
    strings: (value) => typeof value === "string",
    nulls: (value) => value === null,
    values: (value) => value !== null,
    scalars: (value) => typeof value !== "object" || value === null,
  }),
  "recurse/0": () => ({ run: (input, path, _env, emit) => descend(input, path, emit) }),
  "recurse/1": (next) => recurse(next),
  "recurse/2": (next, condition) => recurse(next, condition),
  "range/1": (to) => range(undefined, to, undefined),
  "range/2": (from, to) => range(from, to, undefined),
  "range/3": (from, to, by) => range(from, to, by),
  "while/2": (condition, update) => ({
    run: (input, path, env, emit) => {
      const step: Emit = (value, at) =>
        nested(() =>
          condition.run(
            value,
            undefined,
            env,
            (go) =>
              !isTruthy(go)
                ? GO
                : emit(value, at) === STOP
                ? STOP
                : update.run(value, at, env, step),
          )
        );
      if (condition.one === undefined || update.one === undefined || path !== undefined) {
        return step(input, path);
      }
      for (let value = input; isTruthy(condition.one(value, env)); value = update.one(value, env)) {
        tick();
        if (emit(value, undefined) === STOP) return STOP;
      }
      return GO;
    },
  }),
  "until/2": (condition, update) => ({
    run: (input, path, env, emit) => {
      const step: Emit = (value, at) =>
        nested(() =>
          condition.run(
            value,
            undefined,
            env,
            (done) => isTruthy(done) ? emit(value, at) : update.run(value, at, env, step),
          )
        );
      if (condition.one === undefined || update.one === undefined || path !== undefined) {
        return step(input, path);
      }
      let value = input;
      for (; !isTruthy(condition.one(value, env)); value = update.one(value, env)) tick();
      return emit(value, undefined);
    },
  }),
  "repeat/1": (filter) => ({
    run: (input, path, env, emit) => {
      for (;;) {
        tick();
        if (filter.run(input, path, env, emit) === STOP) return STOP;
      }
    },
  }),
  "first/1": (filter) => ({
    run: (input, path, env, emit) => {
      let first: { readonly value: Json; readonly at: Path | undefined } | undefined;
      filter.run(input, path, env, (value, at) => {
        first = { value, at };
        return STOP;
      });
      return first === undefined ? GO : emit(first.value, first.at);
    },
  }),
  "last/1": (filter) => ({
    run: (input, path, env, emit) => {
      let last: Json = null;
      let lastAt = path;
      filter.run(input, path, env, (value, at) => {
        last = value;
        lastAt = at;
        return GO;
      });
      return emit(last, lastAt);
    },
  }),
  "limit/2": (count, filter) => ({
    run: (input, path, env, emit) =>
      count.run(input, undefined, env, (n) => {
        // What is less than every number limits nothing, and what is more cannot be counted down.
        const limit = typeof n === "number" ? n : compare(n, 0) < 0 ? -1 : Number(subtract(n, 1));
        if (limit === 0) return GO;
        if (limit < 0) return filter.run(input, path, env, emit);
        return take(Math.ceil(limit), filter.run, input, path, env, emit);
      }),
  }),
  "skip/2": (count, filter) => ({
    run: (input, path, env, emit) =>
      count.run(input, undefined, env, (n) => {
        let left = demandNumber(n, "skip");
        return filter.run(input, path, env, (value, at) => left-- > 0 ? GO : emit(value, at));
      }),
  }),
  "nth/2": (place, filter) => ({
    run: (input, path, env, emit) =>
      place.run(input, undefined, env, (n) => {
        let left = typeof n === "number" || compare(n, 0) < 0 ? Number(n ?? -1) : Number(add(n, 1));
        if (left < 0) fail("nth doesn't support negative indices");
        const run: Run = (input, path, env, emit) =>
          filter.run(input, path, env, (value, at) => left-- > 0 ? GO : emit(value, at));
        return take(1, run, input, path, env, emit);
      }),
  }),
  "isempty/1": (filter) => computed((input, env) => !some(filter, input, env, () => true)),
  "any/0": () => computed((input) => anyItem(input, isTruthy)),
  "all/0": () => computed((input) => !anyItem(input, (value) => !isTruthy(value))),
  "any/1": (test) =>
    computed((input, env) => anyItem(input, (value) => some(test, value, env, isTruthy))),
  "all/1": (test) =>
    computed((input, env) => !anyItem(input, (value) => some(test, value, env, isFalse))),
  "any/2": (filter, test) =>
    computed((input, env) => some(filter, input, env, (value) => some(test, value, env, isTruthy))),
  "all/2": (filter, test) =>
    computed((input, env) => !some(filter, input, env, (value) => some(test, value, env, isFalse))),
  "IN/1": (filter) =>
    computed((input, env) => some(filter, input, env, (value) => equals(input, value))),
  "IN/2": (source, filter) =>
    computed((input, env) =>
      some(source, input, env, (own) => some(filter, input, env, (value) => equals(own, value)))
    ),
  "getpath/1": (keys) => ({
    run: (input, path, env, emit) =>
      keys.run(input, undefined, env, (keys) => {
        const steps = demandPath(keys);
        return emit(
          getPath(input, steps),
          path && (path === BROKEN ? BROKEN : extendPath(path, steps)),
        );
      }),
  }),
};

/** Whether any output of a filter fits; the rest is not asked for. */
export function some(
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

/** A number that is neither zero, infinite, `nan` nor too small for full precision. */
export function isNormal(value: Json): boolean {
  if (typeof value !== "number") return false;
  return Number.isFinite(value) && Math.abs(value) >= 2.2250738585072014e-308;
}

function isFalse(value: Json): boolean {
  return !isTruthy(value);
}

function raise(value: Json): never {
  throw new Failure(value);
}

function demandNumber(value: Json, name: string): number {
  return typeof value === "number" ? value : fail(`${name}() requires a number`);
}

/** A turn of a loop that is a call inside a call all the same, since each turn may have several outputs. */
function nested<T>(turn: () => T): T {
  tick();
  if (++meter.depth > meter.limits.depth) exceed("depth");
  const result = turn();
  meter.depth--;
  return result;
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

function descend(value: Json, path: Path | undefined, emit: Emit): 0 | 1 | 2 {
  tick();
  if (emit(value, path) === STOP) return STOP;
  if (typeof value !== "object" || value === null) return GO;
  return giveAll(value, path, true, (item, at) => descend(item, at, emit));
}

function recurse(next: Code, condition?: Code): Code {
  return {
    run(input, path, env, emit) {
      const step: Emit = (value, at) =>
        nested(() => emit(value, at) === STOP ? STOP : next.run(value, at, env, test));
      const test: Emit = condition === undefined
        ? step
        : (value, at) =>
          condition.run(value, undefined, env, (go) => isTruthy(go) ? step(value, at) : GO);
      const one = next.one;
      if (one === undefined || condition !== undefined || path !== undefined) {
        return step(input, path);
      }
      for (let value = input;; value = one(value, env)) {
        tick();
        if (emit(value, undefined) === STOP) return STOP;
      }
    },
  };
}

function range(from: Code | undefined, to: Code, by: Code | undefined): Code {
  return generated((input, env, give) =>
    choose(
      from,
      input,
      env,
      (from) =>
        to.run(input, undefined, env, (to) =>
          choose(by, input, env, (by) => {
            const start = from ?? 0;
            const step = by ?? 1;
            if (typeof start !== "number" || typeof to !== "number" || typeof step !== "number") {
              return fail("Range bounds must be numeric");
            }
            if (step === 0) return GO;
            for (let n = start; step > 0 ? n < to : n > to; n += step) {
              tick();
              if (give(n) === STOP) return STOP;
            }
            return GO;
          })),
    )
  );
}

function take(
  count: number,
  run: Run,
  input: Json,
  path: Path | undefined,
  env: Env | undefined,
  emit: Emit,
): 0 | 1 | 2 {
  let left = count;
  let asked: 0 | 1 | 2 = GO;
  run(input, path, env, (value, at) => {
    left--;
    asked = emit(value, at);
    return left <= 0 ? STOP : asked;
  });
  return asked;
}

function anyItem(input: Json, fits: (value: Json) => boolean): boolean {
  let found = false;
  giveAll(input, undefined, false, (value) => {
    found = fits(value);
    return found ? STOP : GO;
  });
  return found;
}
