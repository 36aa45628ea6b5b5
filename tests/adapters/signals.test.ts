/**
 * What the first and the second signal do. `tests/cli/serve.test.ts` has the same with a real broker.
 *
 * @module
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import {
  stopOnSignals,
  type StopOnSignalsOptions,
  type StopTarget,
} from "../../adapters/signals.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { runArguments } from "../support/run-arguments.ts";

const limit = { timeout: 10_000 };
const signals = ["SIGHUP"] as const;

/** Sends this process a signal; resolves with the errors that `onStopped` gets. */
async function stopBySignal(
  targets: StopTarget | readonly StopTarget[],
  options: StopOnSignalsOptions = {},
): Promise<readonly unknown[]> {
  const busy = setInterval(() => {}, 1000); // A signal handler alone keeps no process alive.
  const errors = await new Promise<readonly unknown[]>((onStopped) => {
    stopOnSignals(targets, { signals, onStopped, ...options });
    process.kill(process.pid, "SIGHUP");
  });
  clearInterval(busy);
  return errors;
}

/** Collects log lines. */
function createLines() {
  const lines: string[] = [];
  const add = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return {
    lines,
    logger: { debug: add("debug"), info: add("info"), warn: add("warn"), error: add("error") },
  };
}

describe("stopOnSignals()", () => {
  it("stops one target with the deadline, and stops listening then", limit, async () => {
    const listeners = process.listenerCount("SIGHUP");
    const seen: unknown[] = [];
    const stop = (options: unknown) => Promise.resolve(seen.push(options));
    assert.deepEqual(await stopBySignal({ stop }, { timeoutMs: 1234 }), []);
    assert.deepEqual(seen, [{ timeoutMs: 1234 }]);
    assert.equal(process.listenerCount("SIGHUP"), listeners);
  });

  it("gives no deadline if none was given", limit, async () => {
    const seen: unknown[] = [];
    await stopBySignal({ stop: (options: unknown) => Promise.resolve(seen.push(options)) });
    assert.deepEqual(seen, [{}]);
  });

  it("stops several targets at the same time", limit, async () => {
    const { lines, logger } = createLines();
    const both = Promise.withResolvers<void>();
    let stopped = 0;
    // Each waits for the other: one after the other, they would wait for ever.
    const stop = () => {
      if (++stopped === 2) both.resolve();
      return both.promise;
    };
    assert.deepEqual(await stopBySignal([{ stop }, { stop }], { logger }), []);
    assert.equal(stopped, 2);
    assert.deepEqual(lines, ["info Stopping on SIGHUP", "info Stopped"]);
  });

  it("stops the others if one fails, tells why and makes the exit code 1", limit, async () => {
    const { lines, logger } = createLines();
    const before = process.exitCode;
    const later = Promise.withResolvers<void>();
    let finished = false;
    const errors = await stopBySignal([
      { stop: () => Promise.reject(new Error("rejected")) },
      {
        stop() {
          setTimeout(later.resolve, 0);
          throw new Error("thrown");
        },
      },
      { stop: () => later.promise.then(() => void (finished = true)) },
    ], { logger });
    assert.equal(process.exitCode, 1);
    process.exitCode = before ?? 0;
    assert.deepEqual(errors.map((error) => (error as Error).message), ["rejected", "thrown"]);
    assert.equal(finished, true);
    assert.deepEqual(lines, [
      "info Stopping on SIGHUP",
      "error Cannot stop cleanly",
      "error Cannot stop cleanly",
    ]);
  });

  it("stops a server and its broker in time though a take stream is open", limit, async () => {
    const { openSqlite, serve } = await loadRuntime();
    const broker = createBroker({ store: openSqlite(":memory:") });
    const server = await serve(broker, { port: 0 });
    const stream = await createClient({ url: server.url }).take();
    const reading = Array.fromAsync(stream);
    assert.deepEqual(await stopBySignal([server, broker], { timeoutMs: 60_000 }), []);
    assert.deepEqual(await reading, []);
    assert.equal((await broker.fetch(new Request("http://broker/health"))).status, 503);
  });

  it("kills every target on the second signal and exits with 130", limit, async () => {
    const script = fileURLToPath(new URL("./stubborn-targets.ts", import.meta.url));
    const child = spawn(process.execPath, [...runArguments, script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "close");
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      lines.push(line);
      // Not child.kill(): after that, Deno gives no exit code.
      if (line === "ready") process.kill(child.pid!, "SIGTERM");
      if (line === "stop c") process.kill(child.pid!, "SIGINT");
    }
    await ended;
    assert.deepEqual(lines, ["ready", "stop a", "stop b", "stop c", "kill a", "kill b"]);
    assert.equal(child.exitCode, 130);
  });

  it("returns a function that stops listening, and may be called twice", () => {
    const listeners = process.listenerCount("SIGHUP");
    const stopListening = stopOnSignals({ stop: () => Promise.resolve() }, { signals });
    assert.equal(process.listenerCount("SIGHUP"), listeners + 1);
    stopListening();
    stopListening();
    assert.equal(process.listenerCount("SIGHUP"), listeners);
  });
});
