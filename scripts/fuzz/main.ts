/**
 * Sends a broker hostile calls for as long as one likes, and shows the smallest body that it takes amiss.
 *
 *     deno run -A scripts/fuzz/main.ts --seconds 60 --seed 1 --route enqueue
 *
 * Without `--seed` every run sends others, and says which; without `--route` all endpoints get their turn.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import type { RouteName } from "../../src/protocol/routes.ts";
import { createFuzzer, type FuzzCall, fuzzedRoutes } from "../../tests/hostile/fuzzer.ts";
import { shrink } from "./shrink.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: `${Date.now() % 1_000_000_000}` },
    route: { type: "string" },
  },
});
const routes = values.route === undefined ? fuzzedRoutes : [values.route as RouteName];
const until = Date.now() + Number(values.seconds) * 1000;
const first = Number(values.seed);

console.log(`from seed ${first}, for ${values.seconds} s, to ${routes.length} endpoints`);
const statuses = new Map<number, number>();
let fuzzer = await createFuzzer();
let seed = first;
let calls = 0;
for (; Date.now() < until; seed++) {
  for (const route of routes) {
    const call = fuzzer.make(route, seed);
    try {
      const status = await fuzzer.judge(call);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      calls++;
    } catch (error) {
      await report(call, error as Error);
      process.exit(1);
    }
  }
  // Time stands still for a broker under fire, and what is in flight stays so: a new one, now and then.
  if (seed % 5000 === 0) {
    await fuzzer.close();
    fuzzer = await createFuzzer();
  }
}
await fuzzer.close();
console.log(`${calls} calls, up to seed ${seed - 1}, and nothing amiss`);
console.log(Object.fromEntries([...statuses].sort(([a], [b]) => a - b)));

/** Shows what is left of a call when everything is cut out that it fails without. */
async function report(call: FuzzCall, error: Error): Promise<void> {
  console.error(`seed ${seed}: ${call.method} ${call.target} ${JSON.stringify(call.headers)}`);
  console.error(error.message);
  if (call.body === null) return;
  const isAmiss = async (body: Uint8Array<ArrayBuffer>) => {
    const other = await createFuzzer();
    try {
      // The ids of another broker are others: those of the call are not there, if it has any.
      await other.judge({ ...call, body });
      return false;
    } catch {
      return true;
    } finally {
      await other.close();
    }
  };
  const body = await shrink(call.body, isAmiss);
  console.error(`smallest body (${body.length} of ${call.body.length} bytes):`);
  console.error(JSON.stringify(new TextDecoder("latin1").decode(body)));
  console.error([...body].map((byte) => byte.toString(16).padStart(2, "0")).join(" "));
}
