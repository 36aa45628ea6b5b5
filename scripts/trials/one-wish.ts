/**
 * Asks brokers and workers once to stop, in the ways in which they are asked: by Ctrl+C in a terminal, and by a signal to the
 * whole group of processes, of which what started the program passes on a second one. Says whether each stop was the
 * graceful one: the job that ran is done and reported, and the exit code is 0.
 *
 *     deno run -A scripts/trials/one-wish.ts [deno|bun|node ...]
 *
 * Needs `script` for the terminals, of util-linux; and `npm` for Node. Ends with 1 if a stop was another one.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "../../src/client/mod.ts";
import { openRuntimes } from "../bench/open-runtimes.ts";
import { type Runtime, runtimeNames, toWords } from "../bench/runtimes.ts";
import { startBroker } from "./bad-network-processes.ts";
import { listStarts, type Start } from "./one-wish-starts.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const controlC = "\x03";

/** No program takes so long, in ms. */
const longestMs = 20_000;

/** A program that was started, and what it says. */
interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
  until(text: string): Promise<void>;
}

function launch({ words }: Start, folder: string): Program {
  const [command, ...rest] = words;
  const child = spawn(command!, rest, { cwd: folder, detached: true, stdio: "pipe" });
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  return {
    child,
    output: () => output,
    async until(text) {
      const deadline = performance.now() + longestMs;
      while (!output.includes(text)) {
        if (performance.now() > deadline) throw new Error(`It did not say '${text}': ${output}`);
        await sleep(20);
      }
    },
  };
}

/** Asks once. */
function ask({ child }: Program, wish: "SIGINT" | "SIGTERM" | "Ctrl+C"): void {
  if (wish === "Ctrl+C") child.stdin!.write(controlC);
  else process.kill(-child.pid!, wish);
}

/** Waits until the program and all that it started have ended. */
async function ended({ child }: Program): Promise<boolean> {
  const closed = once(child, "close").then(() => true);
  const inTime = await Promise.race([closed, sleep(longestMs, false)]);
  if (!inTime) process.kill(-child.pid!, "SIGKILL");
  return inTime;
}

/** What is missing in what a program said; nothing if the stop was graceful. */
function findMissing(output: string, wanted: readonly string[]): string[] {
  const missing = wanted.filter((text) => !output.includes(text)).map((text) => `no '${text}'`);
  if (output.includes("Killed by")) missing.push("it was killed");
  return missing;
}

let failed = 0;
function report(name: string, missing: readonly string[], output: string): void {
  console.log(`${missing.length === 0 ? "ok    " : "FAILED"} ${name}`);
  if (missing.length === 0) return;
  failed++;
  console.log(`       ${missing.join(", ")}; it said: ${JSON.stringify(output)}`);
}

const wishesOf = ({ isTerminal }: Start) =>
  isTerminal ? ["Ctrl+C"] as const : ["SIGINT", "SIGTERM"] as const;

async function tryBroker(runtime: Runtime, folder: string): Promise<void> {
  const main = `${checkout}adapters/cli/main.ts`;
  const flags = ["serve", "--port", "0", "--data", ":memory:", "--log-format", "text"];
  const starts = listStarts(runtime, [
    runtime.program,
    ...toWords(runtime, main, checkout),
    ...flags,
  ], folder);
  for (const start of starts) {
    for (const wish of wishesOf(start)) {
      const program = launch(start, folder);
      await program.until("millrace listening on ");
      const url = /listening on (\S+)/.exec(program.output())![1]!;
      const stream = await createClient({ url }).take(); // Only the broker ends it.
      const reading = Array.fromAsync(stream).then(() => true, () => false);
      ask(program, wish);
      const inTime = await ended(program);
      const missing = findMissing(program.output(), ["Stopping on", "Stopped"]);
      if (!inTime) missing.push("it did not end");
      if (!await reading) missing.push("the stream of a worker broke off");
      if (start.name === "by itself" && program.child.exitCode !== 0) {
        missing.push(`exit code ${program.child.exitCode}`);
      }
      report(`${runtime.name}, broker, ${start.name}, ${wish}`, missing, program.output());
    }
  }
}

async function tryWorker(runtime: Runtime, folder: string): Promise<void> {
  const broker = await startBroker(runtime, { data: ":memory:", port: 0 });
  const client = createClient({ url: broker.url });
  const script = fileURLToPath(new URL("one-wish-worker.ts", import.meta.url));
  const words = [runtime.program, ...toWords(runtime, script, checkout), broker.url];
  for (const start of listStarts(runtime, words, folder)) {
    for (const wish of wishesOf(start)) {
      await client.enqueue({ type: "long", queue: "long", payload: null });
      const program = launch(start, folder);
      await program.until("job runs");
      ask(program, wish);
      const inTime = await ended(program);
      const wanted = ["Stopping on", "job done", "job reported, 0 missed", "Stopped", "exit 0"];
      const missing = findMissing(program.output(), wanted);
      if (!inTime) missing.push("it did not end");
      const left = await client.count();
      if (left > 0) missing.push(`${left} jobs are left at the broker`);
      await client.reset();
      report(`${runtime.name}, worker, ${start.name}, ${wish}`, missing, program.output());
    }
  }
  await broker.kill();
}

const chosen = runtimeNames.filter((name) =>
  process.argv.length === 2 || process.argv.includes(name, 2)
);
for (const runtime of await openRuntimes(chosen)) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-one-wish-"));
  try {
    await tryBroker(runtime, folder);
    await tryWorker(runtime, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exit(failed === 0 ? 0 : 1);
