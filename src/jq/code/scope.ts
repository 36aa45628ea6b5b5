/**
 * What is in scope at a place in the source: names, and how many values the environment holds there.
 *
 * @module
 */

import type { Ast, Definition } from "../syntax/ast.ts";
import type { Code, Env } from "./code.ts";

/** A name and what it stands for. */
export type Scope = DefineScope | ValueScope;

interface Named {
  readonly name: string;
  /** How many values the environment holds once this is in scope. */
  readonly size: number;
  readonly up: Scope | undefined;
}

/** Something that is a value at run time. */
export interface ValueScope extends Named {
  readonly kind: "variable" | "filter" | "label";
}

/** A definition, which is none. */
export interface DefineScope extends Named {
  readonly kind: "define";
  readonly made: CompiledDefinition;
}

/** A definition, and its code once it was needed. */
export interface CompiledDefinition {
  readonly definition: Definition;
  /** Undefined before the first call was compiled, and while its own body is. */
  code: Code | undefined;
  state: "new" | "compiling" | "done";
}

/** Compiles a filter. In tail position it may give TAIL for a call instead of making it. */
export type Build = (ast: Ast, scope: Scope | undefined, isTail?: boolean) => Code;

/** Ends the compilation with a mistake at an offset. */
export type Refuse = (reason: string, at: number) => never;

/** How many values the environment holds. */
function sizeOf(scope: Scope | undefined): number {
  return scope === undefined ? 0 : scope.size;
}

/** Brings something into scope that is a value at run time. */
export function declare(
  scope: Scope | undefined,
  kind: "variable" | "filter" | "label",
  name: string,
): ValueScope {
  return { kind, name, size: sizeOf(scope) + 1, up: scope };
}

/** Brings a definition into scope, which is none. */
export function declareDefinition(scope: Scope | undefined, definition: Definition): DefineScope {
  const name = `${definition.name}/${definition.parameters.length}`;
  const made: CompiledDefinition = { definition, code: undefined, state: "new" };
  return { kind: "define", name, made, size: sizeOf(scope), up: scope };
}

/** The innermost thing of a name. Filters and definitions share their names, given with their arity. */
export function find(
  scope: Scope | undefined,
  kind: "variable" | "label" | "callable",
  name: string,
): Scope | undefined {
  for (let found = scope; found !== undefined; found = found.up) {
    const isKind = kind === "callable"
      ? found.kind === "filter" || found.kind === "define"
      : found.kind === kind;
    if (isKind && found.name === name) return found;
  }
  return undefined;
}

/** How to get, at `scope`, to the environment that `target` was declared in. */
export function reach(
  scope: Scope | undefined,
  target: Scope,
): (env: Env | undefined) => Env | undefined {
  const steps = sizeOf(scope) - target.size;
  switch (steps) {
    case 0:
      return (env) => env;
    case 1:
      return (env) => env!.up;
    case 2:
      return (env) => env!.up!.up;
    default:
      return (env) => {
        let found = env;
        for (let i = 0; i < steps; i++) found = found!.up;
        return found;
      };
  }
}
