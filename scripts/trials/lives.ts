/**
 * Lives of jobs by chance, held against a model, for as many steps as one likes:
 *
 *     deno run -A scripts/trials/lives.ts --steps 20000 --seed 7
 *     deno run -A scripts/trials/lives.ts --steps 2000 --brokers 3    # in turn, on a PostgreSQL of its own
 *
 * What goes wrong is shrunk to the fewest steps that go wrong; `--replay` takes them as they are printed.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import type { LivesHost } from "../../tests/broker/lives-host.ts";
import { startPostgres } from "../gate/postgres-server.ts";
import { live, shrink, tell, toSteps } from "../../tests/broker/lives.ts";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "20000" },
    seed: { type: "string", default: `${Date.now() % 1_000_000_000}` },
    replay: { type: "string" },
    brokers: { type: "string" },
  },
});
const steps = values.replay === undefined
  ? toSteps(Number(values.seed), Number(values.steps))
  : values.replay.split(",").map(Number);
console.log(`${steps.length} steps of seed ${values.seed}`);
const server = values.brokers === undefined ? undefined : await startPostgres();
if (server !== undefined && "missing" in server) {
  console.log(server.missing);
  process.exit(0);
}
if (server !== undefined) process.env["MILLRACE_POSTGRES"] = server.url;
const createHost = server && await openGroups(Number(values.brokers));
const failure = await live(steps, createHost);
if (failure === undefined) console.log("all as the model says");
else {
  console.error(tell(failure));
  console.error("shrinking …");
  console.error(tell(await shrink(failure, { most: server ? 5000 : 100_000, createHost })));
}
if (server !== undefined) {
  const { sharedPool } = await import("../../tests/postgres/server.ts");
  await sharedPool().end();
  await server.stop();
}
process.exit(failure === undefined ? 0 : 1);

/** What has its server is loaded when its address is known. */
async function openGroups(size: number): Promise<() => LivesHost> {
  const { GroupHost } = await import("../../tests/broker/lives-group.ts");
  return () => new GroupHost(size);
}
