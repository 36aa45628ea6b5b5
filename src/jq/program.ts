/**
 * A compiled program, and the ways to run it.
 *
 * Programs have no side effects, so the lazy `run` needs no coroutine: it evaluates until a helping of outputs is there,
 * hands them out, and where more is asked for evaluates anew with a helping eight times as large. A program with few
 * outputs runs once; one with endlessly many gives the first ones quickly.
 *
 * @module
 */

import { type Code, type Emit, type Env, extend, GO, STOP } from "./code/code.ts";
import { compileTree } from "./code/compile.ts";
import { declare, declareDefinition, type Scope } from "./code/scope.ts";
import { JqCompileError, JqError, JqLimitError, Raised } from "./errors.ts";
import { defaultLimits, exceed, type JqLimits, meter, resetMeter } from "./meter.ts";
import type { Definition } from "./syntax/ast.ts";
import { parseProgram } from "./syntax/parser.ts";
import { isTruthy, type Json } from "./values/json.ts";
import { type NonFiniteReplacer, printNonFinite, replaceNonFinite } from "./values/non-finite.ts";
import { toJson } from "./values/text.ts";

/** What a program is compiled with. */
export interface JqOptions {
  /** The names of the variables that a run passes, without `$`. Default none. */
  readonly variables?: readonly string[];
  /** What one evaluation may use. See {@linkcode JqLimits}. */
  readonly limits?: JqLimits;
  /**
   * What stands in an output for a number that JSON cannot say; what it throws ends the run. Default as jq prints them:
   * null for `nan`, the largest double for infinity.
   */
  readonly nonFinite?: (value: number) => Json;
  /**
   * The clock that `now` reads, in ms since the epoch, once for each evaluation. Default none: `now` is refused.
   */
  readonly now?: () => number;
}

/** The values of a program's variables, by name without `$`. One that is missing is null. */
export type JqVariables = { readonly [name: string]: Json };

/** A compiled program. It holds no state between evaluations, and can be run as often as wanted. */
export interface JqProgram {
  /** The text that it was compiled from. */
  readonly source: string;
  /**
   * The outputs, lazily: nothing is evaluated before the first is asked for, and a program with endlessly many may be
   * left after a few. Outputs share structure with the input; change neither.
   *
   * @throws {JqError} where the program fails, after the outputs before that.
   * @throws {JqLimitError} where it reaches a limit, likewise.
   */
  run(input: Json, variables?: JqVariables): Iterable<Json>;
  /**
   * The only output, or undefined where there is none or more than one.
   *
   * @throws {JqError} where the program fails.
   * @throws {JqLimitError} where it reaches a limit.
   */
  one(input: Json, variables?: JqVariables): Json | undefined;
  /**
   * The first output, or undefined where there is none; the rest is not evaluated.
   *
   * @throws {JqError} where the program fails before it.
   * @throws {JqLimitError} where it reaches a limit before it.
   */
  first(input: Json, variables?: JqVariables): Json | undefined;
  /**
   * Whether any output is neither false nor null. What comes after the first such output is not evaluated.
   *
   * @throws {JqError} where the program fails before it.
   * @throws {JqLimitError} where it reaches a limit before it.
   */
  some(input: Json, variables?: JqVariables): boolean;
}

/** A variable of a name that no source can spell, and the filter that reads it. */
const clock = "(clock)";
const nowFilter: Definition = {
  name: "now",
  parameters: [],
  body: { kind: "variable", name: clock, at: 0 },
};

const firstCount = 32;
const countGrowth = 8;

/**
 * Compiles a program.
 *
 * @example
 * ```ts
 * import { compile } from "@millrace/millrace/jq";
 *
 * const large = compile(".items[] | select(.price > $limit) | .name", { variables: ["limit"] });
 * const order = { items: [{ name: "pen", price: 2 }, { name: "desk", price: 300 }] };
 * console.log([...large.run(order, { limit: 100 })]); // [ "desk" ]
 * ```
 *
 * @throws {JqCompileError} if the source is not a program.
 * @throws {RangeError} if a limit is not a positive number.
 */
export function compile(source: string, options: JqOptions = {}): JqProgram {
  const limits: Required<JqLimits> = { ...defaultLimits, ...options.limits };
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0)) throw new RangeError(`Limit '${name}' is ${value}, must be more than 0`);
  }
  const { variables: names = [], nonFinite = printNonFinite, now } = options;
  let scope: Scope | undefined;
  for (const name of names) scope = declare(scope, "variable", name);
  if (now !== undefined) scope = declareDefinition(declare(scope, "variable", clock), nowFilter);
  const code = compileSource(source, scope);

  function toEnv(variables: JqVariables | undefined): Env | undefined {
    let env: Env | undefined;
    for (const name of names) {
      const isGiven = variables !== undefined && Object.hasOwn(variables, name);
      env = extend(env, isGiven ? variables[name]! : null);
    }
    return now === undefined ? env : extend(env, now() / 1000);
  }

  return toProgram(source, code, { limits, nonFinite, toEnv });
}

function compileSource(source: string, scope: Scope | undefined): Code {
  try {
    return compileTree(parseProgram(source), source, scope);
  } catch (error) {
    if (!isExhaustion(error)) throw error;
    throw new JqCompileError("expected less nesting", { line: 1, column: 1 });
  }
}

/** What a program needs to run. */
interface Setting {
  readonly limits: Required<JqLimits>;
  readonly nonFinite: NonFiniteReplacer;
  readonly toEnv: (variables: JqVariables | undefined) => Env | undefined;
}

function toProgram(
  source: string,
  { one, run }: Code,
  { limits, nonFinite, toEnv }: Setting,
): JqProgram {
  /** The outputs up to a number, and how it ended: that there may be more, or an error. */
  function evaluate(input: Json, env: Env | undefined, wanted: number): Evaluation {
    const outputs: Json[] = [];
    let isCut = false;
    const emit: Emit = (value) => {
      if (outputs.length >= limits.outputs) exceed("outputs");
      outputs.push(replaceNonFinite(value, nonFinite));
      isCut = outputs.length >= wanted;
      return isCut ? STOP : GO;
    };
    try {
      resetMeter(limits);
      if (one === undefined) run(input, undefined, env, emit);
      else emit(one(input, env), undefined);
      return { outputs, isCut, error: undefined };
    } catch (error) {
      return { outputs, isCut: false, error: toPublic(error) };
    }
  }

  return {
    source,
    *run(input, variables) {
      const env = toEnv(variables);
      let given = 0;
      for (let wanted = firstCount;; wanted *= countGrowth) {
        const { outputs, isCut, error } = evaluate(input, env, wanted);
        yield* outputs.slice(given);
        given = outputs.length;
        if (error !== undefined) throw error;
        if (!isCut) return;
      }
    },
    one(input, variables) {
      const { outputs, error } = evaluate(input, toEnv(variables), 2);
      if (error !== undefined) throw error;
      return outputs.length === 1 ? outputs[0] : undefined;
    },
    first(input, variables) {
      const { outputs, isCut, error } = evaluate(input, toEnv(variables), 1);
      if (error !== undefined && !isCut) throw error;
      return outputs[0];
    },
    some(input, variables) {
      const env = toEnv(variables);
      try {
        resetMeter(limits);
        if (one !== undefined) return isTruthy(one(input, env));
        found = false;
        run(input, undefined, env, findTruthy);
        return found;
      } catch (error) {
        throw toPublic(error);
      }
    },
  };
}

interface Evaluation {
  readonly outputs: readonly Json[];
  /** Whether it ended because enough outputs were there. */
  readonly isCut: boolean;
  readonly error: unknown;
}

// One evaluation goes on at a time, so that `some` can do without a closure of its own.
let found = false;
const findTruthy: Emit = (value) => {
  if (!isTruthy(value)) return GO;
  found = true;
  return STOP;
};

function toPublic(error: unknown): unknown {
  if (error instanceof Raised) {
    const { value } = error;
    return new JqError(
      typeof value === "string" ? value : `(not a string): ${textOf(value)}`,
      value,
    );
  }
  if (!isExhaustion(error)) return error;
  const message =
    `The program needs more memory or a deeper stack than the runtime has (depth ${meter.depth})`;
  return new JqLimitError("stack", message);
}

/** The value of an error in its message; the limits are used up by then, or nearly. */
function textOf(value: Json): string {
  try {
    resetMeter(defaultLimits);
    return toJson(value);
  } catch {
    return "…";
  }
}

/** What engines throw when the stack is full, or a string or array would be larger than they can make. */
function isExhaustion(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.name === "InternalError");
}
