/**
 * What a broker tells who watches many programs: read when it is asked for, from what is counted anyway. Nothing of it is on
 * the path of a job.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createTurns, pause } from "../../async/turns.ts";
import { type Histogram, type Metric, queueLabels, type Sample } from "../../protocol/metrics.ts";
import type { QueueDetails } from "../../protocol/queue-details.ts";
import { statuses } from "../../protocol/status.ts";
import type { Distribution } from "../../store/distribution.ts";
import { dayOf } from "../../store/failures-table.ts";
import { mostCounted } from "../../store/outbox.ts";
import type { DayTally } from "../../store/statistics.ts";
import type { Store } from "../../store/store.ts";
import { version } from "../../version.ts";
import type { OutboxOperations } from "./outbox.ts";
import type { QueueInsight } from "./queues.ts";
import type { Serving } from "./serving.ts";
import type { Settings } from "./settings.ts";
import type { Statistics } from "./statistics.ts";
import type { Workers } from "./workers.ts";

/** Tells how the broker fares. */
export interface Metrics {
  /** All metrics; who asks while they are gathered gets the same ones. */
  gather(): Promise<readonly Metric[]>;
}

/** So many queues have metrics of their own: each has up to forty lines. */
const mostQueues = 1000;

/** A worker that was not seen for so long is not counted; workers are asked every 15 s or oftener. */
const livesMs = 120_000;

/** Upper ends of the buckets that are told, in seconds, and how many buckets of a distribution are up to each. */
const ends: readonly (readonly [seconds: number, buckets: number])[] = [
  [1, 1],
  [2, 2],
  [5, 5],
  [10, 10],
  [30, 30],
  [60, 60],
  [300, 64],
  [900, 74],
  [3600, 119],
  [21_600, 124],
  [86_400, 142],
];

/** Each status by its name on the wire, and in code. */
const names = statuses.wireNames.map((wire) =>
  [wire, statuses.rowOf(statuses.codeOf(wire)!).name] as const
);

/** Creates what gathers them. */
export function createMetrics(
  { store, clock, settings, queues, statistics, workers, serving, outbox, countStreams }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly settings: Pick<Settings, "statistics">;
    readonly queues: Pick<QueueInsight, "list" | "oldestReadyAt">;
    readonly statistics: Pick<Statistics, "gather" | "readWritten">;
    readonly workers: Pick<Workers, "list">;
    readonly serving: Pick<Serving, "countReaders">;
    readonly outbox: Pick<OutboxOperations, "state">;
    /** How many take streams are open. */
    countStreams(): number;
  },
): Metrics {
  let gathering: Promise<readonly Metric[]> | undefined;

  /** For how long the ready job of a queue has been ready that was ready first, in ms; 0 if none is. */
  const ageOf = async (queue: string): Promise<number> => {
    const readyAt = await queues.oldestReadyAt(queue);
    return readyAt === undefined ? 0 : Math.max(0, clock.now() - readyAt);
  };

  /** How long a turn of the event loop and a commit take just now, in ms. */
  const probe = async () => {
    const startMs = clock.monotonic();
    await pause(clock);
    const turnedMs = clock.monotonic();
    await store.check();
    return { turnMs: turnedMs - startMs, commitMs: clock.monotonic() - turnedMs };
  };

  const countWorkers = async (): Promise<number> => {
    const since = clock.now() - livesMs;
    const page = await workers.list({ from: undefined, order: "desc", limit: mostQueues });
    return page.workers.filter(({ lastSeenAt }) => lastSeenAt >= since).length;
  };

  /** Where there is an outbox. */
  const describeOutbox = async (): Promise<Metric[]> => {
    const state = await outbox.state();
    if (state === undefined) return [];
    const { waiting, refused, oldestAt } = state;
    const ageMs = oldestAt === undefined ? 0 : Math.max(0, clock.now() - oldestAt);
    return [
      gauge(
        "outbox_waiting_jobs",
        `Jobs that applications have written to the outbox and that are no jobs yet, up to ${mostCounted}`,
        [{ value: waiting }],
      ),
      gauge("outbox_oldest_seconds", "How long the first of them has been there", [
        { value: ageMs / 1000 },
      ]),
      gauge(
        "outbox_refused_jobs",
        `Jobs of the outbox that were refused and are kept, up to ${mostCounted}`,
        [{ value: refused }],
      ),
    ];
  };

  const gather = async (): Promise<readonly Metric[]> => {
    const { turnMs, commitMs } = await probe();
    const { queues: found, more } = await queues.list({ from: undefined, limit: mostQueues });
    const day = dayOf(clock.now());
    const ages: Sample[] = [];
    const tallies: DayTally[] = [];
    const turns = createTurns(clock);
    if (settings.statistics) await statistics.gather();
    for (const { queue, ready } of found) {
      if (turns.isOver()) await turns.pause();
      const ageMs = ready === 0 ? 0 : await ageOf(queue);
      ages.push({ labels: queueLabels(queue), value: ageMs / 1000 });
      if (settings.statistics) tallies.push(await statistics.readWritten(queue, day));
    }
    const lived = await countWorkers();
    // The others have written who reads what, as they were asked for their workers.
    const readers = await serving.countReaders(found.map(({ queue }) => queue));
    return [
      gauge("build_info", "The version that runs", [{ labels: { version }, value: 1 }]),
      gauge("turn_seconds", "How long a turn of the event loop took just now", [
        { value: turnMs / 1000 },
      ]),
      gauge("commit_seconds", "How long a commit took just now", [{ value: commitMs / 1000 }]),
      gauge("take_streams", "Workers that have a take stream open", [{ value: countStreams() }]),
      gauge("workers", "Workers with a name that were seen in the last two minutes", [
        { value: lived },
      ]),
      ...await describeOutbox(),
      ...describeQueues(found),
      gauge("queue_oldest_ready_seconds", "How long the oldest ready job has been ready", ages),
      gauge(
        "queue_readers",
        "Take streams that read the queue, and workers that asked for its jobs in the last two minutes",
        found.map(({ queue }, at) => ({ labels: queueLabels(queue), value: readers[at]! })),
      ),
      gauge(
        "queues_left_out",
        `1 if there are more than ${mostQueues} queues, which are left out`,
        [
          { value: more ? 1 : 0 },
        ],
      ),
      ...tallies.length === 0 ? [] : describeTallies(tallies),
    ];
  };

  return {
    gather: () =>
      gathering ??= gather().finally(() => {
        gathering = undefined;
      }),
  };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: "gauge", help, samples };
}

function describeQueues(queues: readonly QueueDetails[]): Metric[] {
  const each = (read: (queue: QueueDetails) => number): Sample[] =>
    queues.map((queue) => ({ labels: queueLabels(queue.queue), value: read(queue) }));
  return [
    gauge(
      "jobs",
      "How many jobs a queue has of each status",
      queues.flatMap((queue) =>
        names.map(([status, member]) => ({
          labels: { ...queueLabels(queue.queue), status },
          value: queue[member],
        }))
      ),
    ),
    gauge(
      "queue_stalled_jobs",
      "Jobs in flight whose lease has ended",
      each(({ stalled }) => stalled),
    ),
    gauge("queue_paused", "1 if the queue is paused", each(({ paused }) => paused ? 1 : 0)),
  ];
}

/** They begin anew at midnight UTC, as a counter does whose program was started again. */
function describeTallies(tallies: readonly DayTally[]): Metric[] {
  const each = (read: (tally: DayTally) => number): Sample[] =>
    tallies.map((tally) => ({ labels: queueLabels(tally.queue), value: read(tally) }));
  const spans = (read: (tally: DayTally) => Distribution): Sample[] =>
    tallies.map((tally) => ({
      labels: queueLabels(tally.queue),
      histogram: toHistogram(read(tally)),
    }));
  return [
    {
      name: "wait_seconds",
      type: "histogram",
      help: "How long jobs had been ready when they were taken, today",
      samples: spans(({ waits }) => waits),
    },
    {
      name: "run_seconds",
      type: "histogram",
      help: "How long the runs took that succeeded today",
      samples: spans(({ runs }) => runs),
    },
    {
      name: "runs_retried_total",
      type: "counter",
      help: "Runs that failed today whose job was to run again",
      samples: each(({ retries }) => retries),
    },
    {
      name: "jobs_dead_total",
      type: "counter",
      help: "Jobs that died today",
      samples: each(({ failures }) => failures),
    },
    {
      name: "runs_cancelled_total",
      type: "counter",
      help: "Runs that ended today because their job was cancelled",
      samples: each(({ cancelled }) => cancelled),
    },
  ];
}

function toHistogram(spans: Distribution): Histogram {
  const { count, meanMs, histogram } = spans.show();
  let upTo = 0;
  let at = 0;
  const buckets = ends.map(([seconds, buckets]) => {
    for (; at < buckets; at++) upTo += histogram[at]!;
    return [seconds, upTo] as const;
  });
  return { buckets, count, sum: count * meanMs / 1000 };
}
