/**
 * The table of a comparison, and what in it is too slow.
 *
 * @module
 */

import {
  type Comparison,
  geometricMean,
  judge,
  type Pair,
  type Spread,
  type Verdict,
} from "./ratios.ts";
import type { RuntimeName } from "./runtimes.ts";
import type { ComparedSetting } from "./settings.ts";

/** A figure of one runtime and setting, over all rounds. */
export interface ComparedFigure extends Comparison {
  readonly runtime: RuntimeName;
  readonly setting: ComparedSetting;
  readonly figure: string;
  readonly pairs: readonly Pair[];
}

/** Prints a line for each figure, and the means. */
export function printFigures(figures: readonly ComparedFigure[]): void {
  const ratio = " ratio ±error (quartiles)".padEnd(27);
  console.log(
    `${"".padEnd(48)}${"this, other /s".padStart(19)}${ratio}${
      "CPU µs a job".padStart(17)
    }${ratio}`,
  );
  for (const { runtime, setting, figure, rate, cpu } of figures) {
    const name = `${runtime.padEnd(6)}${setting.padEnd(16)}${figure.padEnd(26)}`;
    const rates = [rate.ours, rate.theirs].map((value) => Math.round(value).toLocaleString("en"));
    const costs = [cpu.ours, cpu.theirs].map((value) => value.toFixed(1));
    console.log(
      `${name}${showBoth(rates, 9)}${showSpread(rate.ratio)}${showBoth(costs, 8)}${
        showSpread(cpu.ratio)
      }`,
    );
  }
  console.log(`\nAll figures: ${showMeans(figures)}`);
  for (const runtime of new Set(figures.map(({ runtime }) => runtime))) {
    const some = figures.filter((figure) => figure.runtime === runtime);
    console.log(`${`${runtime}:`.padEnd(13)}${showMeans(some)}`);
  }
}

/** The figures of which the floor says this, each as a line. */
export function findVerdicts(
  figures: readonly ComparedFigure[],
  floor: number,
  verdict: Verdict,
): string[] {
  return figures.flatMap(({ runtime, setting, figure, rate, cpu }) =>
    Object.entries({ speed: rate, CPU: cpu })
      .filter(([, { ratio }]) => judge(ratio, floor) === verdict)
      .map(([kind, { ratio }]) => `${runtime}, ${setting}, ${figure}: ${kind}${showSpread(ratio)}`)
  );
}

function showBoth([ours, theirs]: readonly string[], width: number): string {
  return `${ours!.padStart(width)} ${theirs!.padStart(width)}`;
}

function showSpread({ median, low, high, error }: Spread): string {
  const [middle, off] = [median, error].map((value) => value.toFixed(3));
  return ` ${middle} ±${off} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function showMeans(figures: readonly Comparison[]): string {
  const rate = geometricMean(figures.map(({ rate }) => rate.ratio.median));
  const cpu = geometricMean(figures.map(({ cpu }) => cpu.ratio.median));
  return `speed ${rate.toFixed(3)}, CPU ${cpu.toFixed(3)} (geometric means of the ratios)`;
}
