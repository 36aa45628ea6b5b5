/** A table of programs with the answers of the real jq, which `scripts/jq/record.ts` writes. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { compile, JqCompileError, JqError } from "../../src/jq/mod.ts";

interface Case {
  readonly program: string;
  readonly input: null;
  readonly outputs: readonly unknown[];
  readonly error?: string;
  readonly refused?: true;
}

const folder = new URL("./cases/", import.meta.url);

for (const name of readdirSync(folder).sort()) {
  const cases = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Case[];
  describe(`the answer is that of the real jq: ${name.replace(".json", "")}`, () => {
    for (const { program, input, ...expected } of cases) {
      test(`${JSON.stringify(input)} | ${program}`, () => {
        assert.deepEqual(answer(program, input), expected);
      });
    }
  });
}

function answer(program: string, input: null): Omit<Case, "program" | "input"> {
  const outputs: unknown[] = [];
  try {
    // As text: JSON has one zero only.
    for (const output of compile(program).run(input)) {
      outputs.push(JSON.parse(JSON.stringify(output)));
    }
    return { outputs };
  } catch (error) {
    if (error instanceof JqCompileError) return { outputs, refused: true };
    if (error instanceof JqError) return { outputs, error: error.message };
    throw error;
  }
}
