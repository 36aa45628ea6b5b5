/**
 * Lines over time, as SVG: the style sheet gives the colours of both themes, and nothing has to be drawn anew for them. A library
 * for charts was a third of all that browsers load.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { ticks } from "../format.ts";

export interface Line {
  readonly label: string;
  /** The name of a colour of the style sheet. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

/** In pixels; the style sheet keeps the room, so that nothing jumps. */
const height = 170;
const [left, right, top, bottom] = [52, 16, 8, 26];

/** Room for a label of an instant, and of a value, in pixels. */
const [instantRoom, valueRoom] = [90, 40];

/** A round number of which a few reach to the largest value. */
function stepTo(most: number, steps: number): number {
  const least = most / steps;
  const size = 10 ** Math.floor(Math.log10(least));
  return size * ([1, 2, 5].find((times) => times * size >= least) ?? 10);
}

/** A line through what is known, with gaps where nothing is. */
function toPath(
  values: readonly (number | null)[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let isOn = false;
  for (const [at, value] of values.entries()) {
    if (value !== null) path += `${isOn ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    isOn = value !== null;
  }
  return path;
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
  const [width, setWidth] = useState(0);
  const [pointed, setPointed] = useState<number>();
  useEffect(() => {
    const element = box.current!;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const most = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const step = stepTo(most || 1, Math.floor((height - top - bottom) / valueRoom));
  const end = Math.max(step, Math.ceil(most / step) * step);
  const last = times.length - 1;
  const at = pointed === undefined || pointed > last ? last : pointed;
  const x = (index: number) => left + index / Math.max(1, last) * (width - left - right);
  const y = (value: number) => height - bottom - value / end * (height - top - bottom);
  const every = Math.max(1, Math.ceil(times.length * instantRoom / Math.max(1, width - left)));
  const first = times.length < 3 ? 0 : Math.floor(every / 2);
  const marks = times.flatMap((_, index) =>
    index % every === first % every && x(index) < width - instantRoom / 2 || times.length < 3
      ? [index]
      : []
  );
  const names = ticks(marks.map((index) => times[index]!));
  const clock = at < 0
    ? ""
    : ticks([times[at]!, times[at]! + (times[1] ?? 0) - (times[0] ?? 0)])[0];
  const told = lines.map(({ label, values }) => `${label} ${format(values[last] ?? 0)}`).join(", ");

  return (
    <figure class="chart">
      <figcaption>{label}</figcaption>
      <div class="plot" ref={box} role="img" aria-label={`${label}: now ${told}`}>
        {width > 0 && (
          <svg
            width={width}
            height={height}
            onPointerMove={(event) => {
              const { left: from } = event.currentTarget.getBoundingClientRect();
              const share = (event.clientX - from - left) / (width - left - right);
              setPointed(Math.min(last, Math.max(0, Math.round(share * last))));
            }}
            onPointerLeave={() => setPointed(undefined)}
          >
            {Array.from({ length: Math.round(end / step) + 1 }, (_, index) => (
              <g key={index}>
                <line
                  class="grid"
                  x1={left}
                  x2={width - right}
                  y1={y(index * step)}
                  y2={y(index * step)}
                />
                <text x={left - 8} y={y(index * step)} dy="0.32em" text-anchor="end">
                  {format(index * step)}
                </text>
              </g>
            ))}
            {marks.map((index, order) => (
              <text
                key={index}
                x={x(index)}
                y={height - 6}
                text-anchor={x(index) > width - 40 ? "end" : "middle"}
              >
                {names[order]}
              </text>
            ))}
            {lines.map(({ label, color, values }) => {
              const path = toPath(values, x, y);
              return (
                <g key={label} style={{ color: `var(--${color})` }}>
                  {values.every((value) => value !== null) && last > 0 && (
                    <path class="area" d={`${path}L${x(last)} ${y(0)}L${x(0)} ${y(0)}Z`} />
                  )}
                  <path class="line" d={path} />
                  {(pointed !== undefined || times.length < 3) && values[at] != null && (
                    <circle cx={x(at)} cy={y(values[at])} r={3.5} />
                  )}
                </g>
              );
            })}
            {pointed !== undefined && (
              <line class="pointer" x1={x(at)} x2={x(at)} y1={top} y2={height - bottom} />
            )}
          </svg>
        )}
      </div>
      <ul class="legend" aria-hidden="true">
        {lines.map(({ label, color, values }) => {
          const value = values[at];
          return (
            <li key={label}>
              <i style={{ background: `var(--${color})` }} />
              {label} <b>{value == null ? "–" : format(value)}</b>
            </li>
          );
        })}
        <li class="clock">{pointed === undefined ? "" : clock}</li>
      </ul>
    </figure>
  );
}
