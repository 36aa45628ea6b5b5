/**
 * Runs every case in `tests/jq/cases/` with the real jq, and writes the answers there:
 *
 *     deno run -A scripts/jq/record.ts
 *
 * To add a case, add a line with `program` and `input` to a file, and run this.
 *
 * @module
 */

import { root } from "../gate/command.ts";
import { openRealJq, type RealResult } from "./real.ts";

interface Case extends Partial<RealResult> {
  readonly program: string;
  readonly input: unknown;
}

const folder = `${root}tests/jq/cases`;

/** The text of every file of cases, with the answers that jq gives now. */
export async function recordCases(): Promise<{ path: string; text: string; count: number }[]> {
  const jq = await openRealJq();
  const files = [];
  for (const { name } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    const cases = JSON.parse(Deno.readTextFileSync(path)) as Case[];
    const lines: string[] = [];
    for (const { program, input } of cases) {
      const result = await jq.run(program, input);
      if (result === "crashed") throw new Error(`jq crashes over '${program}'`);
      lines.push(JSON.stringify({ program, input, ...result }));
    }
    files.push({ path, text: `[\n${lines.join(",\n")}\n]\n`, count: lines.length });
  }
  return files;
}

if (import.meta.main) {
  for (const { path, text, count } of await recordCases()) {
    Deno.writeTextFileSync(path, text);
    console.log(`${path.slice(root.length)}: ${count} cases`);
  }
}
