/**
 * jq expressions of clients: compiled once, limited in steps, with the protocol's error messages
 * (docs/protocol.md, sections 4.4 and 9).
 *
 * @module
 */

import { JqCompileError, JqError, JqLimitError, type JqOptions } from "../jq/mod.ts";
import { shareSteps, type StepBudget } from "../jq/meter.ts";
import { compileExact, type ExactProgram } from "../jq/program.ts";
import type { Json } from "../jq/values/json.ts";
import { fromBatchText } from "../protocol/batch.ts";
import type { NewJob } from "../protocol/new-job.ts";
import type { Batch } from "../protocol/job.ts";
import { QueryError } from "../protocol/query.ts";
import { readPayload, type StoredPayload, writePayload } from "../protocol/payload.ts";
import type { JobRecord } from "../protocol/record.ts";
import { type Rejection, unprocessable } from "../protocol/rejection.ts";

/** Compiled programs are kept, up to this many; the same ones come again and again. */
const keptPrograms = 500;

/**
 * Whether a payload matches.
 *
 * @throws {QueryError} If the program needs more steps than allowed.
 */
export type PayloadFilter = (payload: StoredPayload) => boolean;

/** The limits of expressions. */
export interface ExpressionOptions {
  /** What `now` tells, in ms since the epoch. */
  readonly now: () => number;
  /** Steps of one evaluation at most. */
  readonly maxJqSteps: number;
  /** The size of a payload that is made by folding at most. */
  readonly maxPayloadBytes: number;
}

/** The outcome of a fold: the head has a new payload; it is closed; or why the job is rejected. */
export type Folded = "folded" | "closed" | Rejection;

/** The folds of one call, which share a budget of steps. */
export interface Folds {
  /** Folds a new job into the head of its batch, by the head's expressions. */
  fold(head: JobRecord, job: JobRecord): Folded;
  /**
   * The payload of a head after its folds, as JSON: written once, however many there were. Undefined if nothing was folded
   * into it.
   */
  payloadOf(headId: string): string | Rejection | undefined;
}

/** The expressions of a broker's peers. */
export interface Expressions {
  /**
   * Compiles the filter of a query; undefined when there is none. A payload matches when any output is neither false nor
   * null, and does not when the program fails on it.
   *
   * @throws {QueryError} If the source is no program.
   */
  toFilter(source: string | undefined): PayloadFilter | undefined;
  /**
   * Says why the batch of a new job cannot be: its expressions do not compile, or fail when the payload is folded into
   * itself.
   *
   * @param budget The steps that all jobs of the call share; see {@linkcode Expressions.newBudget}.
   */
  checkBatch(job: NewJob, budget: StepBudget): string | undefined;
  /** The steps that the expressions of one call may take together. */
  newBudget(): StepBudget;
  /** Begins the folds of one call. */
  createFolds(): Folds;
}

/** A call may take so many times the steps of one evaluation. */
const evaluationsOfCall = 10;

/** The longest expression that is accepted, in UTF-16 units: to compile it holds the event loop for some 50 ms. */
const maxExpressionLength = 65_536;

/** The steps that compiling costs, for each program and for each of its characters. */
const stepsOfProgram = 20;
const stepsOfCharacter = 5;

/** Creates what evaluates expressions. */
export function createExpressions(
  { now, maxJqSteps, maxPayloadBytes }: ExpressionOptions,
): Expressions {
  const limits = { steps: maxJqSteps };
  const variables = ["existing", "new"];
  const filters = createCompiler({ limits, now });
  const whens = createCompiler({ limits, now, variables });
  // A fold makes a payload, and the numbers that jq writes for NaN and the infinities would falsify it.
  const folds = createCompiler({ limits, now, variables, nonFinite: rejectNonFinite });

  /** Whether the head accepts one more job. It does not when its expression fails. */
  const accepts = ({ when }: Batch, input: FoldInput, budget: StepBudget): boolean => {
    try {
      const output = compiled(whens, when, budget).first(null, input);
      return output !== undefined && output !== null && output !== false;
    } catch (error) {
      toProgramMessage(error);
      return false;
    }
  };

  const runFold = (source: string, input: FoldInput, budget: StepBudget): FoldOutput => {
    const outputs: Json[] = [];
    try {
      for (const output of compiled(folds, source, budget).run(null, input)) {
        outputs.push(output);
        if (outputs.length > 1) return { problem: "fold expression produced more than one output" };
      }
    } catch (error) {
      if (error instanceof NonFiniteNumberError) return { problem: error.message };
      return { problem: `fold expression failed at runtime: ${toProgramMessage(error)}` };
    }
    if (outputs.length === 0) return { problem: "fold expression produced no output" };
    return { value: outputs[0]! };
  };

  const stepsOfCall = maxJqSteps * evaluationsOfCall;
  const exceedTogether =
    `all expressions of the call exceed together their limit of ${stepsOfCall} steps`;
  const newBudget = () => ({ steps: stepsOfCall });

  const checkBatch = ({ batch, payload }: NewJob, budget: StepBudget): string | undefined => {
    if (batch === null) return undefined;
    for (
      const [name, compile, source] of [
        ["when", whens, batch.when],
        ["fold", folds, batch.fold],
      ] as const
    ) {
      const problem = checkLength(source) ?? problemOf(compile(source, budget));
      if (problem !== undefined) return `batch expression: ${name}: ${problem}`;
    }
    const value = readPayload(
      typeof payload === "string" ? { payloadJson: payload } : { payloadPack: payload },
    );
    const input = { existing: value, new: value };
    try {
      compiled(whens, batch.when, budget).first(null, input);
    } catch (error) {
      return `batch dry-run: when: expression failed at runtime: ${toProgramMessage(error)}`;
    }
    const output = runFold(batch.fold, input, budget);
    return "problem" in output ? `batch dry-run: fold: ${output.problem}` : undefined;
  };

  return {
    toFilter(source) {
      if (source === undefined) return undefined;
      const tooLong = checkLength(source);
      if (tooLong !== undefined) throw new QueryError(`invalid filter: ${tooLong}`);
      const program = filters(source, newBudget());
      if ("problem" in program) throw new QueryError(`invalid filter: ${program.problem}`);
      return (payload) => {
        try {
          return program.some(readPayload(payload));
        } catch (error) {
          if (error instanceof JqError) return false;
          if (error instanceof JqLimitError) {
            throw new QueryError(`invalid filter: ${error.message}`);
          }
          throw error;
        }
      };
    },

    newBudget,

    checkBatch(job, budget) {
      const problem = shareSteps(budget, () => checkBatch(job, budget));
      // Whatever came of it, the call would not have had the steps for it.
      return budget.steps < 0 ? `batch expression: ${exceedTogether}` : problem;
    },

    createFolds() {
      const budget = newBudget();
      const values = new Map<string, Json>();
      return {
        fold(head, job) {
          const batch = fromBatchText(head.batch!);
          const existing = values.has(head.id) ? values.get(head.id)! : readPayload(head);
          const input = { existing, new: readPayload(job) };
          const outcome = shareSteps<Folded>(budget, () => {
            if (!accepts(batch, input, budget)) return "closed";
            const output = runFold(batch.fold, input, budget);
            if ("problem" in output) return rejectFold(output.problem);
            values.set(head.id, output.value);
            return "folded";
          });
          // Without the steps for it, a 'when' says no: that must not close the batch.
          return budget.steps < 0 ? rejectFold(exceedTogether) : outcome;
        },
        payloadOf(headId) {
          if (!values.has(headId)) return undefined;
          const payloadJson = writePayload(values.get(headId)!);
          const { length } = payloadJson;
          if (length <= maxPayloadBytes) return payloadJson;
          return rejectFold(
            `payload is ${length} characters, at most ${maxPayloadBytes} are accepted`,
          );
        },
      };
    },
  };
}

function rejectFold(problem: string): Rejection {
  return unprocessable(`batch fold failed: ${problem}`);
}

/** What the two expressions of a batch are given. */
interface FoldInput {
  readonly [name: string]: Json;
  readonly existing: Json;
  readonly new: Json;
}

type FoldOutput = { readonly value: Json } | { readonly problem: string };

/** Compiles programs of one kind, and takes what that costs off a budget. */
type Compiler = (
  source: string,
  budget: StepBudget,
) => ExactProgram | { readonly problem: string };

function createCompiler(options: JqOptions): Compiler {
  const kept = new Map<string, ExactProgram>();
  return (source, budget) => {
    let program = kept.get(source);
    if (program === undefined) {
      budget.steps -= stepsOfProgram + stepsOfCharacter * source.length;
      try {
        program = compileExact(source, options);
      } catch (error) {
        if (error instanceof JqCompileError) return { problem: error.message };
        throw error;
      }
      if (kept.size >= keptPrograms) kept.clear();
      kept.set(source, program);
    }
    return program;
  };
}

function checkLength({ length }: string): string | undefined {
  if (length <= maxExpressionLength) return undefined;
  return `expression is ${length} characters, at most ${maxExpressionLength} are accepted`;
}

function problemOf(program: ReturnType<Compiler>): string | undefined {
  return "problem" in program ? program.problem : undefined;
}

/** Compiles an expression that was checked when it was enqueued. */
function compiled(compile: Compiler, source: string, budget: StepBudget): ExactProgram {
  const program = compile(source, budget);
  if ("problem" in program) throw new Error(program.problem);
  return program;
}

/** A fold gave a number that JSON cannot write. */
class NonFiniteNumberError extends Error {}

function rejectNonFinite(value: number): never {
  throw new NonFiniteNumberError(
    `floating-point value ${value} is not representable in JSON (NaN or Infinity)`,
  );
}

/** The message of an error of the program. Rethrows any other error. */
function toProgramMessage(error: unknown): string {
  if (error instanceof JqError || error instanceof JqLimitError) return error.message;
  throw error;
}
