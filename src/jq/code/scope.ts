/**
 * The names in scope at a point of the source, and how many values the environment has there.
 *
 * @module
 */

import type { Ast, Definition } from "../syntax/ast.ts";
import type { Code, Env } from "./code.ts";

/** A name in scope, and what it stands for. */
export type Scope = DefineScope | ValueScope;

interface Named {
  readonly name: string;
  /** How many values the environment has as soon as this is in scope. */
  readonly size: number;
  readonly up: Scope | undefined;
}

/** A name with a value in the environment. */
export interface ValueScope extends Named {
  readonly kind: "variable" | "filter" | "label";
}

/** A name of a definition, which has no value in the environment. */
export interface DefineScope extends Named {
  readonly kind: "define";
  readonly made: CompiledDefinition;
}

/** A definition, and its code as soon as a call needs it. */
export interface CompiledDefinition {
  readonly definition: Definition;
  /** Undefined until the body is compiled. */
  code: Code | undefined;
  state: "new" | "compiling" | "done";
}

/** Compiles a filter. Its code may return TAIL only if it is in tail position. */
export type Build = (ast: Ast, scope: Scope | undefined, isTail?: boolean) => Code;

/** Ends the compilation with a mistake at an offset of the source. */
export type Refuse = (reason: string, at: number) => never;

/** How many values the environment has. */
function sizeOf(scope: Scope | undefined): number {
  return scope === undefined ? 0 : scope.size;
}

/** Brings a name with a value into scope. */
export function declare(
  scope: Scope | undefined,
  kind: "variable" | "filter" | "label",
  name: string,
): ValueScope {
  return { kind, name, size: sizeOf(scope) + 1, up: scope };
}

/** Brings a definition into scope. */
export function declareDefinition(scope: Scope | undefined, definition: Definition): DefineScope {
  const name = `${definition.name}/${definition.parameters.length}`;
  const made: CompiledDefinition = { definition, code: undefined, state: "new" };
  return { kind: "define", name, made, size: sizeOf(scope), up: scope };
}

/** Finds a name, innermost scope first. The name of a filter or definition includes its arity: `f/1`. */
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

/** Makes a function from the environment at `scope` to the environment in which `target` was declared. */
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
