import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "node:test";
import { memoryAbove } from "../../adapters/memory.ts";
import { steerOnSignals } from "../../adapters/steering.ts";

// Node's test runner has a report written at SIGUSR2.
if ("Deno" in globalThis === false && process.report) process.report.reportOnSignal = false;

const limit = { timeout: 10_000 };

async function send(signal: NodeJS.Signals, heard: () => boolean): Promise<void> {
  process.kill(process.pid, signal);
  while (!heard()) await sleep(5);
}

describe("steerOnSignals()", () => {
  const isWindows = process.platform === "win32";

  it("pauses, resumes, kills jobs, ends, and does what the program says", {
    ...limit,
    skip: isWindows,
  }, async () => {
    const seen: string[] = [];
    const say = (text: string) => () => void seen.push(text);
    const target = {
      stop: ({ timeoutMs }: { readonly timeoutMs?: number }) =>
        Promise.resolve(seen.push(`stop ${timeoutMs}`)),
      pause: say("pause"),
      resume: say("resume"),
      killJobs: say("killJobs"),
    };
    const before = process.listenerCount("SIGUSR2");
    const stopListening = steerOnSignals(target, { onHangup: say("hangup") });
    const expected: string[] = [];
    for (
      const [signal, deed] of [
        ["SIGUSR2", "pause"],
        ["SIGCONT", "resume"],
        ["SIGUSR1", "killJobs"],
        ["SIGHUP", "hangup"],
        ["SIGQUIT", "stop Infinity"],
        ["SIGTERM", "stop undefined"],
      ] as const
    ) {
      expected.push(deed);
      await send(signal, () => seen.length >= expected.length);
    }
    assert.deepEqual(seen, expected);
    stopListening();
    stopListening();
    assert.equal(process.listenerCount("SIGUSR2"), before);
  });

  it("logs what throws and what cannot stop", { ...limit, skip: isWindows }, async () => {
    const lines: string[] = [];
    const add = (text: string) => void lines.push(text);
    const logger = { debug: add, info() {}, warn: add, error: add };
    const boom = () => {
      throw new Error("x");
    };
    const target = { stop: () => Promise.reject(new Error("no")), pause: boom };
    const stopListening = steerOnSignals(target, { logger });
    const { exitCode } = process;
    await send("SIGUSR2", () => lines.length === 1);
    await send("SIGQUIT", () => lines.length === 2);
    assert.deepEqual(lines, ["Cannot do what SIGUSR2 asks for", "Cannot stop cleanly"]);
    assert.equal(process.exitCode, 1);
    process.exitCode = exitCode ?? 0;
    stopListening();
  });
});

describe("memoryAbove()", () => {
  it("gives a reason when the process uses more", () => {
    assert.match(memoryAbove(0.5)()!, /^Process uses \d+ MB of memory, of 0.5 MB$/);
    assert.equal(memoryAbove(1_000_000)(), undefined);
    assert.throws(() => memoryAbove(0), RangeError);
  });
});
