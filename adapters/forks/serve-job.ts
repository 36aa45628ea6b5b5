/**
 * The program of a process that does one job.
 *
 * @module
 */

import process from "node:process";
import { systemClock, systemRandom } from "../../src/async/clock.ts";
import { guardLogger } from "../../src/guard-logger.ts";
import type { Logger } from "../../src/log.ts";
import { type ContextLease, RunningContext } from "../../src/worker/context.ts";
import { createEvents } from "../../src/worker/events.ts";
import type { JobHandler } from "../../src/worker/handle.ts";
import type { Middleware } from "../../src/worker/middleware.ts";
import type { RunReport } from "../../src/worker/report.ts";
import { createRunner } from "../../src/worker/runner.ts";
import {
  type ForkReady,
  fromSentError,
  type HeartbeatAnswer,
  isForkMessage,
  type RunCommand,
  type SentHeartbeat,
  type SentReport,
  toSentError,
} from "./messages.ts";

/** How {@linkcode serveJob} runs the job. */
export interface ServeJobOptions {
  /**
   * Functions around the handler, outermost first.
   *
   * @default {[]}
   */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Gets what the handler logs; `console` fits. Default: a line each on the console; `false` is silence. */
  readonly logger?: Logger | false | undefined;
}

/**
 * Does the one job that this process was started for by `handleInProcess`, reports it to the parent, and ends the process.
 * It ends too when the parent is gone. The time limit is the parent's to keep.
 *
 * @param handlers What to do with which jobs; usually one.
 * @param options What goes on around the handler.
 */
export function serveJob(
  handlers: JobHandler | readonly JobHandler[],
  options: ServeJobOptions = {},
): void {
  const logger = guardLogger(options.logger, "info");
  const all: readonly JobHandler[] = "run" in handlers ? [handlers] : handlers;
  const runner = createRunner({
    handlers: all.map((handler) => ({
      ...handler,
      timeoutMs: undefined,
      timeoutOf: undefined,
    })),
    middleware: options.middleware ?? [],
    onError: [],
    events: createEvents(logger),
    clock: systemClock,
    random: systemRandom,
  });
  process.on("SIGINT", () => {}); // From a terminal, for all processes of a group: the parent decides.
  process.on("disconnect", () => process.exit(1));
  process.on("message", (message: unknown) => {
    if (!isForkMessage(message)) return;
    // Not before: the parent may be told of the end of a process ahead of what it has sent last.
    if (message.millrace === "received") process.exit(0);
    if (message.millrace !== "run") return;
    const { job } = message as RunCommand;
    const context = new RunningContext(job, logger);
    if (job.leaseToken !== undefined) context.lease = createLease(job.leaseExpiresAt);
    void runner.run(context).then((report) => void process.send!(toSent(report)));
  });
  process.send!({ millrace: "ready" } satisfies ForkReady);
}

/** The lease of the job, which the parent keeps. */
function createLease(endsAt: number | undefined): ContextLease {
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let count = 0;
  process.on("message", (message: unknown) => {
    if (!isForkMessage(message) || message.millrace !== "heard") return;
    const answer = message as HeartbeatAnswer;
    const { resolve, reject } = waiting.get(answer.number)!;
    waiting.delete(answer.number);
    endsAt = answer.endsAt ?? endsAt;
    if (answer.error === undefined) resolve();
    else reject(fromSentError(answer.error));
  });
  return {
    endsAt: () => endsAt,
    heartbeat(news) {
      const number = ++count;
      const answer = Promise.withResolvers<void>();
      waiting.set(number, answer);
      process.send!({ millrace: "heartbeat", number, news } satisfies SentHeartbeat);
      return answer.promise;
    },
  };
}

function toSent(report: RunReport): SentReport {
  switch (report.kind) {
    case "succeeded":
      return { millrace: "succeeded", result: report.result };
    case "released":
      return { millrace: "succeeded" };
    case "failed":
      return { millrace: "failed", error: toSentError(report.error), retry: report.retry };
    default: {
      const { cause, ...outcome } = report;
      return {
        millrace: "decided",
        outcome: { ...outcome, cause: undefined },
        cause: cause === undefined ? undefined : toSentError(cause),
      };
    }
  }
}
