/**
 * Shows what the `fetch` of a runtime, and the transport, make of a server that does what none should: the table in
 * `src/offload/transport/create-http-transport.ts` comes from here. Run it on each runtime:
 *
 *     deno run -A scripts/trials/fetch-traps.ts
 *     node --experimental-strip-types scripts/trials/fetch-traps.ts
 *     bun scripts/trials/fetch-traps.ts
 *
 * Each line is a scene of the hostile server of the tests: what `fetch` gave, what the transport gave, and how often the request
 * was sent, if not once. Ends with 1 if the transport gave as whole what is not.
 *
 * @module
 */

import process from "node:process";
import { createHttpTransport } from "../../src/offload/transport/create-http-transport.ts";
import { failureOf, run } from "../../tests/offload/exchange/exchange-kit.ts";
import { openHostileServer } from "../../tests/offload/hostile/hostile-server.ts";
import {
  cutScenes,
  largeScenes,
  malformedScenes,
  wholeScenes,
} from "../../tests/offload/hostile/scenes.ts";

const scenes = { ...wholeScenes, ...cutScenes, ...malformedScenes, ...largeScenes };
const server = await openHostileServer({ scenes });
const transport = createHttpTransport({ guardAddresses: false });
const senders = { fetch: globalThis.fetch, transport: transport as typeof fetch };

/** What a call came to, in a few words. */
async function tell(path: string, send: typeof fetch): Promise<string> {
  const before = server.seen.length;
  const outcome = await run({
    url: server.url + path,
    method: "POST",
    fetch: send,
    timeoutMs: 3_000,
    maxBytes: 100_000,
  });
  const times = server.seen.length - before;
  const what = outcome.kind === "response"
    ? `${outcome.status}, ${(outcome.body as Uint8Array).length} bytes`
    : outcome.kind === "failure"
    ? `${outcome.failure.kind} ${outcome.failure.code ?? ""}`.trim()
    : outcome.kind;
  return times === 1 ? what : `${what}, sent ${times} times`;
}

let lost = 0;
console.log("| Scene | fetch | transport |\n| --- | --- | --- |");
for (const path of Object.keys(scenes)) {
  const [own, ours] = [await tell(path, senders.fetch), await tell(path, senders.transport)];
  console.log(`| ${path} | ${own} | ${ours} |`);
  if (!Object.hasOwn(wholeScenes, path) && /^\d/.test(ours)) lost++;
}
await transport.close();
await server.close();
const refused = await failureOf({ url: server.url, fetch: senders.transport });
console.log(`| nobody listens | | ${refused.kind} ${refused.code} |`);
process.exit(lost > 0 ? 1 : 0);
