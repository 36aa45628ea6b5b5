/**
 * How jobs fare over an hour, a day or a month: `GET /stats`.
 *
 * @module
 */

import * as v from "valibot";
import { invalid, quote, readList, readParams } from "./query.ts";
import { readAs, text, u64 } from "./schema.ts";

/** The widths that can be asked for. */
export type FlowWidth = "hour" | "day" | "month";

const widths: readonly FlowWidth[] = ["hour", "day", "month"];

/** What `GET /stats` asks for. */
export interface FlowQuery {
  readonly over: FlowWidth;
  /** Undefined for all. */
  readonly queues: readonly string[] | undefined;
  /** Undefined for all. */
  readonly types: readonly string[] | undefined;
  /** What the sums are by; undefined for none. */
  readonly by: "queue" | "type" | undefined;
}

/** So many queues or types can be named. */
const mostNames = 100;

/** Reads the query string of `GET /stats`. Throws `QueryError`. */
export function readFlowQuery(search: string): FlowQuery {
  const params = readParams(search, ["over", "queue", "type", "by"]);
  const over = params.get("over") ?? "hour";
  if (!isWidth(over)) {
    throw invalid(`'over' must be one of ${widths.join(", ")}, got ${quote(over)}`);
  }
  const by = params.get("by");
  if (by !== undefined && by !== "queue" && by !== "type") {
    throw invalid(`'by' must be one of queue, type, got ${quote(by)}`);
  }
  const [queues, types] = ["queue", "type"].map((param) => {
    const names = readList(params.get(param));
    if (names === undefined || names.length <= mostNames) return names;
    throw invalid(`'${param}' must name ${mostNames} at most, got ${names.length}`);
  });
  return { over, queues, types, by };
}

function isWidth(text: string): text is FlowWidth {
  return (widths as readonly string[]).includes(text);
}

/** How long things took, in ms. */
export interface FlowSpans {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** What was counted. */
export interface FlowFigures {
  readonly enqueued: number;
  readonly completed: number;
  readonly retries: number;
  readonly failures: number;
  readonly cancelled: number;
  /** Undefined if there was none. */
  readonly wait: FlowSpans | undefined;
  /** Undefined if there was none. */
  readonly run: FlowSpans | undefined;
  /** How long the oldest ready job had been ready, the longest that was seen, in ms; undefined if none was. */
  readonly oldestMs: number | undefined;
}

/** What was counted of one queue or type. */
export interface FlowGroup extends FlowFigures {
  /** Undefined for the types that are not counted by themselves. */
  readonly name: string | undefined;
  /** How many runs ended in each span of time, in the order of the points. */
  readonly ended: readonly number[];
}

/** How jobs fared. */
export interface FlowStats {
  readonly over: FlowWidth;
  /** How long each span of time is, in ms. */
  readonly stepMs: number;
  /** When each span of time begins, in ms since the epoch, and what was counted in it. */
  readonly points: readonly (FlowFigures & { readonly at: number })[];
  /** What was counted in all. */
  readonly total: FlowFigures;
  /** The busiest first; undefined if they were not asked for. */
  readonly groups: readonly FlowGroup[] | undefined;
  /** Whether there are groups that were left out. */
  readonly more: boolean;
}

/** How the jobs of a queue fared. */
export interface QueueFlow {
  readonly queue: string;
  /** How many runs succeeded. */
  readonly completed: number;
  /** So many ms took all but one of twenty of them at most; undefined if there was none. */
  readonly runP95Ms: number | undefined;
}

const queueFlowSchema: v.GenericSchema<unknown, readonly QueueFlow[]> = v.pipe(
  v.object({
    groups: v.array(
      v.object({
        queue: text,
        completed: u64,
        run: v.nullable(v.object({ p95_ms: v.number("a number") }, "an object")),
      }, "an object"),
      "a list",
    ),
  }, "an object"),
  v.transform(({ groups }) =>
    groups.map(({ queue, completed, run }) => ({ queue, completed, runP95Ms: run?.p95_ms }))
  ),
);

/** Reads the answer of `GET /stats` by queues. */
export function readQueueFlow(value: unknown): readonly QueueFlow[] {
  return readAs(queueFlowSchema, value);
}

/** Writes the answer of `GET /stats`. */
export function toFlowWire(
  { over, stepMs, points, total, groups, more }: FlowStats,
  by: FlowQuery["by"],
): object {
  return {
    over,
    step_ms: stepMs,
    points: points.map(({ at, ...figures }) => ({ at, ...toFiguresWire(figures) })),
    total: toFiguresWire(total),
    ...by !== undefined && groups !== undefined && {
      groups: groups.map(({ name, ended, ...figures }) => ({
        [by]: name ?? null,
        ...toFiguresWire(figures),
        ended,
      })),
      more,
    },
  };
}

function toFiguresWire(figures: FlowFigures): object {
  const { enqueued, completed, retries, failures, cancelled, wait, run, oldestMs } = figures;
  return {
    enqueued,
    completed,
    retries,
    failures,
    cancelled,
    wait: toSpansWire(wait),
    run: toSpansWire(run),
    oldest_ms: oldestMs ?? null,
  };
}

function toSpansWire(spans: FlowSpans | undefined): object | null {
  if (spans === undefined) return null;
  const { count, meanMs, p50Ms, p95Ms, p99Ms } = spans;
  return { count, mean_ms: meanMs, p50_ms: p50Ms, p95_ms: p95Ms, p99_ms: p99Ms };
}
