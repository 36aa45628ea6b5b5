/**
 * The process that asks for health.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ownFolder } from "../bench/measurement.ts";
import { generator } from "../bench/open-runtimes.ts";
import { toWords } from "../bench/runtimes.ts";
import type { ProbeReport } from "./holds-probe.ts";

/** How often the broker is to send heartbeats, in ms. */
export const heartbeatMs = 50;

/** A prober at work. */
export interface Probe extends AsyncDisposable {
  /**
   * What was longest since the last report.
   *
   * @throws {Error} If the prober ended, as it does when a stream breaks off.
   */
  report(): Promise<ProbeReport>;
}

/** Starts a prober. */
export function startProbe(url: string): Probe {
  const script = fileURLToPath(new URL("holds-probe.ts", import.meta.url));
  const words = [...toWords(generator, script, ownFolder), url, String(heartbeatMs)];
  const child = spawn(generator.program, words, { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  child.stdin!.on("error", () => {}); // What it means is told by the end of the process.
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const probe: Probe = {
    async report() {
      child.stdin!.write("\n");
      const { value, done } = await lines.next();
      if (done) throw new Error("The prober ended");
      return JSON.parse(value);
    },
    async [Symbol.asyncDispose]() {
      child.stdin!.end();
      await closed;
    },
  };
  return probe;
}
