/**
 * How many jobs came, succeeded and failed in each of the last seconds.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";

/** A second since the epoch, and what was counted in it. */
export type FlowRow = [second: number, enqueued: number, succeeded: number, failed: number];

/** Counts, as pages are told of them. */
export interface FlowNews {
  /** The second it is. */
  readonly now: number;
  /** The second since which all was counted. */
  readonly since: number;
  /** Those in which something happened; they replace what was told of the same second. */
  readonly rows: readonly Readonly<FlowRow>[];
}

/** Counts events. */
export interface Flow {
  /** Counts from now on, unless it does. */
  begin(): void;
  /** Counts an event. */
  add(event: string, at: number): void;
  /** Something was missed: counts anew. */
  forget(): void;
  /** All that is kept. */
  all(): FlowNews;
  /** What has changed since it was asked last. */
  takeNews(): FlowNews;
}

/** Seconds that are kept. */
const mostSeconds = 300;

/** Where events are counted, by their kind. */
const columns: Readonly<Record<string, 1 | 2 | 3>> = {
  enqueued: 1,
  put: 1,
  succeeded: 2,
  failed: 3,
  died: 3,
};

/** Creates counts. */
export function createFlow(clock: Clock): Flow {
  const rows = new Map<number, FlowRow>();
  const changed = new Set<number>();
  let since: number | undefined;
  const now = () => Math.floor(clock.now() / 1000);

  const news = (told: Iterable<Readonly<FlowRow>>): FlowNews => {
    const second = now();
    return { now: second, since: Math.max(since ?? second, second - mostSeconds), rows: [...told] };
  };

  return {
    begin: () => since ??= now(),
    add(event, at) {
      const column = columns[event];
      if (column === undefined) return;
      const second = Math.floor(at / 1000);
      let row = rows.get(second);
      if (row === undefined) {
        rows.set(second, row = [second, 0, 0, 0]);
        for (const old of rows.keys()) if (old < second - mostSeconds) rows.delete(old);
      }
      row[column]++;
      changed.add(second);
    },
    forget() {
      rows.clear();
      changed.clear();
      since = now();
    },
    all: () => news(rows.values()),
    takeNews() {
      const told = [...rows.values()].filter(([second]) => changed.has(second));
      changed.clear();
      return news(told);
    },
  };
}
