/** Lines over time. */

import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { theme } from "../state.ts";

export interface Line {
  readonly label: string;
  /** The name of a colour of the style sheet. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

/**
 * @param times In seconds since the epoch.
 * @param format Writes a value.
 */
export function Chart(
  { label, times, lines, format }: {
    readonly label: string;
    readonly times: readonly number[];
    readonly lines: readonly Line[];
    readonly format: (value: number) => string;
  },
) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const data = [times, ...lines.map(({ values }) => values)] as unknown as UPlot.AlignedData;
  useEffect(() => {
    const element = box.current!;
    const colors = getComputedStyle(document.documentElement);
    const color = (name: string) => colors.getPropertyValue(`--${name}`).trim();
    const axis: UPlot.Axis = {
      stroke: color("faint"),
      grid: { stroke: color("line"), width: 1 },
      ticks: { stroke: color("line"), width: 1 },
    };
    const own = new UPlot(
      {
        width: element.clientWidth || 300,
        height: 180,
        cursor: { y: false },
        legend: { live: true },
        scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [axis, { ...axis, size: 64, values: (_plot, ticks) => ticks.map(format) }],
        series: [
          {},
          ...lines.map(({ label, color: name }) => ({
            label,
            stroke: color(name),
            width: 2,
            points: { show: times.length < 3 },
            value: (_plot: UPlot, value: number | null) => value === null ? "–" : format(value),
          })),
        ],
      },
      data,
      element,
    );
    plot.current = own;
    const watch = new ResizeObserver(() =>
      own.setSize({ width: element.clientWidth, height: 180 })
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      own.destroy();
    };
  }, [theme.value, lines.map(({ label }) => label).join()]);
  useEffect(() => plot.current?.setData(data), [data]);
  const last = lines.map(({ label, values }) => `${label} ${format(values.at(-1) ?? 0)}`).join(
    ", ",
  );
  return (
    <figure class="chart">
      <figcaption>{label}</figcaption>
      <div ref={box} role="img" aria-label={`${label}: now ${last}`} />
    </figure>
  );
}
