/**
 * One run of one job: check the payload, call the handler within its time, and say what came of it.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { isMillraceError, TimeoutError } from "../errors.ts";
import type { Failure } from "../protocol/failure.ts";
import type { RunningContext } from "./context.ts";
import { describeError } from "./describe-error.ts";
import type { Events } from "./events.ts";
import type { JobHandler } from "./handle.ts";
import { type Middleware, wrap } from "./middleware.ts";
import { isOutcome, toFailure } from "./outcome.ts";

/** What a runner needs. */
export interface RunnerOptions {
  readonly handlers: readonly JobHandler[];
  readonly middleware: readonly Middleware[];
  readonly events: Events;
  readonly clock: Clock;
}

/** Runs jobs. */
export interface Runner {
  /** How many handlers go on although their time is over. */
  readonly overdue: number;
  /** Runs a job and gives its failure, or undefined if it succeeded. Never rejects. */
  run(context: RunningContext): Promise<Failure | undefined>;
}

/** Runs a handler and the layers around it. */
type Perform = (context: RunningContext) => Promise<unknown>;

/** Why a payload did not fit; told from the same error thrown by a handler, which is a failure like any other. */
class Misfit {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Creates a runner. */
export function createRunner({ handlers, middleware, events, clock }: RunnerOptions): Runner {
  let overdue = 0;

  const toPerform = (handler: JobHandler): Perform => {
    const { timeoutMs } = handler;
    const work = wrap(middleware, (payload, context) => handler.run(payload, context));
    const perform: Perform = async (context) => {
      let payload: unknown;
      try {
        payload = await handler.parse(context.job.payload);
      } catch (error) {
        throw isMillraceError(error) && error.code === "payload" ? new Misfit(error) : error;
      }
      return await work(payload, context);
    };
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
  for (const handler of handlers) performers.set(handler.type, toPerform(handler));

  const performUnknown: Perform = ({ job }) => {
    const known = [...performers.keys()].map((type) => `'${type}'`).join(", ");
    return Promise.reject(new Error(`No handler for type '${job.type}': this worker has ${known}`));
  };

  return {
    get overdue() {
      return overdue;
    },
    async run(context) {
      const { job } = context;
      const startedAt = clock.now();
      const durationMs = () => clock.now() - startedAt;
      events.emit("started", () => ({ job }));
      try {
        const result = await (performers.get(job.type) ?? performUnknown)(context);
        if (isOutcome(result)) throw result;
      } catch (thrown) {
        if (context.released) return undefined;
        if (isOutcome(thrown)) {
          events.emit("decided", () => ({ job, durationMs: durationMs(), outcome: thrown }));
          return toFailure(thrown, clock);
        }
        const error = thrown instanceof Misfit ? thrown.error : thrown;
        events.emit("failed", () => ({ job, durationMs: durationMs(), error }));
        return { ...describeError(error), kill: error !== thrown };
      }
      if (!context.released) events.emit("succeeded", () => ({ job, durationMs: durationMs() }));
      return undefined;
    },
  };
}
