/**
 * What the worker says of itself to a broker that listens: whether it takes jobs, how many it wants, and what it has. It
 * says so when it is asked, when it stops taking, and when it wants another number.
 *
 * Statements go one after the other, each with what is true when it is sent: a later one must not be overtaken by an
 * earlier one that says otherwise.
 *
 * @module
 */

import { backoffMs, type BackoffRange } from "../async/backoff.ts";
import type { Clock, Random } from "../async/clock.ts";
import { wait } from "../async/wait.ts";
import type { TakeStream } from "../client/take-stream.ts";
import type { Logger } from "../log.ts";
import type { Ask } from "../protocol/frames-control.ts";
import type { RunProgress, WorkerStatement } from "../protocol/worker-statement.ts";
import type { Held } from "./deliveries.ts";

/** What statements need. */
export interface StatementsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether the worker takes jobs now. */
  isTaking(): boolean;
  /** How many jobs the worker wants to have at a time; undefined for as many as the stream was opened for. */
  prefetch(): number | undefined;
  /** What the worker has now. */
  held(): readonly Held[];
  /** How far jobs are, as far as it is to be told anew; what is given is told once. */
  progress?(): readonly RunProgress[];
  /** These are not the worker's any more. */
  lost(held: readonly Held[]): void;
}

/** Makes statements on one stream after the other. */
export interface Statements {
  /** Within which time the broker of the present stream wants an answer, in ms; undefined if it does not listen. */
  readonly withinMs: number | undefined;
  /** Why the last statement did not get through; undefined if it did. */
  readonly problem: unknown;
  /** A stream is open until the signal is aborted; what follows is said on this one. */
  open(stream: Pick<TakeStream, "tell">, signal: AbortSignal): void;
  /** The broker asks. */
  answer(ask: Ask): void;
  /** What the worker says has changed: says so, if the broker listens. If it stops taking, it says so until it is heard. */
  changed(): void;
}

/** A stream on which the broker listens. */
interface Listener {
  readonly stream: Pick<TakeStream, "tell">;
  readonly signal: AbortSignal;
  readonly ask: Ask;
}

/** Delays between attempts to say that the worker stops taking. */
const again: BackoffRange = { baseMs: 100, maxMs: 5000 };

/** How many statements may fail within the time in which one has to succeed. */
const triesPerTime = 4;

/** Creates what makes statements. */
export function createStatements(options: StatementsOptions): Statements {
  const { clock, random, logger, isTaking, prefetch, held, lost } = options;
  let stream: Omit<Listener, "ask"> | undefined;
  let listener: Listener | undefined;
  let isSpeaking = false;
  let hasMore = false;
  let failures = 0;
  let problem: unknown;

  const say = async ({ stream, signal, ask }: Listener): Promise<void> => {
    const taking = isTaking();
    const present = held();
    const holds = present.map(({ delivery, number }) => ({
      id: delivery.job.id,
      delivery: number,
    }));
    const timeoutMs = ask.withinMs / triesPerTime;
    const progress = options.progress?.() ?? [];
    const statement: WorkerStatement = {
      heard: ask.number,
      taking,
      prefetch: prefetch(),
      holds,
      ...progress.length > 0 && { progress },
    };
    const gone = await stream.tell(statement, { signal, timeoutMs });
    if (gone.length === 0) return;
    const ids = new Set(gone);
    lost(present.filter(({ delivery }) => ids.has(delivery.job.id)));
  };

  const speak = async () => {
    hasMore = true;
    if (isSpeaking) return;
    isSpeaking = true;
    while (hasMore && listener !== undefined && !listener.signal.aborted) {
      hasMore = false;
      const { signal } = listener;
      try {
        await say(listener);
        failures = 0;
        problem = undefined;
      } catch (error) {
        if (signal.aborted) continue;
        problem = error;
        logger.warn("Cannot tell the broker what this worker has", { error });
        // Who takes jobs is asked again.
        if (isTaking()) continue;
        hasMore = true;
        await wait(backoffMs(++failures, again, random), clock, signal).catch(() => {});
      }
    }
    isSpeaking = false;
  };

  return {
    get withinMs() {
      return listener?.ask.withinMs;
    },
    get problem() {
      return problem;
    },
    open(opened, signal) {
      stream = { stream: opened, signal };
      problem = undefined;
      listener = undefined;
    },
    answer(ask) {
      listener = { ...stream!, ask };
      void speak();
    },
    changed() {
      if (listener !== undefined) void speak();
    },
  };
}
