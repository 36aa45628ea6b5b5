/**
 * Compares the engine with the real jq, over generated programs:
 *
 *     deno run -A scripts/jq/differential.ts [count] [seed]
 *
 * Both must give the same outputs, and then both must end or both must fail.
 *
 * @module
 */

import { compile, JqCompileError, JqError } from "../../src/jq/mod.ts";
import { generateSamples } from "./generate.ts";
import { openRealJq } from "./real.ts";

/** The result of a comparison. */
export interface Comparison {
  readonly compared: number;
  /** How many of them fail in both. */
  readonly failing: number;
  readonly differences: readonly string[];
}

/**
 * Compares both over generated samples. A sample that crashes jq is left out.
 *
 * @param count How many samples are compared.
 * @param seed The seed of the samples.
 */
export async function compareWithJq(count: number, seed: number): Promise<Comparison> {
  const jq = await openRealJq();
  const differences: string[] = [];
  let compared = 0;
  let failing = 0;
  for (const { program, input } of generateSamples(seed)) {
    if (compared === count) break;
    const theirs = await jq.run(program, input);
    if (theirs === "crashed") continue;
    compared++;
    const ours = answer(program, input);
    const failed = theirs.error !== undefined || theirs.refused === true;
    if (failed) failing++;
    const outputs = JSON.stringify(theirs.outputs);
    if (outputs === ours.outputs && failed === (ours.error !== undefined)) continue;
    differences.push(
      `${JSON.stringify(input)} | ${program}\n  jq:   ${outputs} ${theirs.error ?? ""}\n` +
        `  ours: ${ours.outputs} ${ours.error ?? ""}`,
    );
  }
  return { compared, failing, differences };
}

function answer(program: string, input: unknown): { outputs: string; error?: string } {
  const outputs: unknown[] = [];
  try {
    for (const output of compile(program).run(input as null)) outputs.push(output);
    return { outputs: JSON.stringify(outputs) };
  } catch (error) {
    if (!(error instanceof JqError) && !(error instanceof JqCompileError)) throw error;
    return { outputs: JSON.stringify(outputs), error: error.message };
  }
}

if (import.meta.main) {
  const [count = "2000", seed = "1"] = Deno.args;
  const { compared, failing, differences } = await compareWithJq(Number(count), Number(seed));
  for (const difference of differences) console.log(difference);
  console.log(
    `${compared} compared, ${failing} of them fail in both, ${differences.length} differ`,
  );
  Deno.exit(differences.length > 0 ? 1 : 0);
}
