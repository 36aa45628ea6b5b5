/**
 * The real jq, as a WebAssembly build among the gate's tools: what the recorded cases and the differential run compare
 * with.
 *
 * @module
 */

import { createRequire } from "node:module";
import { installTools } from "../gate/tools.ts";

/** The answer of jq for a program and an input. */
export interface RealResult {
  readonly outputs: readonly unknown[];
  /** The message of the error that ended the program. */
  readonly error?: string;
  /** Whether jq refused to compile the program. */
  readonly refused?: true;
}

interface JqWasm {
  raw(input: string, program: string, flags: string[]): Promise<{ stdout: string; stderr: string }>;
  version(): Promise<string>;
}

const require = createRequire(import.meta.url);
const errorHead = /^jq: error \(at [^)]*\):? ?/;

/** Loads jq. The version is the one that the build tells. */
export async function openRealJq(): Promise<{
  readonly version: string;
  run(program: string, input: unknown): Promise<RealResult | "crashed">;
}> {
  const folder = `${await installTools()}/node_modules/jq-wasm`;
  let jq = load(folder);
  return {
    version: await jq.version(),
    async run(program, input) {
      let answer;
      try {
        answer = await jq.raw(JSON.stringify(input), program, ["-c"]);
      } catch {
        // An assertion in jq failed, and the instance cannot be used any more.
        jq = load(folder);
        return "crashed";
      }
      const { stdout, stderr } = answer;
      const lines = stdout.trim() === "" ? [] : stdout.trim().split("\n");
      const outputs = lines.map((line) => JSON.parse(line) as unknown);
      if (stderr === "") return { outputs };
      if (/\d+ compile errors?$/.test(stderr.trim())) return { outputs, refused: true };
      return { outputs, error: stderr.replace(errorHead, "").trim() };
    },
  };
}

function load(folder: string): JqWasm {
  for (const path of Object.keys(require.cache)) {
    if (path.startsWith(folder)) delete require.cache[path];
  }
  return require(folder) as JqWasm;
}
