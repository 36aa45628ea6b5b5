/**
 * The first signal drains. (The second ends the process: see tests/cli/serve.test.ts.)
 *
 * @module
 */

import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { stopOnSignals } from "../../adapters/signals.ts";

const signals = ["SIGHUP"] as const;
const raise = () => process.kill(process.pid, "SIGHUP");

describe("stopOnSignals", () => {
  it(
    "stops the target with its deadline, and stops listening then",
    { timeout: 10_000 },
    async () => {
      const listeners = process.listenerCount("SIGHUP");
      const busy = setInterval(() => {}, 1000); // A signal handler alone keeps no process alive.
      const options = await new Promise((resolve) => {
        const stop = (options: unknown) => Promise.resolve(resolve(options));
        stopOnSignals({ stop }, { signals, timeoutMs: 1234 });
        raise();
      });
      clearInterval(busy);
      assert.deepEqual(options, { timeoutMs: 1234 });
      await Promise.resolve();
      assert.equal(process.listenerCount("SIGHUP"), listeners);
    },
  );

  it("can be told to forget", () => {
    const listeners = process.listenerCount("SIGHUP");
    const forget = stopOnSignals({ stop: () => Promise.resolve() }, { signals });
    assert.equal(process.listenerCount("SIGHUP"), listeners + 1);
    forget();
    forget();
    assert.equal(process.listenerCount("SIGHUP"), listeners);
  });
});
