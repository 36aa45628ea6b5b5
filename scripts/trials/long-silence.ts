/**
 * Asks a server that is silent for longer than some clients wait, and says who got the answer: each runtime by its own `fetch`
 * and by the transport, with the silence before the head of the answer and in the middle of its body.
 *
 *     deno run -A scripts/trials/long-silence.ts [--silence SECONDS] [deno|bun|node ...]
 *
 * The silence lasts 310 s, as clients give up after 300. All runtimes wait at the same time. Ends with 1 if the transport lost
 * an answer.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openRuntimes } from "../bench/open-runtimes.ts";
import { type Runtime, runtimeNames, toWords } from "../bench/runtimes.ts";

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { silence: { type: "string", default: "310" } },
  allowPositionals: true,
});
const silenceMs = Number(values.silence) * 1000;
const checkout = fileURLToPath(new URL("../..", import.meta.url));
const caller = fileURLToPath(new URL("long-silence-caller.ts", import.meta.url));

const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", (bytes) => {
    const head = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\n";
    const [first, rest] = String(bytes).startsWith("GET /head")
      ? ["", `${head}12345678`]
      : [`${head}1234`, "5678"];
    socket.write(first);
    setTimeout(() => socket.end(rest), silenceMs);
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Starts one runtime, and prints what it says. Returns how many answers its transport lost. */
async function run(runtime: Runtime): Promise<number> {
  const words = [...toWords(runtime, caller, checkout), origin, `${silenceMs + 60_000}`];
  const child = spawn(runtime.program, words, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
  await once(child, "close");
  const lines = output.trim().split("\n").map((line) => JSON.parse(line));
  for (const { name, path, result, seconds } of lines) {
    console.log(
      `| ${runtime.name.padEnd(7)} | ${name.padEnd(9)} | ${path} | ${
        seconds.padStart(6)
      } s | ${result} |`,
    );
  }
  const got = lines.filter(({ name, result }) => name === "transport" && result === "response");
  return 2 - got.length;
}

const chosen = runtimeNames.filter((name) =>
  positionals.length === 0 || positionals.includes(name)
);
const lost = await Promise.all((await openRuntimes(chosen)).map(run));
server.close();
process.exitCode = lost.some((count) => count > 0) ? 1 : 0;
