/**
 * Lines over time, as SVG: the style sheet gives the colours of both themes, and nothing has to be drawn anew for them. A library
 * for charts was a third of all that browsers load.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { stepTo, tellStep } from "../axis.ts";
import { compact, span, ticks } from "../format.ts";

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

/** Where a value stands alone, which a line does not show. */
function listAlone(values: readonly (number | null)[]): number[] {
  return values.flatMap((value, at) =>
    value !== null && (values[at - 1] ?? values[at + 1] ?? null) === null ? [at] : []
  );
}

/** Lines on top of each other: each begins where the one before ends. */
function stack(lines: readonly Line[]): Line[] {
  const sums: number[] = [];
  return lines.map((line) => ({
    ...line,
    values: line.values.map((value, at) => sums[at] = (sums[at] ?? 0) + (value ?? 0)),
  }));
}

/** The keys that lead along the axis, and how far. */
const moves: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -10,
  PageDown: 10,
  Home: -Infinity,
  End: Infinity,
};

/**
 * @param times In seconds since the epoch.
 * @param isSpan Whether values are times in ms.
 * @param isStacked Whether the lines add up.
 * @param tell Writes an instant in full, where one is pointed at; it has a line of its own then.
 */
export function Chart(
  { label, times, lines, isSpan = false, isStacked = false, tell }: {
    readonly label: string;
    readonly times: readonly number[];
    readonly lines: readonly Line[];
    readonly isSpan?: boolean;
    readonly isStacked?: boolean;
    readonly tell?: (at: number) => string;
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

  const drawn = isStacked ? stack(lines) : lines;
  const most = Math.max(0, ...drawn.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const step = stepTo(most || 1, Math.floor((height - top - bottom) / valueRoom), isSpan);
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
  const clock = at < 0 ? "" : tell?.(times[at]! * 1000) ??
    ticks([times[at]!, times[at]! + (times[1] ?? 0) - (times[0] ?? 0)])[0];
  const valueOf = (value: number | null | undefined) =>
    value == null ? "–" : isSpan ? span(value) : compact(value);
  const told = lines.map(({ label, values }) => `${label} ${valueOf(values[at])}`).join(", ");
  const point = (index: number) => setPointed(Math.min(last, Math.max(0, index)));

  return (
    <figure class="chart">
      <figcaption>{label}</figcaption>
      <div
        class="plot"
        ref={box}
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={Math.max(0, at)}
        aria-valuetext={`${clock}: ${told}`}
        onKeyDown={(event) => {
          const move = moves[event.key];
          if (move === undefined || last < 0) return;
          event.preventDefault();
          point(at + move);
        }}
        onBlur={() => setPointed(undefined)}
      >
        {width > 0 && (
          <svg
            width={width}
            height={height}
            onPointerMove={(event) => {
              const { left: from } = event.currentTarget.getBoundingClientRect();
              const share = (event.clientX - from - left) / (width - left - right);
              point(Math.round(share * last));
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
                  {tellStep(index * step, isSpan)}
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
            {drawn.map(({ label, color, values }, order) => {
              const path = toPath(values, x, y);
              const below = isStacked && order > 0 ? drawn[order - 1]!.values : [];
              const floor = times.map((_, index) =>
                `L${x(last - index)} ${y(below[last - index] ?? 0)}`
              );
              return (
                <g key={label} style={{ color: `var(--${color})` }}>
                  {values.every((value) => value !== null) && last > 0 && (
                    <path
                      class={isStacked ? "area full" : "area"}
                      d={`${path}${floor.join("")}Z`}
                    />
                  )}
                  {!isStacked && <path class="line" d={path} />}
                  {listAlone(values).map((index) => (
                    <circle key={index} cx={x(index)} cy={y(values[index]!)} r={2.5} />
                  ))}
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
        {lines.map(({ label, color, values }) => (
          <li key={label}>
            <i style={{ background: `var(--${color})` }} />
            {label} <b>{valueOf(values[at])}</b>
          </li>
        ))}
        {tell === undefined && <li class="clock">{pointed === undefined ? "" : clock}</li>}
      </ul>
      {tell && <p class="instant" aria-hidden="true">{pointed === undefined ? "" : clock}</p>}
    </figure>
  );
}
