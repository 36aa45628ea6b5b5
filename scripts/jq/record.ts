/**
 * Asks the real jq what it makes of every case in `tests/jq/cases/`, and writes its answers there:
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
const jq = await openRealJq();
let count = 0;
for (const { name } of Deno.readDirSync(folder)) {
  const cases = JSON.parse(Deno.readTextFileSync(`${folder}/${name}`)) as Case[];
  const lines: string[] = [];
  for (const { program, input } of cases) {
    const result = await jq.run(program, input);
    if (result === "crashed") throw new Error(`jq crashes over '${program}'`);
    lines.push(JSON.stringify({ program, input, ...result }));
    count++;
  }
  Deno.writeTextFileSync(`${folder}/${name}`, `[\n${lines.join(",\n")}\n]\n`);
}
console.log(`${count} cases recorded with ${jq.version}`);
