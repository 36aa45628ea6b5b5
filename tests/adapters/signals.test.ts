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
import { setTimeout as sleep } from "node:timers/promises";
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

/** Runs targets that never stop; `next` goes on after a SIGTERM has reached them all. */
async function runStubborn(
  next: (signal: (name: NodeJS.Signals) => void, lines: readonly string[]) => void | Promise<void>,
): Promise<{ lines: readonly string[]; code: number | null }> {
  const script = fileURLToPath(new URL("./stubborn-targets.ts", import.meta.url));
  const child = spawn(process.execPath, [...runArguments, script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const lines: string[] = [];
  // Not child.kill(): after that, Deno gives no exit code.
  const signal = (name: NodeJS.Signals) => void process.kill(child.pid!, name);
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line);
    if (line === "ready") signal("SIGTERM");
    if (line === "stop c") void next(signal, lines);
  }
  await ended;
  return { lines, code: child.exitCode };
}

describe("stopOnSignals()", () => {
  it("stops one target with the deadline, and stops listening a second later", limit, async () => {
    const listeners = process.listenerCount("SIGHUP");
    const seen: unknown[] = [];
    const stop = (options: unknown) => Promise.resolve(seen.push(options));
    assert.deepEqual(await stopBySignal({ stop }, { timeoutMs: 1234 }), []);
    assert.deepEqual(seen, [{ timeoutMs: 1234 }]);
    assert.equal(process.listenerCount("SIGHUP"), listeners + 1);
    process.kill(process.pid, "SIGHUP"); // The second copy of the signal. It would end this process.
    await sleep(1200);
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
    const { lines, code } = await runStubborn((signal) => signal("SIGINT"));
    assert.deepEqual(lines, ["ready", "stop a", "stop b", "stop c", "kill a", "kill b"]);
    assert.equal(code, 130);
  });

  it(
    "takes the same signal within a second for the same wish, and a later one for a second",
    limit,
    async () => {
      const waits: number[] = [];
      const { lines, code } = await runStubborn(async (signal, lines) => {
        signal("SIGTERM");
        await sleep(200);
        waits.push(lines.length);
        await sleep(1000);
        signal("SIGTERM");
      });
      assert.deepEqual(waits, [4]); // Not killed yet.
      assert.deepEqual(lines, ["ready", "stop a", "stop b", "stop c", "kill a", "kill b"]);
      assert.equal(code, 130);
    },
  );

  it("is not disturbed by a callback or a logger that throws", limit, async () => {
    const { lines, logger } = createLines();
    const failing = {
      ...logger,
      info() {
        throw new Error("disk full");
      },
    };
    const busy = setInterval(() => {}, 1000);
    const called = Promise.withResolvers<void>();
    stopOnSignals({ stop: () => Promise.resolve() }, {
      signals,
      logger: failing,
      async onStopped() {
        called.resolve();
        await Promise.reject(new Error("oops"));
      },
    });
    process.kill(process.pid, "SIGHUP");
    await called.promise;
    await sleep(0);
    clearInterval(busy);
    assert.deepEqual(lines, ["error Callback 'onStopped' threw"]);
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
