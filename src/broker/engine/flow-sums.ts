/**
 * Sums of rows that tell how jobs fared: by instants, and by queues or types.
 *
 * @module
 */

import type { FlowFigures, FlowQuery, FlowStats } from "../../protocol/flow-stats.ts";
import { createFlowCounts, type FlowCounts, flowSteps, mergeFlow } from "../../store/flow.ts";
import { addRow, type FlowRow } from "../../store/flow-table.ts";

/** So many queues or types are told of. */
const mostTold = 200;

/** So many are summed up at all, so that names without end do not fill the memory. */
const mostSummed = 2000;

/** Sums up rows. */
export interface FlowSums {
  /** The width of the rows that are to be added, in ms. */
  readonly stepMs: number;
  /** The first instant that is wanted, in ms since the epoch. */
  readonly from: number;
  /** The first that is not. */
  readonly to: number;
  /** Adds rows. */
  add(rows: readonly FlowRow[]): void;
  /** Tells what came of it. */
  tell(): FlowStats;
}

/** What is summed up of a queue or a type. */
interface Group extends FlowCounts {
  readonly name: string;
  readonly ended: number[];
}

/** Creates sums of nothing, for what is asked at `now`, in ms since the epoch. */
export function createFlowSums({ over, queues, types, by }: FlowQuery, now: number): FlowSums {
  const { ms: stepMs, points: count } = flowSteps[over];
  const to = now - now % stepMs + stepMs;
  const from = to - count * stepMs;
  const points = Array.from({ length: count }, createFlowCounts);
  const groups = new Map<string, Group>();
  const wanted = types && new Set(types);
  const isFiltered = queues !== undefined || types !== undefined;
  let more = false;

  const groupOf = (name: string): Group | undefined => {
    let group = groups.get(name);
    if (group === undefined) {
      if (groups.size >= mostSummed) {
        more = true;
        return undefined;
      }
      group = { name, ended: new Array<number>(count).fill(0), ...createFlowCounts() };
      groups.set(name, group);
    }
    return group;
  };

  return {
    stepMs,
    from,
    to,
    add(rows) {
      for (const row of rows) {
        const isAll = row.queue === "";
        if (wanted !== undefined && !wanted.has(row.type)) continue;
        const at = (row.at - from) / stepMs;
        if (isAll || isFiltered) addRow(points[at]!, row);
        // A queue has its age beside the types that have no rows of their own.
        if (isAll || by === undefined || by === "type" && row.age >= 0 && isEmpty(row)) continue;
        const group = groupOf(row[by]);
        if (group === undefined) continue;
        addRow(group, row);
        if (by === "type") group.age = -1;
        group.ended[at]! += endedOf(row);
      }
    },
    tell() {
      const total = createFlowCounts();
      for (const point of points) mergeFlow(total, point);
      const ordered = [...groups.values()].sort((a, b) =>
        endedOf(b) - endedOf(a) || b.enqueued - a.enqueued || (a.name < b.name ? -1 : 1)
      );
      return {
        over,
        stepMs,
        points: points.map((counts, at) => ({ at: from + at * stepMs, ...toFigures(counts) })),
        total: toFigures(total),
        groups: by && ordered.slice(0, mostTold).map((group) => ({
          name: group.name === "" ? undefined : group.name,
          ended: group.ended,
          ...toFigures(group),
        })),
        more: more || ordered.length > mostTold,
      };
    },
  };
}

/** How many runs ended, well or badly. */
function endedOf(
  { completed, retries, failures, cancelled }: Omit<FlowCounts, "waits" | "runs">,
): number {
  return completed + retries + failures + cancelled;
}

/** Whether a row counts nothing. */
function isEmpty(row: FlowRow): boolean {
  return endedOf(row) + row.enqueued === 0 && row.waits === "";
}

function toFigures(counts: FlowCounts): FlowFigures {
  const { enqueued, completed, retries, failures, cancelled, waits, runs, age } = counts;
  return {
    enqueued,
    completed,
    retries,
    failures,
    cancelled,
    wait: waits.show(),
    run: runs.show(),
    oldestMs: age < 0 ? undefined : age,
  };
}
