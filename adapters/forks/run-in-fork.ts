/**
 * A worker in a process that `runForked` keeps.
 *
 * @module
 */

import process from "node:process";
import { systemClock } from "../../src/async/clock.ts";
import { isMillraceError } from "../../src/errors.ts";
import type { Worker } from "../../src/worker/worker.ts";
import { cancelledCode, lostLeaseCode, timeoutCode } from "./exit-codes.ts";
import { type ForkCommand, type ForkReady, isForkMessage } from "./messages.ts";

/** How {@linkcode runInFork} ends. */
export interface RunInForkOptions {
  /**
   * How long a handler whose signal was aborted may go on, in ms, before its process ends hard; what else runs there may
   * come to its end for as long again.
   *
   * @default {1000}
   */
  readonly graceMs?: number | undefined;
}

/**
 * Runs a worker in a process that `runForked` has started, and ends the process when the worker is stopped. It does what the
 * parent says (stop, pause, resume), and stops when the parent is gone.
 *
 * A handler that goes on although its time is over (see `timeout`), its lease is lost or its job cancelled, cannot be ended but
 * with its process: the worker gives back what it has not begun, and the process ends with code 73, 11 for a lease, or 74 for
 * a cancelled job.
 *
 * @param worker The worker, not started.
 * @param options How long a handler may go on when its time is over.
 * @throws {MillraceError} If the broker refuses the worker.
 */
export async function runInFork(worker: Worker, options: RunInForkOptions = {}): Promise<never> {
  const { graceMs = 1000 } = options;
  // Else an interrupt from a terminal, which reaches all processes of a group, would end this one before its parent speaks.
  process.on("SIGINT", () => {});
  process.on("message", (message: unknown) => {
    if (!isForkMessage(message)) return;
    const command = message as ForkCommand;
    switch (command.millrace) {
      case "stop":
        return void worker.stop({ timeoutMs: command.timeoutMs ?? Infinity });
      case "pause":
        return worker.pause();
      case "resume":
        return worker.resume();
    }
  });
  process.on("disconnect", () => void worker.stop({ timeoutMs: graceMs }));
  process.send?.({ millrace: "ready" } satisfies ForkReady);

  let exitCode = 0;
  /** Ends the process after the time of grace, if a handler still goes on. */
  const endHard = (code: number, goesOn: () => boolean) => {
    systemClock.setTimer(() => {
      if (!goesOn()) return;
      exitCode = code;
      void worker.stop({ timeoutMs: graceMs });
    }, graceMs);
  };
  worker.on("failed", ({ error }) => {
    if (!isMillraceError(error) || error.code !== "timeout") return;
    endHard(timeoutCode, () => worker.health().overdue > 0);
  });
  worker.on("cancelled", () => endHard(cancelledCode, () => worker.health().unwanted > 0));
  worker.on("leaseLost", () => endHard(lostLeaseCode, () => worker.health().lost > 0));
  await worker.run();
  process.exit(exitCode);
}
