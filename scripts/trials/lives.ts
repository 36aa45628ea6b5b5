/**
 * Lives of jobs by chance, held against a model, for as many steps as one likes:
 *
 *     deno run -A scripts/trials/lives.ts --steps 20000 --seed 7
 *
 * What goes wrong is shrunk to the fewest steps that go wrong; `--replay` takes them as they are printed.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { live, shrink, tell, toSteps } from "../../tests/broker/lives.ts";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "20000" },
    seed: { type: "string", default: `${Date.now() % 1_000_000_000}` },
    replay: { type: "string" },
  },
});
const steps = values.replay === undefined
  ? toSteps(Number(values.seed), Number(values.steps))
  : values.replay.split(",").map(Number);
console.log(`${steps.length} steps of seed ${values.seed}`);
const failure = await live(steps);
if (failure === undefined) console.log("all as the model says");
else {
  console.error(tell(failure));
  console.error("shrinking …");
  console.error(tell(await shrink(failure, 100_000)));
  process.exit(1);
}
