/**
 * The stage that compares the jq engine with the real jq, over a table and over generated programs.
 *
 * @module
 */

import { compareWithJq } from "../jq/differential.ts";
import { recordCases } from "../jq/record.ts";
import { root } from "./command.ts";
import { CheckError, type Stage } from "./report.ts";

/** The same programs in every run: a gate that fails by chance teaches nobody. */
const seed = 20;
const generated = 3000;

export const jq: Stage = {
  name: "jq",
  about: "programs give what the real jq gives",
  async run(report) {
    await report.check("the recorded cases are what jq answers", async () => {
      for (const { path, text } of await recordCases()) {
        if (Deno.readTextFileSync(path) === text) continue;
        throw new CheckError(`${path.slice(root.length)} differs: run scripts/jq/record.ts`);
      }
    });
    await report.check(`${generated} generated programs do what they do in jq`, async () => {
      const { differences } = await compareWithJq(generated, seed);
      if (differences.length > 0) throw new CheckError(differences.join("\n"));
    });
  },
};
