/**
 * A process for each job: whatever its handler does, it ends with its process.
 *
 * @module
 */

import type { Duration } from "../../src/async/duration.ts";
import type { JobContext } from "../../src/worker/context.ts";
import type { ErrorRule } from "../../src/worker/error-rules.ts";
import { handle, type Handleable, type JobHandler } from "../../src/worker/handle.ts";
import { byError, result, reviveOutcome } from "../../src/worker/outcome.ts";
import {
  fromSentError,
  type HeartbeatAnswer,
  isForkMessage,
  type ReportReceived,
  type RunCommand,
  type SentHeartbeat,
  type SentReport,
  toSentError,
} from "./messages.ts";
import { spawn, type SpawnOptions } from "./spawn.ts";

/** How a job is run in a process of its own. */
export interface HandleInProcessOptions extends SpawnOptions {
  /**
   * How long one run may take, in ms or as text (`"30s"`); then its process is killed.
   *
   * @default {the definition's}
   */
  readonly timeout?: Duration | undefined;
  /**
   * What becomes of a job that failed, by its error, which has the name, the message and the stack of that in the process,
   * but not its class: tell it by its name, or give rules with classes to the handler in the process.
   *
   * @default {[]}
   */
  readonly onError?: readonly ErrorRule[] | undefined;
}

/**
 * A handler for a worker that starts a process for each job, so that one that hangs, leaks or crashes harms no other: when
 * the time of the job is over, the worker is stopped, or the job is not the worker's any more, its process is killed at
 * once. The program of the process calls `serveJob` with the handler that does the work. A process costs some tens of ms and
 * tens of MB; the worker's `concurrency` says how many there are at a time.
 *
 * @param definition What kind of job it is.
 * @param options The program.
 * @throws {TypeError} If the timeout is no duration.
 */
export function handleInProcess(
  definition: Handleable<unknown>,
  options: HandleInProcessOptions,
): JobHandler {
  const { timeout, onError, ...spawnOptions } = options;
  return handle(definition, (_payload, context) => runInProcess(spawnOptions, context), {
    timeout,
    onError,
  });
}

async function runInProcess(options: SpawnOptions, context: JobContext): Promise<unknown> {
  const { job, signal } = context;
  let report: SentReport | undefined;
  const child = spawn(options, (message) => {
    if (!isForkMessage(message)) return;
    switch (message.millrace) {
      case "ready":
        return child.send({ millrace: "run", job } satisfies RunCommand);
      case "heartbeat":
        return void beat(context, message as SentHeartbeat).then(child.send);
      default:
        report = message as SentReport;
        return child.send({ millrace: "received" } satisfies ReportReceived);
    }
  });
  signal.addEventListener("abort", child.kill, { once: true });
  if (signal.aborted) child.kill();
  const end = await child.ended;
  signal.removeEventListener("abort", child.kill);
  if (report === undefined) {
    const how = end.signal ?? (end.code === undefined ? "no start" : `code ${end.code}`);
    throw new Error(`Process of the job ended with ${how}, before the job was done`);
  }
  switch (report.millrace) {
    case "succeeded":
      return report.result === undefined ? undefined : result(report.result);
    case "failed": {
      const error = fromSentError(report.error);
      throw report.retry ? error : byError("cancelled", error, {});
    }
    case "decided":
      return reviveOutcome(report.outcome, report.cause && fromSentError(report.cause));
  }
}

async function beat(
  context: JobContext,
  { number, news }: SentHeartbeat,
): Promise<HeartbeatAnswer> {
  try {
    await context.heartbeat(news);
    return { millrace: "heard", number, endsAt: context.leaseEndsAt };
  } catch (error) {
    return { millrace: "heard", number, error: toSentError(error) };
  }
}
