/**
 * Builtins that decide how often a filter runs and how many of its outputs are taken. They follow paths.
 *
 * @module
 */

import {
  type Code,
  type Emit,
  type Env,
  generated,
  GO,
  type Path,
  type Run,
  type Signal,
  STOP,
} from "../code/code.ts";
import { constant } from "../code/flow.ts";
import { giveItems } from "../code/access.ts";
import { fail } from "../errors.ts";
import { exceed, meter, tick } from "../meter.ts";
import { add, subtract } from "../values/arithmetic.ts";
import { isNumber, toDouble } from "../values/exact-number.ts";
import { hasParts, isTruthy, type Json } from "../values/json.ts";
import { compare } from "../values/order.ts";
import type { FilterRow } from "./row.ts";

/** The builtins of this file. */
export const loops: Readonly<Record<string, FilterRow>> = {
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
        // As in jq: null and booleans are less than any number and mean no limit; anything else fails here.
        const limit = isNumber(n) ? toDouble(n) : compare(n, 0) < 0 ? -1 : Number(subtract(n, 1));
        if (limit === 0) return GO;
        if (limit < 0) return filter.run(input, path, env, emit);
        return takeOutputs(Math.ceil(limit), filter.run, input, path, env, emit);
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
        let left = isNumber(n)
          ? toDouble(n)
          : compare(n, 0) < 0
          ? Number(n ?? -1)
          : Number(add(n, 1));
        if (left < 0) fail("nth doesn't support negative indices");
        const run: Run = (input, path, env, emit) =>
          filter.run(input, path, env, (value, at) => left-- > 0 ? GO : emit(value, at));
        return takeOutputs(1, run, input, path, env, emit);
      }),
  }),
};

function demandNumber(value: Json, name: string): number {
  return isNumber(value) ? toDouble(value) : fail(`${name}() requires a number`);
}

/** Counts one level of calls for a turn of a loop: with several outputs, turns are calls inside calls. */
function nested<T>(turn: () => T): T {
  tick();
  if (++meter.depth > meter.limits.depth) exceed("depth");
  const result = turn();
  meter.depth--;
  return result;
}

function descend(value: Json, path: Path | undefined, emit: Emit): Signal {
  tick();
  if (emit(value, path) === STOP) return STOP;
  if (!hasParts(value)) return GO;
  return giveItems(value, path, true, (item, at) => descend(item, at, emit));
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
  const zero = from ?? constant(0);
  const one = by ?? constant(1);
  return generated((input, env, give) =>
    zero.run(
      input,
      undefined,
      env,
      (start) =>
        to.run(input, undefined, env, (end) =>
          one.run(input, undefined, env, (step) =>
            countUp(start, end, step, give))),
    )
  );
}

function countUp(start: Json, end: Json, step: Json, give: (value: Json) => Signal): Signal {
  if (!isNumber(start) || !isNumber(end) || !isNumber(step)) {
    return fail("Range bounds must be numeric");
  }
  const first = toDouble(start);
  const last = toDouble(end);
  const by = toDouble(step);
  if (by === 0) return GO;
  for (let n = first; by > 0 ? n < last : n > last; n += by) {
    tick();
    // The first one is given as it is, and with all of its digits.
    if (give(n === first ? start : n) === STOP) return STOP;
  }
  return GO;
}

function takeOutputs(
  count: number,
  run: Run,
  input: Json,
  path: Path | undefined,
  env: Env | undefined,
  emit: Emit,
): Signal {
  let left = count;
  let asked: Signal = GO;
  run(input, path, env, (value, at) => {
    left--;
    asked = emit(value, at);
    return left <= 0 ? STOP : asked;
  });
  return asked;
}
