/** Lines over time. */

import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { ticks } from "../format.ts";
import { theme } from "../state.ts";

export interface Line {
  readonly label: string;
  /** The name of a colour of the style sheet. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

/** In pixels; the style sheet keeps the room, so that nothing jumps. */
const height = 170;

/** A colour of the style sheet as it is now: some are one thing in the light and another in the dark. */
function colorOf(element: HTMLElement, name: string, part = 1): string {
  element.style.color = part === 1
    ? `var(--${name})`
    : `color-mix(in srgb, var(--${name}) ${part * 100}%, transparent)`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}

/** From one instant to the next, in s. */
const stepOf = ([first = 0, second = first + 1]: readonly number[]): number => second - first;

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
    const colors = lines.map(({ color }) => colorOf(element, color));
    const axis: UPlot.Axis = {
      stroke: colorOf(element, "faint"),
      font: "12px system-ui, sans-serif",
      grid: { stroke: colorOf(element, "line"), width: 1 },
      ticks: { show: false },
      gap: 6,
    };
    const own = new UPlot(
      {
        width: element.clientWidth || 300,
        height,
        padding: [8, 28, 0, 0],
        cursor: { y: false, points: { size: 7 } },
        legend: { markers: { width: 0, fill: (_plot, at) => colors[at - 1] ?? "" } },
        scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [
          { ...axis, size: 28, space: 90, grid: { show: false }, values: (_plot, at) => ticks(at) },
          { ...axis, size: 52, space: 36, values: (_plot, at) => at.map(format) },
        ],
        series: [
          {
            label: "",
            value: (_plot, at) => at == null ? "" : ticks([at, at + stepOf(times)])[0]!,
          },
          ...lines.map(({ label, color: name }, at) => ({
            label,
            stroke: colors[at]!,
            fill: colorOf(element, name, 0.08),
            width: 1.75,
            points: { show: times.length < 3 },
            value: (_plot: UPlot, value: number | null) => value == null ? "–" : format(value),
          })),
        ],
      },
      data,
      element,
    );
    plot.current = own;
    const watch = new ResizeObserver(() => own.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      own.destroy();
    };
  }, [theme.value, lines.map(({ label }) => label).join()]);
  useEffect(() => {
    const own = plot.current;
    if (own === null) return;
    own.setData(data);
    // Where nobody points at one, the last values stand.
    if (own.cursor.idx == null) own.setLegend({ idx: times.length - 1 }, false);
  }, [data]);
  const last = lines.map(({ label, values }) => `${label} ${format(values.at(-1) ?? 0)}`).join(
    ", ",
  );
  return (
    <figure class="chart">
      <figcaption>{label}</figcaption>
      <div class="plot" ref={box} role="img" aria-label={`${label}: now ${last}`} />
    </figure>
  );
}
