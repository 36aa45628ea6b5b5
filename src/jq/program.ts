/**
 * A compiled program, and the ways to run it.
 *
 * Programs have no side effects, so the lazy `run` needs no coroutine. It evaluates up to a number of outputs and gives
 * them. If the caller wants more, it evaluates again, up to eight times that number. A program with few outputs is
 * evaluated once, and one with endlessly many gives its first ones soon.
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
import { isTruthy, type Json as Value } from "./values/json.ts";
import { printNonFinite, type Replacements, replaceNumbers, roundExact } from "./values/output.ts";
import type { Json } from "./values/plain-json.ts";
import { toJson } from "./values/text.ts";

/** The options of {@linkcode compile}. */
export interface JqOptions {
  /**
   * The names of the variables that a run passes, without `$`.
   *
   * @default {[]}
   */
  readonly variables?: readonly string[];
  /** The limits of one evaluation; each one that is not given has its default, see {@linkcode JqLimits}. */
  readonly limits?: JqLimits;
  /**
   * Gives the value that replaces, in an output, a number that JSON does not have: `nan` or an infinite one. An error that
   * it throws ends the run. By default, `nan` becomes null and infinity the largest double, as jq prints them.
   */
  readonly nonFinite?: (value: number) => Json;
  /**
   * The clock of the builtin `now`, in ms since the epoch, read once for each evaluation. Without a clock, a program that
   * uses `now` is refused.
   *
   * @default {undefined}
   */
  readonly now?: () => number;
}

/** The values of a program's variables, by name without `$`. A variable without a value is null. */
export type JqVariables = { readonly [name: string]: Json };

/** A compiled program. It keeps nothing between evaluations, and can be run as often as wanted. */
export interface JqProgram {
  /** The source that it was compiled from. */
  readonly source: string;
  /**
   * Runs the program for all its outputs.
   *
   * The outputs come lazily: the program does not start before the first one is asked for, and a caller may stop after any
   * output. Outputs share parts with the input, so change neither.
   *
   * @param input The value of `.`.
   * @param variables The values of the variables.
   * @returns The outputs, in order.
   * @throws {JqError} If the program fails; the outputs before the failure come first.
   * @throws {JqLimitError} If the program reaches a limit; the outputs before that come first.
   */
  run(input: Json, variables?: JqVariables): Iterable<Json>;
  /**
   * Runs the program for its only output.
   *
   * @param input The value of `.`.
   * @param variables The values of the variables.
   * @returns The output; undefined if there is none, or more than one.
   * @throws {JqError} If the program fails before its second output.
   * @throws {JqLimitError} If the program reaches a limit before its second output.
   */
  one(input: Json, variables?: JqVariables): Json | undefined;
  /**
   * Runs the program up to its first output.
   *
   * @param input The value of `.`.
   * @param variables The values of the variables.
   * @returns The output; undefined if there is none.
   * @throws {JqError} If the program fails before its first output.
   * @throws {JqLimitError} If the program reaches a limit before its first output.
   */
  first(input: Json, variables?: JqVariables): Json | undefined;
  /**
   * Runs the program up to its first output that is neither false nor null.
   *
   * @param input The value of `.`.
   * @param variables The values of the variables.
   * @returns Whether there is such an output.
   * @throws {JqError} If the program fails before such an output.
   * @throws {JqLimitError} If the program reaches a limit before such an output.
   */
  some(input: Json, variables?: JqVariables): boolean;
}

/** The values of a program's variables, which may have exact numbers. */
type Variables = { readonly [name: string]: Value };

/** A {@linkcode JqProgram} that takes exact numbers; it gives those of `Output`. */
interface Program<Output extends Value> {
  readonly source: string;
  run(input: Value, variables?: Variables): Iterable<Output>;
  one(input: Value, variables?: Variables): Output | undefined;
  first(input: Value, variables?: Variables): Output | undefined;
  some(input: Value, variables?: Variables): boolean;
}

/** A program that gives on every digit of the numbers that it is given. */
export type ExactProgram = Program<Value>;

/** The variable with the time, whose name no source can have, and the filter that reads it. */
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
 * @param source The program, in the language of jq.
 * @param options Its variables, limits and clock.
 * @returns The program.
 * @throws {JqCompileError} If the source is not a program.
 * @throws {RangeError} If a limit is not a positive number.
 */
export function compile(source: string, options: JqOptions = {}): JqProgram {
  return compileFor<Json>(source, options, roundExact);
}

/**
 * Compiles a program for a caller who reads and writes JSON by itself. Public it is not: a user's values come from
 * `JSON.parse`, which has rounded their numbers already.
 */
export function compileExact(source: string, options: JqOptions): ExactProgram {
  return compileFor<Value>(source, options, undefined);
}

function compileFor<Output extends Value>(
  source: string,
  options: JqOptions,
  exact: Replacements["exact"],
): Program<Output> {
  const limits: Required<JqLimits> = { ...defaultLimits, ...options.limits };
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0)) throw new RangeError(`Limit '${name}' is ${value}, must be more than 0`);
  }
  const { variables: names = [], nonFinite = printNonFinite, now } = options;
  let scope: Scope | undefined;
  for (const name of names) scope = declare(scope, "variable", name);
  if (now !== undefined) scope = declareDefinition(declare(scope, "variable", clock), nowFilter);
  const code = compileSource(source, scope);

  function toEnv(variables: Variables | undefined): Env | undefined {
    let env: Env | undefined;
    for (const name of names) {
      const isGiven = variables !== undefined && Object.hasOwn(variables, name);
      env = extend(env, isGiven ? variables[name]! : null);
    }
    return now === undefined ? env : extend(env, now() / 1000);
  }

  return toProgram<Output>(source, code, { limits, replacements: { nonFinite, exact }, toEnv });
}

function compileSource(source: string, scope: Scope | undefined): Code {
  try {
    return compileTree(parseProgram(source), source, scope);
  } catch (error) {
    if (!isExhaustion(error)) throw error;
    throw new JqCompileError("expected less nesting", { line: 1, column: 1 });
  }
}

/** What a program needs for each run. */
interface Setting {
  readonly limits: Required<JqLimits>;
  readonly replacements: Replacements;
  readonly toEnv: (variables: Variables | undefined) => Env | undefined;
}

function toProgram<Output extends Value>(
  source: string,
  { one, run }: Code,
  setting: Setting,
): Program<Output> {
  const { limits, replacements, toEnv } = setting;
  /** Evaluates up to a number of outputs. */
  function evaluate(input: Value, env: Env | undefined, wanted: number): Evaluation<Output> {
    const outputs: Output[] = [];
    let isCut = false;
    const emit: Emit = (value) => {
      if (outputs.length >= limits.outputs) exceed("outputs");
      outputs.push(replaceNumbers(value, replacements) as Output);
      isCut = outputs.length >= wanted;
      return isCut ? STOP : GO;
    };
    try {
      resetMeter(limits);
      if (one === undefined) run(input, undefined, env, emit);
      else emit(one(input, env), undefined);
      return { outputs, isCut, error: undefined };
    } catch (error) {
      return { outputs, isCut: false, error: toPublic(error, setting) };
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
        throw toPublic(error, setting);
      }
    },
  };
}

/** The result of an evaluation. */
interface Evaluation<Output> {
  readonly outputs: readonly Output[];
  /** Whether it stopped because it had enough outputs. There may be more. */
  readonly isCut: boolean;
  readonly error: unknown;
}

// There is one evaluation at a time, so all calls of `some` can share one closure.
let found = false;
const findTruthy: Emit = (value) => {
  if (!isTruthy(value)) return GO;
  found = true;
  return STOP;
};

function toPublic(error: unknown, setting: Setting): unknown {
  if (error instanceof Raised) {
    const { value } = error;
    return new JqError(
      typeof value === "string" ? value : `(not a string): ${textOf(value)}`,
      caughtValue(value, setting),
    );
  }
  if (!isExhaustion(error)) return error;
  const message =
    `The program needs more memory or a deeper stack than the runtime has (depth ${meter.depth})`;
  return new JqLimitError("stack", message);
}

/** The value of an error for whoever catches it, with new limits too; null if it is too large to be an output. */
function caughtValue(value: Value, { limits, replacements: { exact } }: Setting): Json {
  try {
    resetMeter(limits);
    return replaceNumbers(value, { nonFinite: (number) => number, exact }) as Json;
  } catch {
    return null;
  }
}

/** Steps to write the value of an error: a message needs no more, and it must not take longer than the program. */
const errorSteps = 10_000;

/** Writes the value of an error for its message, with new limits: those of the program may be used up. */
function textOf(value: Value): string {
  try {
    resetMeter({ ...defaultLimits, steps: errorSteps });
    return toJson(value);
  } catch {
    return "…";
  }
}

/** Whether the runtime threw this because its stack is full, or a string or array would be too large for it. */
function isExhaustion(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.name === "InternalError");
}
