/**
 * `reduce` and `foreach`.
 *
 * @module
 */

import { tick } from "../meter.ts";
import type { AstNode } from "../syntax/ast.ts";
import type { Json } from "../values/json.ts";
import { buildPatterns } from "./bind.ts";
import { type Code, type Env, GO, type Path, STOP } from "./code.ts";
import type { Build, Scope } from "./scope.ts";

/** Compiles `reduce f as $x (init; update)`. The last output of `update` is the next state; null if there is none. */
export function buildReduce(node: AstNode<"reduce">, scope: Scope | undefined, build: Build): Code {
  const source = build(node.source, scope).run;
  const bound = buildPatterns(node.patterns, scope, build);
  const init = build(node.init, scope);
  const update = build(node.update, bound.scope);
  const initOne = init.one;
  const step = update.one;
  const fold = (
    input: Json,
    env: Env | undefined,
    state: Json,
    at: Path | undefined,
    emit: (state: Json, at: Path | undefined) => void,
  ) => {
    source(input, undefined, env, (value) => {
      tick();
      return bound.bind(value, env, (inner) => {
        if (step !== undefined && at === undefined) {
          state = step(state, inner);
          return GO;
        }
        const before = state;
        const from = at;
        state = null;
        return update.run(before, from, inner, (next, path) => {
          state = next;
          at = path;
          return GO;
        });
      });
    });
    emit(state, at);
  };
  const run: Code["run"] = (input, path, env, emit) =>
    init.run(input, path, env, (state, at) => {
      let last: Json = null;
      let lastAt = at;
      fold(input, env, state, at, (value, path) => {
        last = value;
        lastAt = path;
      });
      return emit(last, lastAt);
    });
  if (initOne === undefined) return { run };
  return {
    one(input, env) {
      let last: Json = null;
      fold(input, env, initOne(input, env), undefined, (value) => last = value);
      return last;
    },
    run,
  };
}

/**
 * Compiles `foreach f as $x (init; update; extract)`. Each output of `update` is the next state, and gives an output. If
 * `update` has no output, the next state is null.
 */
export function buildForeach(
  node: AstNode<"foreach">,
  scope: Scope | undefined,
  build: Build,
): Code {
  const source = build(node.source, scope).run;
  const bound = buildPatterns(node.patterns, scope, build);
  const init = build(node.init, scope).run;
  const update = build(node.update, bound.scope).run;
  const extract = node.extract && build(node.extract, bound.scope).run;
  return {
    run: (input, path, env, emit) =>
      init(input, path, env, (start, startAt) => {
        let state = start;
        let at = startAt;
        const signal = source(input, undefined, env, (value) => {
          tick();
          return bound.bind(value, env, (inner) => {
            const before = state;
            state = null;
            return update(before, at, inner, (next, path) => {
              state = next;
              at = path;
              return extract === undefined ? emit(next, path) : extract(next, path, inner, emit);
            });
          });
        });
        return signal === STOP ? STOP : GO;
      }),
  };
}
