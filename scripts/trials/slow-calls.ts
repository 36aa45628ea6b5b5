/**
 * Hundreds of slow calls in one process, beside ordinary jobs that must not notice: how much memory and CPU the calls take.
 *
 *     deno run -A scripts/trials/slow-calls.ts [--calls 500] [--delay 5] [--rounds 4] [deno|bun|node ...]
 *
 * One process has a broker on a file, a worker of requests and a worker with 25 places for ordinary jobs, of which 200 come in a
 * second. First these alone for 10 s; then, in each round, so many calls at once to a server that takes so many seconds, each with
 * a callback. Ends with 1 if a call or its callback is missing, or comes twice.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openRuntimes } from "../bench/open-runtimes.ts";
import { type Runtime, runtimeNames, toWords } from "../bench/runtimes.ts";
import type { SlowCallsLine } from "./slow-calls-process.ts";

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: {
    calls: { type: "string", default: "500" },
    delay: { type: "string", default: "5" },
    rounds: { type: "string", default: "4" },
  },
  allowPositionals: true,
});
const delayMs = Number(values.delay) * 1000;
const checkout = fileURLToPath(new URL("../..", import.meta.url));
const script = fileURLToPath(new URL("slow-calls-process.ts", import.meta.url));

/** How often each path was asked for. */
const asked = new Map<string, number>();
const answer = JSON.stringify({ text: "x".repeat(2000) });
const server = createServer((request, response) => {
  asked.set(request.url!, (asked.get(request.url!) ?? 0) + 1);
  request.resume();
  setTimeout(() => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(answer);
  }, delayMs);
});
server.listen({ port: 0, host: "127.0.0.1", backlog: 2048 });
await once(server, "listening");
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Runs one runtime, and prints what it says. Returns how many calls went wrong. */
async function run(runtime: Runtime): Promise<number> {
  asked.clear();
  const words = [...toWords(runtime, script, checkout), origin, values.calls, values.rounds];
  const child = spawn(runtime.program, words, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
  const [code] = await once(child, "close");
  const lines = output.trim().split("\n").map((line) => JSON.parse(line) as SlowCallsLine);
  for (const line of lines) {
    const cells = [
      runtime.name,
      line.phase,
      `${line.seconds.toFixed(1)} s`,
      `${line.cpuMs} ms`,
      `${line.rssMiB} MiB`,
      `${line.heapMiB} MiB`,
      `${line.ticks}`,
      `${line.waitMs.p50} / ${line.waitMs.p99} ms`,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  const calls = Number(values.calls) * Number(values.rounds);
  const twice = [...asked.values()].filter((times) => times !== 1).length;
  const missing = calls - asked.size;
  const callbacks = lines.reduce((sum, line) => sum + line.callbacks, 0);
  console.log(
    `${runtime.name}: ${asked.size} of ${calls} calls, ${twice} of them more than once, ${callbacks} callbacks`,
  );
  return missing + twice + Math.abs(calls - callbacks) + Number(code !== 0);
}

console.log(
  "| Runtime | Phase | Took | CPU | RSS at most | Heap kept | Ordinary jobs | Their wait, p50 / p99 |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
const chosen = runtimeNames.filter((name) =>
  positionals.length === 0 || positionals.includes(name)
);
let wrong = 0;
for (const runtime of await openRuntimes(chosen)) wrong += await run(runtime);
server.close();
server.closeAllConnections();
process.exitCode = wrong > 0 ? 1 : 0;
