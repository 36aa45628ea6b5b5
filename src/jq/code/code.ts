/**
 * A compiled filter: closures, in one or two forms.
 *
 * `run` is the general form. It gives every output to `emit`, in order, and stops as soon as `emit` returns STOP. `one`
 * is the fast form of a filter that has exactly one output for every input: a plain function. A filter has it if all its
 * parts have it, so `.user_id == 42` is two nested calls and allocates nothing. Generators were rejected: to resume one
 * costs more than most filters do.
 *
 * `run` also follows paths, because `path(f)`, `del(f)` and `f |= g` need them of the same filters. If `path` is given,
 * each output comes with the path that leads to it.
 *
 * @module
 */

import type { Json } from "../values/json.ts";

/** Go on with the next output. */
export const GO = 0;
/** Give no more outputs: the receiver has enough. */
export const STOP = 1;
/** A call in tail position is still to be made; the first caller that is not in tail position makes it. */
export const TAIL = 2;

/** What a run returns to its caller. */
export type Signal = typeof GO | typeof STOP | typeof TAIL;

/** Variables, filter parameters and labels, innermost first. */
export interface Env {
  readonly value: Json | Closure | Label;
  readonly up: Env | undefined;
}

/** A filter that was given as an argument, with the environment of the call. */
export interface Closure {
  readonly code: Code;
  readonly env: Env | undefined;
}

/** One run of a `label`; compared by identity. */
export type Label = Record<string, never>;

/** The path to a part of a value, last key first. */
export interface Path {
  readonly key: Json;
  readonly up: Path | undefined;
}

/** The path of the input itself. */
export const ROOT: Path = { key: null, up: undefined };
/**
 * Stands for the path of a value that is not a part of the input, such as `1 + 1`. It is an error only if the program
 * accesses a part of that value, or asks for its path.
 */
export const NO_PATH: Path = { key: null, up: undefined };

/** Takes an output. `path` is undefined if no paths are wanted. Returns GO or STOP, never TAIL. */
export type Emit = (value: Json, path: Path | undefined) => Signal;

/** The general form. */
export type Run = (input: Json, path: Path | undefined, env: Env | undefined, emit: Emit) => Signal;

/** The fast form, for filters with exactly one output. */
export type One = (input: Json, env: Env | undefined) => Json;

/** A compiled filter. */
export interface Code {
  readonly one?: One;
  readonly run: Run;
}

/** Makes a filter with one output. The output has a path only if it is the input itself. */
export function computed(one: One): Code {
  return {
    one,
    run(input, path, env, emit) {
      const value = one(input, env);
      return emit(value, path && (value === input ? path : NO_PATH));
    },
  };
}

/** Makes a filter with any number of outputs. An output has a path only if it is the input itself. */
export function generated(
  run: (input: Json, env: Env | undefined, give: (value: Json) => Signal) => Signal,
): Code {
  return {
    run: (input, path, env, emit) =>
      run(
        input,
        env,
        path === undefined
          ? (value) => emit(value, undefined)
          : (value) => emit(value, value === input ? path : NO_PATH),
      ),
  };
}

/** Gives every output of a filter, or null once if there is no filter. */
export function giveOutputs(
  code: Code | undefined,
  input: Json,
  env: Env | undefined,
  give: (value: Json) => Signal,
): Signal {
  return code === undefined ? give(null) : code.run(input, undefined, env, give);
}

/** An environment with one value more. */
export function extend(env: Env | undefined, value: Env["value"]): Env {
  return { value, up: env };
}

/** Converts a path to the array that programs see. */
export function pathKeys(path: Path): readonly Json[] {
  const keys: Json[] = [];
  for (let step = path; step.up !== undefined; step = step.up) keys.push(step.key);
  return keys.reverse();
}

/** A path with more keys, which are given as the array that programs see. */
export function extendPath(path: Path, keys: readonly Json[]): Path {
  let longer = path;
  for (const key of keys) longer = { key, up: longer };
  return longer;
}
