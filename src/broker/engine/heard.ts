/**
 * What a broker heard of others, put together.
 *
 * @module
 */

import type { CancelNotice } from "../../protocol/frames-control.ts";
import type { WorkerStatement } from "../../protocol/worker-statement.ts";
import { comparePositions, type Position } from "../../store/backlog.ts";
import type {
  BudgetsChange,
  ConfigChange,
  JobsChange,
  QueuesChange,
  ReadyJob,
} from "../../store/changes.ts";
import { toEndedChange } from "./awaited.ts";
import type { NewsItem } from "./news-text.ts";
import type { PartCollector } from "./statement-parts.ts";

/** Work that waits for a time, and that every broker may do. */
export type SharedWork = "promotion" | "crons" | "leases" | "cancellations" | "settling" | "outbox";

/** A setting, a queue or a budget is another one now. */
export type SharedChange = ConfigChange | QueuesChange | BudgetsChange;

/** Jobs that may have become ready in a queue. */
export interface ReadyNews {
  readonly count: number;
  /** The first of them; undefined if nobody knows. */
  readonly first: Position | undefined;
}

/** What was heard of other brokers. */
export interface Heard {
  /** How many jobs may have become ready, and where the first of them is, by queues. */
  readonly ready: ReadonlyMap<string, ReadyNews>;
  /** Jobs that draw on budgets and became ready; the first of each backlog is enough. */
  readonly budgeted: readonly Pick<ReadyJob, "queue" | "budgets" | "priority" | "seq">[];
  /** Jobs that may be in flight no more, or be somebody else's. */
  readonly left: readonly string[];
  /** Those of them that were taken from who had them. */
  readonly lost: ReadonlySet<string>;
  readonly cancel: readonly CancelNotice[];
  /** When there is work, in ms since the epoch. */
  readonly due: ReadonlyMap<SharedWork, number>;
  readonly changes: readonly SharedChange[];
  /** Jobs that somebody here may wait for, and what became of them. */
  readonly ended: readonly JobsChange[];
  /** What workers said, by their runs. */
  readonly said: readonly (readonly [run: string, statement: WorkerStatement])[];
  /** Runs of workers that have a stream elsewhere, since an instant in ms since the epoch. */
  readonly runs: readonly (readonly [run: string, at: number])[];
  /** Whether events were written down. */
  readonly hasLogged: boolean;
  /** Whether there is room again in the limit that all brokers share. */
  readonly hasRoom: boolean;
  /** The highest key of a job that was stored; 0 if none was. */
  readonly seq: number;
}

/** Adds jobs of a queue to what is known. */
export function addReady(
  ready: Map<string, ReadyNews>,
  queue: string,
  { count, first }: ReadyNews,
): void {
  const known = ready.get(queue);
  if (known === undefined) return void ready.set(queue, { count, first });
  const isSure = known.first !== undefined && first !== undefined;
  ready.set(queue, {
    count: known.count + count,
    first: !isSure ? undefined : comparePositions(first, known.first) < 0 ? first : known.first,
  });
}

/** Puts what was told together. */
export function toHeard(
  { from, items }: { readonly from: string; readonly items: readonly NewsItem[] },
  parts: PartCollector,
): Heard {
  const ended: JobsChange[] = [];
  const said: [string, WorkerStatement][] = [];
  const ready = new Map<string, ReadyNews>();
  const runs: [string, number][] = [];
  let seq = 0;
  let hasRoom = false;
  let hasLogged = false;
  const budgeted: Heard["budgeted"][number][] = [];
  const left: string[] = [];
  const lost = new Set<string>();
  const cancel: CancelNotice[] = [];
  const due = new Map<SharedWork, number>();
  const changes: SharedChange[] = [];
  for (const item of items) {
    if (item[0] === "ready") {
      const [, queue, count, priority, seq] = item;
      const first = priority === undefined || seq === undefined ? undefined : { priority, seq };
      addReady(ready, queue, { count, first });
    } else if (item[0] === "budgeted") {
      const [, queue, budgets, priority, seq] = item;
      budgeted.push({ queue, budgets, priority, seq });
    } else if (item[0] === "left" || item[0] === "lost") {
      left.push(item[1]);
      if (item[0] === "lost") lost.add(item[1]);
    } else if (item[0] === "cancel") cancel.push({ id: item[1], reason: item[2] });
    else if (item[0] === "due") due.set(item[1] as SharedWork, item[2]);
    else if (item[0] === "change") changes.push(item[1] as SharedChange);
    else if (item[0] === "ended") ended.push(toEndedChange(item[1]));
    else if (item[0] === "run") runs.push([item[1], item[2]]);
    else if (item[0] === "room") hasRoom = true;
    else if (item[0] === "logged") hasLogged = true;
    else if (item[0] === "seq") seq = Math.max(seq, item[1]);
    else if (item[0] === "said") {
      const statement = parts.add(from, item);
      if (statement !== undefined) said.push([item[1], statement]);
    }
  }
  return {
    ready,
    budgeted,
    left,
    lost,
    cancel,
    due,
    changes,
    ended,
    said,
    runs,
    seq,
    hasRoom,
    hasLogged,
  };
}
