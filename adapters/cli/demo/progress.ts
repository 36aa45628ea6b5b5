/**
 * The progress of the demo: a bar on a terminal, a line a second elsewhere.
 *
 * @module
 */

/** Where progress is shown. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const barWidth = 30;

/** Shows the progress. */
export interface Progress {
  /** `done` of `total` jobs are completed, `elapsedMs` after the start. */
  show(done: number, total: number, elapsedMs: number): void;
  /** Prints a line that stays. */
  print(text: string): void;
  /** Removes the bar. */
  end(): void;
}

/** Creates a progress display. */
export function createProgress(screen: Screen): Progress {
  const clear = screen.isTTY ? "\r\u001b[K" : "";
  let nextLineMs = 1000;
  return {
    show(done, total, elapsedMs) {
      const status = `${count(done)} of ${count(total)} completed`;
      if (screen.isTTY) {
        const filled = total === 0 ? 0 : Math.round(done / total * barWidth);
        const bar = "█".repeat(filled).padEnd(barWidth, "░");
        screen.write(`${clear}${bar} ${status}`);
      } else if (elapsedMs >= nextLineMs) {
        nextLineMs = elapsedMs + 1000;
        screen.write(`${seconds(elapsedMs)} s: ${status}\n`);
      }
    },
    print: (text) => void screen.write(`${clear}${text}\n`),
    end: () => void screen.write(clear),
  };
}

/** 12345 as `12,345`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Milliseconds as seconds with one decimal. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
