/**
 * jq expressions of peers: compiled once, bounded in what they use, and told of in the words of the protocol
 * (sections 7 and 10).
 *
 * @module
 */

import {
  compile,
  JqCompileError,
  JqError,
  JqLimitError,
  type JqOptions,
  type JqProgram,
  type Json,
} from "../../jq/mod.ts";
import { fromBatchText } from "../../protocol/batch.ts";
import type { NewJob } from "../../protocol/new-job.ts";
import type { Batch } from "../../protocol/job.ts";
import { parseJson } from "../../protocol/json.ts";
import { QueryError } from "../../protocol/query.ts";
import { payloadAsJson, type StoredPayload } from "../../protocol/payload.ts";
import type { Merge } from "../../store/batch.ts";

/** Compiled programs are kept, up to this many; the same ones come again and again. */
const keptPrograms = 500;

/** The programs of one kind. */
interface Kind {
  readonly options: JqOptions;
  readonly kept: Map<string, JqProgram>;
}

const variables = ["existing", "new"];
const filters: Kind = { options: {}, kept: new Map() };
const whens: Kind = { options: { variables }, kept: new Map() };
/** What they make is a payload, which jq's stand-ins for NaN and the infinities would falsify. */
const folds: Kind = { options: { variables, nonFinite: refuseStray }, kept: new Map() };

/** Whether a payload fits. Throws {@linkcode QueryError} when it takes too much to tell. */
export type PayloadFilter = (payload: StoredPayload) => boolean;

/**
 * Compiles the filter of a query; undefined when there is none. A payload fits when any output is neither false nor
 * null, and does not when the program fails on it. Throws {@linkcode QueryError}.
 */
export function toPayloadFilter(source: string | undefined): PayloadFilter | undefined {
  if (source === undefined) return undefined;
  const program = tryCompile(filters, source);
  if ("problem" in program) throw new QueryError(`invalid filter: ${program.problem}`);
  return (payload) => {
    try {
      return program.some(toValue(payload));
    } catch (error) {
      if (error instanceof JqError) return false;
      if (error instanceof JqLimitError) throw new QueryError(`invalid filter: ${error.message}`);
      throw error;
    }
  };
}

/**
 * Says why the batch of a new job cannot be: its expressions do not compile, or fail when the payload is folded into
 * itself.
 */
export function checkNewBatch({ batch, payload }: NewJob): string | undefined {
  if (batch === null) return undefined;
  const { when, fold } = batch;
  for (const [name, kind, source] of [["when", whens, when], ["fold", folds, fold]] as const) {
    const program = tryCompile(kind, source);
    if ("problem" in program) return `batch expression: ${name}: ${program.problem}`;
  }
  const value = toValue(
    typeof payload === "string" ? { payloadJson: payload } : { payloadPack: payload },
  );
  const both = { existing: value, new: value };
  try {
    compileKnown(whens, when).first(null, both);
  } catch (error) {
    return `batch dry-run: when: expression failed at runtime: ${messageOf(error)}`;
  }
  const folded = foldOnce(fold, both);
  return "problem" in folded ? `batch dry-run: fold: ${folded.problem}` : undefined;
}

/** Creates what folds a job into the head of its batch by the head's expressions, into a payload of `maxBytes` at most. */
export function createMerge(maxBytes: number): Merge {
  return (head, job) => {
    const batch = fromBatchText(head.batch!);
    const both = { existing: toValue(head), new: toValue(job) };
    if (!wants(batch, both)) return "sealed";
    const folded = foldOnce(batch.fold, both);
    if ("problem" in folded) return { refused: `batch fold failed: ${folded.problem}` };
    const payloadJson = JSON.stringify(folded.value);
    if (payloadJson.length <= maxBytes) return { payloadJson };
    return {
      refused:
        `batch fold failed: payload is ${payloadJson.length} characters, at most ${maxBytes} are accepted`,
    };
  };
}

/** What both expressions see. */
interface Both {
  readonly [name: string]: Json;
  readonly existing: Json;
  readonly new: Json;
}

/** Whether the head takes one more; not when its expression fails, which it may for real data. */
function wants({ when }: Batch, both: Both): boolean {
  try {
    const output = compileKnown(whens, when).first(null, both);
    return output !== undefined && output !== null && output !== false;
  } catch (error) {
    messageOf(error);
    return false;
  }
}

function foldOnce(
  source: string,
  both: Both,
): { readonly value: Json } | { readonly problem: string } {
  const outputs: Json[] = [];
  try {
    for (const output of compileKnown(folds, source).run(null, both)) {
      outputs.push(output);
      if (outputs.length > 1) return { problem: "fold expression produced more than one output" };
    }
  } catch (error) {
    if (error instanceof StrayNumber) return { problem: error.message };
    return { problem: `fold expression failed at runtime: ${messageOf(error)}` };
  }
  if (outputs.length === 0) return { problem: "fold expression produced no output" };
  return { value: outputs[0]! };
}

/** What is stored was checked when it came. */
function compileKnown(kind: Kind, source: string): JqProgram {
  const program = tryCompile(kind, source);
  if ("problem" in program) throw new Error(program.problem);
  return program;
}

function tryCompile(
  { options, kept }: Kind,
  source: string,
): JqProgram | { readonly problem: string } {
  let program = kept.get(source);
  if (program === undefined) {
    try {
      program = compile(source, options);
    } catch (error) {
      if (error instanceof JqCompileError) return { problem: error.message };
      throw error;
    }
    if (kept.size >= keptPrograms) kept.clear();
    kept.set(source, program);
  }
  return program;
}

function toValue(payload: StoredPayload): Json {
  return parseJson(payloadAsJson(payload)) as Json;
}

/** A number that JSON has no word for, where a payload is made. */
class StrayNumber extends Error {}

function refuseStray(value: number): never {
  throw new StrayNumber(
    `floating-point value ${value} is not representable in JSON (NaN or Infinity)`,
  );
}

/** What a program may fail with; the rest is our fault and goes on. */
function messageOf(error: unknown): string {
  if (error instanceof JqError || error instanceof JqLimitError) return error.message;
  throw error;
}
