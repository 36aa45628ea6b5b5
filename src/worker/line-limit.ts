/**
 * Keeps a storm from flooding a log: of lines of one kind, so many are written in a time, and then one that says how many
 * were not.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";

/** What a limit is made of. */
export interface LineLimitOptions {
  readonly clock: Clock;
  /** How many lines of a kind are written in one window. */
  readonly most: number;
  /** How long a window is, in ms, from the first line in it. */
  readonly windowMs: number;
  /** Writes how many lines of a kind were not written, and of which subjects most. */
  hidden(kind: string, count: number, subjects: string): void;
}

/** A limit of lines. */
export interface LineLimit {
  /** Whether a line may be written; if not, it is counted for its subject. */
  allows(kind: string, subject: string): boolean;
  /** Says at once what was hidden. */
  flush(): void;
}

/** One kind in its present window. */
interface Window {
  readonly startedAt: number;
  shown: number;
  readonly hidden: Map<string, number>;
  disarm: () => void;
}

/** How many subjects are named, and counted each on its own. */
const mostSubjects = 5;
const mostCounted = 100;

/** Creates a limit. It has a timer only while lines are hidden. */
export function createLineLimit({ clock, most, windowMs, hidden }: LineLimitOptions): LineLimit {
  const windows = new Map<string, Window>();

  const close = (kind: string, { hidden: subjects, disarm }: Window) => {
    windows.delete(kind);
    disarm();
    if (subjects.size === 0) return;
    const counts = [...subjects].sort(([, a], [, b]) => b - a);
    const count = counts.reduce((sum, [, many]) => sum + many, 0);
    const named = counts.slice(0, mostSubjects).map(([subject, many]) => `${subject} ${many}`);
    hidden(kind, count, named.join(", "));
  };

  return {
    allows(kind, subject) {
      const now = clock.monotonic();
      let window = windows.get(kind);
      if (
        window === undefined || (now - window.startedAt >= windowMs && window.hidden.size === 0)
      ) {
        window = { startedAt: now, shown: 0, hidden: new Map(), disarm: () => {} };
        windows.set(kind, window);
      }
      if (window.shown < most) {
        window.shown++;
        return true;
      }
      const opened = window;
      if (opened.hidden.size === 0) {
        const restMs = opened.startedAt + windowMs - now;
        opened.disarm = clock.setTimer(() => close(kind, opened), restMs);
      }
      const name = opened.hidden.size < mostCounted ? subject : "others";
      opened.hidden.set(name, (opened.hidden.get(name) ?? 0) + 1);
      return false;
    },
    flush() {
      for (const [kind, window] of [...windows]) close(kind, window);
    },
  };
}
