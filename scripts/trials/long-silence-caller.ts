/**
 * What one runtime makes of a server that is silent: by its own `fetch`, and by the transport. Started by `long-silence.ts`.
 *
 * @module
 */

import process from "node:process";
import { systemClock, systemRandom } from "../../src/async/clock.ts";
import { exchange } from "../../src/offload/exchange/exchange.ts";
import { createHttpTransport } from "../../src/offload/transport/create-http-transport.ts";

const [origin = "", waitMs = ""] = process.argv.slice(2);
const transport = createHttpTransport({ guardAddresses: false });

/** Says how a call ended, in a word or two. */
async function call(path: string, send: typeof fetch): Promise<string> {
  const outcome = await exchange(
    {
      id: "silence",
      method: "GET",
      url: origin + path,
      headers: {},
      secretParams: {},
      timeoutMs: Number(waitMs),
      maxRedirects: 0,
      maxBytes: 1_000,
      sign: [],
      sensitiveHeaders: [],
      allowInsecureRedirects: false,
      transportRetries: 0,
    },
    {
      fetch: send,
      resolveSecret: () => Promise.reject(new Error("no secrets")),
      signers: {},
      clock: systemClock,
      random: systemRandom,
      userAgent: null,
    },
    new AbortController().signal,
  );
  if (outcome.kind !== "failure") return outcome.kind;
  return `${outcome.failure.kind} ${outcome.failure.code ?? ""}`.trim();
}

const senders = { fetch, transport: transport as typeof fetch };
const calls = Object.entries(senders).flatMap(([name, send]) => [
  { name, send, path: "/head" },
  { name, send, path: "/body" },
]);

await Promise.all(calls.map(async ({ name, send, path }) => {
  const startedAt = performance.now();
  const result = await call(path, send);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(JSON.stringify({ name, path, result, seconds }));
}));
await transport.close();
