/**
 * What a filter is once it is compiled: closures, in one of two forms.
 *
 * `run` is the general form: it hands every output to `emit`, in order, and stops as soon as `emit` asks it to. `one` is
 * the quick form of a filter that has exactly one output for every input: a plain function. A node has it wherever its
 * parts have, so `.user_id == 42` is two nested calls and allocates nothing. Generators were rejected: resuming one
 * costs more than most filters do.
 *
 * `run` follows paths too, since `path(f)`, `del(f)` and `f |= g` need the same filters once more: where `path` is
 * given, each output comes with the path that leads to it.
 *
 * @module
 */

import type { Json } from "../values/json.ts";

/** Go on with the next output. */
export const GO = 0;
/** Give no more outputs: whoever takes them has enough, or a `break` is on its way to its label. */
export const STOP = 1;
/** The rest of the work is the call that lies in `tail`: whoever is not in tail position itself must do it. */
export const TAIL = 2;

/** What a run tells its caller. */
export type Signal = typeof GO | typeof STOP | typeof TAIL;

/** Variables, filter parameters and labels, innermost first. */
export interface Env {
  readonly value: Json | Closure | Label;
  readonly up: Env | undefined;
}

/** A filter that was given as an argument, with what was in scope there. */
export interface Closure {
  readonly code: Code;
  readonly env: Env | undefined;
}

/** The identity of one activation of a `label`. */
export type Label = Record<string, never>;

/** A way into a value, last step first. `NO_PATH` leads to a value that does not lie in the input. */
export interface Path {
  readonly key: Json;
  readonly up: Path | undefined;
}

/** The path of the input itself. */
export const ROOT: Path = { key: null, up: undefined };
/** What has no path, as `1 + 1` has none. An error only once somebody steps further or asks for the path. */
export const NO_PATH: Path = { key: null, up: undefined };

/** Takes an output. Its path is undefined where nobody asked for paths. Gives GO or STOP, never TAIL. */
export type Emit = (value: Json, path: Path | undefined) => Signal;

/** The general form. */
export type Run = (input: Json, path: Path | undefined, env: Env | undefined, emit: Emit) => Signal;

/** The quick form, for filters with exactly one output. */
export type One = (input: Json, env: Env | undefined) => Json;

/** A compiled filter. */
export interface Code {
  readonly one?: One;
  readonly run: Run;
}

/** A filter that computes a value: its output has a path only if it happens to be the input itself. */
export function computed(one: One): Code {
  return {
    one,
    run(input, path, env, emit) {
      const value = one(input, env);
      return emit(value, path && (value === input ? path : NO_PATH));
    },
  };
}

/** The same for outputs of which there is not exactly one; `run` must not look at paths. */
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

/** Gives every output of a filter; null once where there is no filter. */
export function giveOutputs(
  code: Code | undefined,
  input: Json,
  env: Env | undefined,
  give: (value: Json) => Signal,
): Signal {
  return code === undefined ? give(null) : code.run(input, undefined, env, give);
}

/** Puts a variable in scope. */
export function extend(env: Env | undefined, value: Env["value"]): Env {
  return { value, up: env };
}

/** A path as the array that programs see. */
export function pathKeys(path: Path): readonly Json[] {
  const keys: Json[] = [];
  for (let step = path; step.up !== undefined; step = step.up) keys.push(step.key);
  return keys.reverse();
}

/** A path from the array that programs see. */
export function extendPath(path: Path, keys: readonly Json[]): Path {
  let longer = path;
  for (const key of keys) longer = { key, up: longer };
  return longer;
}
