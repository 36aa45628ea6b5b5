/**
 * One run of one job: check the payload, call the handler within its time, and report what came of it.
 *
 * @module
 */

import type { Clock, Random } from "../async/clock.ts";
import { toMs } from "../async/duration.ts";
import { isMillraceError, TimeoutError } from "../errors.ts";
import type { RunningContext } from "./context.ts";
import { applyRules, type ErrorRule } from "./error-rules.ts";
import type { Events } from "./events.ts";
import { beginRun, claim, demandNoneForgotten, endRun, setCalled } from "./forgotten.ts";
import type { JobFallback, JobHandler } from "./handle.ts";
import { type Middleware, type Work, wrap } from "./middleware.ts";
import { isOutcome, isResult, type Outcome } from "./outcome.ts";
import type { RunReport } from "./report.ts";
import { toCheckedResult, toResult } from "./returned.ts";
import { isFinish, toFinished } from "./success-outcome.ts";

/** What a runner needs. */
export interface RunnerOptions {
  /** One for each type of job. */
  readonly handlers: readonly JobHandler[];
  /** Runs the jobs of all other types. */
  readonly fallback?: JobFallback | undefined;
  /** What is done around every handler, outermost first. */
  readonly middleware: readonly Middleware[];
  /** What becomes of a job whose handler threw, after the handler's own rules. */
  readonly onError: readonly ErrorRule[];
  /** Where the runs are told. */
  readonly events: Events;
  /** The time and the timers. */
  readonly clock: Clock;
  /** For the delays of the rules. */
  readonly random: Random;
}

/** Runs jobs. */
export interface Runner {
  /** How many handlers go on although their time is over. */
  readonly overdue: number;
  /** Runs a job, tells the listeners, and gives what came of it. Never rejects. */
  run(context: RunningContext): Promise<RunReport>;
}

/** Runs a handler and the layers around it. */
type Perform = (context: RunningContext) => Promise<unknown>;

/**
 * A payload did not fit. Wraps the error, because the same error thrown by a handler (of the payload of another job)
 * is a failure like any other.
 */
class PayloadMismatch {
  readonly #error: unknown;

  constructor(error: unknown) {
    this.#error = error;
  }

  /** Looks at no member of a foreign value: `instanceof` would, and a revoked proxy throws then. */
  static is(value: unknown): value is PayloadMismatch {
    return typeof value === "object" && value !== null && #error in value;
  }

  get error(): unknown {
    return this.#error;
  }
}

/** There is no handler for a job. */
class UnknownType extends Error {
  readonly #isOwn = true;

  /** As {@linkcode PayloadMismatch.is}. */
  static is(value: unknown): boolean {
    return typeof value === "object" && value !== null && #isOwn in value;
  }
}

/** Creates a runner. */
export function createRunner(options: RunnerOptions): Runner {
  const { handlers, middleware, events, clock, random } = options;
  let overdue = 0;

  const toPerform = (handler: JobHandler): Perform => {
    const { timeoutMs, timeoutOf } = handler;
    const run: Work = (payload, context) => handler.run(payload, context);
    // A layer may pass over what the handler said, which the handler has not forgotten then.
    const work = middleware.length === 0 ? run : wrap(middleware, claiming(run));
    const perform: Perform = async (context) => {
      let payload: unknown;
      try {
        const parsed = handler.parse(context.job.payload);
        // Most schemas answer at once: to wait for each would cost more than the check.
        payload = parsed instanceof Promise ? await parsed : parsed;
      } catch (error) {
        throw isMillraceError(error) && error.code === "payload"
          ? new PayloadMismatch(error)
          : error;
      }
      const first = beginRun();
      try {
        setCalled(context);
        const working = work(payload, context);
        setCalled(undefined);
        const returned = await working;
        if (isNews(returned)) claim(returned);
        else demandNoneForgotten(context, first);
        return returned;
      } catch (thrown) {
        claim(thrown);
        throw thrown;
      } finally {
        setCalled(undefined);
        endRun(context, first);
      }
    };
    if (timeoutOf !== undefined) {
      return async (context) => {
        const timeout = timeoutFor(timeoutOf, context);
        return await (timeout === undefined ? perform(context) : inTime(perform, timeout, context));
      };
    }
    return timeoutMs === undefined ? perform : (context) => inTime(perform, timeoutMs, context);
  };

  const inTime = (perform: Perform, timeoutMs: number, context: RunningContext) =>
    new Promise<unknown>((resolve, reject) => {
      let late = false;
      const disarm = clock.setTimer(() => {
        late = true;
        overdue++;
        const error = new TimeoutError(`Job ran longer than ${timeoutMs} ms`);
        // Before the signal: a handler that listens must not turn its timeout into a success.
        reject(error);
        context.abort(error);
      }, timeoutMs);
      perform(context).finally(() => {
        if (late) overdue--;
        else disarm();
      }).then(resolve, reject);
    });

  const performers = new Map<string, Perform>();
  const rules = new Map<string, readonly ErrorRule[]>();
  const checks = new Map<string, (value: unknown) => unknown>();
  const unfit = new Map<string, JobHandler["unfit"]>();
  for (const handler of handlers) {
    performers.set(handler.type, toPerform(handler));
    if (handler.checkResult !== undefined) checks.set(handler.type, handler.checkResult);
    rules.set(handler.type, [...handler.onError ?? [], ...options.onError]);
    unfit.set(handler.type, handler.unfit);
  }

  const { fallback } = options;
  const performOther = fallback && toPerform({
    type: "",
    queue: "",
    timeoutMs: undefined,
    parse: (payload) => payload,
    run: (_, context) => fallback(context.job, context),
  });
  const performUnknown: Perform = async (context) => {
    if (performOther !== undefined) return await performOther(context);
    const { job } = context;
    const known = [...performers.keys()].map((type) => `'${type}'`).join(", ");
    throw new UnknownType(`No handler for type '${job.type}': this worker has ${known}`);
  };

  /** Runs a job and gives what came of it, as if the worker had not been stopped meanwhile. */
  const runToEnd = async (context: RunningContext): Promise<RunReport> => {
    try {
      const { type } = context.job;
      const returned = await (performers.get(type) ?? performUnknown)(context);
      if (isOutcome(returned)) return await settle(returned, context);
      if (isResult(returned)) return { kind: "succeeded", result: returned.value };
      const check = checks.get(type);
      if (returned === undefined && check === undefined) return succeeded;
      const result = check === undefined
        ? toResult(returned, () => context.log)
        : await toCheckedResult(returned, check);
      return result === undefined ? succeeded : { kind: "succeeded", result };
    } catch (thrown) {
      if (isOutcome(thrown)) {
        return await settle(thrown, context).catch((error) => judge(error, context));
      }
      if (PayloadMismatch.is(thrown)) {
        const retry = unfit.get(context.job.type) !== "dead";
        return { kind: "failed", error: thrown.error, retry, why: "payload" };
      }
      return judge(thrown, context);
    }
  };

  /** An outcome as it is reported. */
  const settle = async (outcome: Outcome, { job }: RunningContext): Promise<Outcome> =>
    isFinish(outcome) ? await toFinished(outcome, { clock, check: checks.get(job.type) }) : outcome;

  /** What the rules make of an error. */
  const judge = (error: unknown, { job, attempt }: RunningContext): RunReport => {
    try {
      const applying = rules.get(job.type) ?? options.onError;
      const outcome = applyRules(applying, { error, job, attempt, random });
      claim(outcome);
      if (outcome !== undefined) return outcome;
      const report = { kind: "failed", error, retry: true } as const;
      return UnknownType.is(error) ? { ...report, why: "type" } : report;
    } catch (thrown) {
      return { kind: "failed", error: thrown, retry: true };
    }
  };

  const tell = (report: RunReport, context: RunningContext, startedAt: number) => {
    const { job, attempt } = context;
    const durationMs = () => context.ranMs ||= clock.monotonic() - startedAt;
    if (report.kind !== "succeeded" || events.isHeard("reported")) durationMs();
    switch (report.kind) {
      case "succeeded":
      case "completed":
        return events.emit("succeeded", () => ({ job, attempt, durationMs: durationMs() }));
      case "failed": {
        const { error } = report;
        return events.emit("failed", () => ({ job, attempt, durationMs: durationMs(), error }));
      }
      case "cancelled":
      case "snoozed":
      case "retried":
      case "advanced":
        return events.emit("decided", () => ({
          job,
          attempt,
          durationMs: durationMs(),
          outcome: report,
        }));
    }
  };

  return {
    get overdue() {
      return overdue;
    },
    async run(context) {
      const { job } = context;
      const startedAt = clock.monotonic();
      events.emit("started", () => ({ job, attempt: context.attempt }));
      const report = await runToEnd(context);
      if (!context.released) tell(report, context, startedAt);
      // Asked again: a listener may have stopped the worker.
      return context.released ? released : report;
    },
  };
}

/** Whether what a handler gave says more than that the job is done. */
const isNews = (returned: unknown) => isOutcome(returned) || isResult(returned);

const claiming = (work: Work): Work => async (payload, context) => {
  try {
    const returned = await work(payload, context);
    claim(returned);
    return returned;
  } catch (thrown) {
    claim(thrown);
    throw thrown;
  }
};

/** The time of a job, by its payload; none if the function of the definition throws, as its payload may not fit. */
function timeoutFor(
  timeoutOf: NonNullable<JobHandler["timeoutOf"]>,
  { job, log }: RunningContext,
): number | undefined {
  try {
    const timeout = timeoutOf(job.payload);
    return timeout === undefined ? undefined : toMs(timeout, "timeout");
  } catch (error) {
    log.warn("Job has no timeout: the function of its definition threw", { error });
    return undefined;
  }
}

const succeeded: RunReport = { kind: "succeeded" };
const released: RunReport = { kind: "released" };
