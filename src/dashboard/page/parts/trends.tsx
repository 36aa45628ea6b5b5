/** How jobs fared over an hour, a day or a month: of all queues, or of one and its types. */

import { useRef, useState } from "preact/hooks";
import { CallError, withQuery } from "../api.ts";
import { count, exact, many, moment, span } from "../format.ts";
import { useLive } from "../live.ts";
import type { FlowFigures, FlowSpans, FlowStats, FlowType } from "../model.ts";
import { go, link, place } from "../state.ts";
import { Chart } from "./chart.tsx";
import { Empty, Shown, Table, Text, Time } from "./small.tsx";

/** What can be looked at, and what a point of it is. */
const widths = {
  hour: ["Hour", "a minute"],
  day: ["Day", "in 15 min"],
  month: ["Month", "in 6 h"],
} as const;

/** In which order types are listed. */
const orders = {
  failing: ["Most failing", (of: FlowFigures) => [of.failures, of.retries, slowness(of)]],
  slow: ["Slowest", (of: FlowFigures) => [slowness(of), of.failures]],
} as const;

const slowness = ({ run }: FlowFigures) => run?.p95_ms ?? 0;

/** How often the charts are loaded anew, in ms. */
const restMs = 5000;

/** Goes to the same place with another value in its query. */
function turn(name: string, value: string): void {
  const { segments, query } = place.value;
  go(segments, { ...Object.fromEntries(query), [name]: value });
}

/** One of several that stand in the address. */
function Switch<Name extends string>(
  { name, label, values, chosen }: {
    readonly name: string;
    readonly label: string;
    readonly values: Readonly<Record<Name, readonly [label: string, ...unknown[]]>>;
    readonly chosen: Name;
  },
) {
  return (
    <div class="row" role="group" aria-label={label}>
      {(Object.keys(values) as Name[]).map((value) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === chosen}
          onClick={() => turn(name, value)}
        >
          {values[value][0]}
        </button>
      ))}
    </div>
  );
}

/** The value of a parameter of the address that is one of some; else the first of them. */
function choose<Name extends string>(name: string, values: Readonly<Record<Name, unknown>>): Name {
  const asked = place.value.query.get(name);
  const names = Object.keys(values) as Name[];
  return names.find((one) => one === asked) ?? names[0]!;
}

export function Trends({ queue }: { readonly queue?: string }) {
  const over = choose("over", widths);
  const by = queue === undefined ? undefined : "type";
  const loaded = useLive<FlowStats>(withQuery("/stats", { over, queue, by }), undefined, restMs);
  // What was there stands until the other is there, so that nothing jumps.
  const last = useRef<FlowStats | undefined>(undefined);
  const isUnknown = loaded.error instanceof CallError && loaded.error.status === 404;
  if (loaded.value !== undefined) last.current = loaded.value;
  const shown = loaded.error === undefined ? { ...loaded, value: last.current } : loaded;
  return (
    <>
      <div class="heading">
        <h2>How it went</h2>
        {!isUnknown && <Switch name="over" label="How far back" values={widths} chosen={over} />}
      </div>
      {isUnknown
        ? <Empty>The broker is older than this dashboard, and does not tell this.</Empty>
        : (
          <Shown loaded={shown}>
            {(stats) => (
              <>
                <Charts stats={stats} />
                {stats.groups && <Types queue={queue!} stats={stats} />}
              </>
            )}
          </Shown>
        )}
    </>
  );
}

/** What happened, in words. */
function tellTotal({ over, total, kept }: FlowStats): string {
  const { completed, retries, failures, cancelled, enqueued, oldest_ms: oldest } = total;
  const ready = oldest == null ? "" : ` At most, a job had been ready for ${span(oldest)}.`;
  if (completed + retries + failures + cancelled + enqueued === 0) {
    if (kept === false) return `The broker keeps no statistics.${ready}`;
    return `Nothing happened in the last ${over}.${ready}`;
  }
  const bad = [[retries, "retried"], [failures, "died"], [cancelled, "cancelled"]] as const;
  const rest = bad.filter(([size]) => size > 0).map(([size, what]) => `, ${count(size)} ${what}`);
  return `In the last ${over} ${many(enqueued, "job")} came, and ${
    many(completed, "run")
  } succeeded${rest.join("")}.${ready}`;
}

const tellInstant = (at: number) => `${moment(at)} (${exact(at).replace(".000", "")})`;

function Charts({ stats }: { readonly stats: FlowStats }) {
  const { points, over } = stats;
  const times = points.map(({ at }) => at / 1000);
  const hasAges = stats.total.oldest_ms !== undefined;
  const shares = (of: "wait" | "run") => [
    { label: "p50", color: "ready", values: points.map((point) => point[of]?.p50_ms ?? null) },
    { label: "p95", color: "blocked", values: points.map((point) => point[of]?.p95_ms ?? null) },
    { label: "p99", color: "dead", values: points.map((point) => point[of]?.p99_ms ?? null) },
  ];
  return (
    <>
      <p class="hint">{tellTotal(stats)}</p>
      <div class="columns pairs">
        <div class="card">
          <Chart
            label={`Runs ${widths[over][1]}`}
            times={times}
            tell={tellInstant}
            isStacked
            lines={[
              {
                label: "succeeded",
                color: "completed",
                values: points.map(({ completed }) => completed),
              },
              { label: "retried", color: "blocked", values: points.map(({ retries }) => retries) },
              { label: "died", color: "dead", values: points.map(({ failures }) => failures) },
            ]}
          />
        </div>
        <div class="card">
          <Chart
            label="Wait"
            times={times}
            isSpan
            tell={tellInstant}
            lines={shares("wait")}
          />
        </div>
        <div class="card">
          <Chart label="Run" times={times} isSpan tell={tellInstant} lines={shares("run")} />
        </div>
        {hasAges && (
          <div class="card">
            <Chart
              label="Oldest ready job"
              times={times}
              isSpan
              tell={tellInstant}
              lines={[{
                label: "ready for",
                color: "ready",
                values: points.map(({ oldest_ms: oldest }) => oldest ?? null),
              }]}
            />
          </div>
        )}
      </div>
      <Numbers stats={stats} />
    </>
  );
}

const spanOf = (of: FlowSpans, share: "p50_ms" | "p95_ms" | "p99_ms") =>
  of === null ? "–" : span(of[share]);

/** The same as a table, for who does not look at charts. */
function Numbers({ stats }: { readonly stats: FlowStats }) {
  const [isOpen, setOpen] = useState(false);
  const heads = [
    "Since",
    "#Enqueued",
    "#Succeeded",
    "#Retried",
    "#Died",
    "#Wait p50",
    "#p95",
    "#p99",
    "#Run p50",
    "#p95",
    "#p99",
    ...stats.total.oldest_ms === undefined ? [] : ["#Oldest ready"],
  ];
  const busy = stats.points.filter((
    { enqueued, completed, retries, failures, wait, oldest_ms: oldest },
  ) => enqueued + completed + retries + failures > 0 || wait !== null || oldest != null);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && (busy.length === 0
        ? <p class="hint">{tellTotal(stats)}</p>
        : (
          <Table label="How it went" heads={heads}>
            {busy.reverse().map((point) => (
              <tr key={point.at}>
                <td>
                  <Time at={point.at} />
                </td>
                {[point.enqueued, point.completed, point.retries, point.failures].map((
                  size,
                  at,
                ) => <td key={at} class="number">{count(size)}</td>)}
                <Shares of={point.wait} />
                <Shares of={point.run} />
                {point.oldest_ms !== undefined && (
                  <td class="number">
                    {point.oldest_ms === null ? "–" : span(point.oldest_ms)}
                  </td>
                )}
              </tr>
            ))}
          </Table>
        ))}
    </details>
  );
}

function Shares({ of }: { readonly of: FlowSpans }) {
  return (
    <>
      {(["p50_ms", "p95_ms", "p99_ms"] as const).map((share) => (
        <td key={share} class="number">{spanOf(of, share)}</td>
      ))}
    </>
  );
}

/** The types of a queue: those that fail most, or are slowest, first. */
function Types({ queue, stats }: { readonly queue: string; readonly stats: FlowStats }) {
  const order = choose("order", orders);
  const rank = orders[order][1];
  const types = [...stats.groups ?? []].sort((a, b) => compare(rank(a), rank(b)));
  if (types.length === 0) return null;
  const heads = [
    "Type",
    `Runs ${widths[stats.over][1]}`,
    "#Succeeded",
    "#Retried",
    "#Died",
    "#Wait p95",
    "#Run p50",
    "#p95",
    "#p99",
  ];
  return (
    <>
      <div class="heading">
        <h2>By type</h2>
        <Switch name="order" label="Order" values={orders} chosen={order} />
      </div>
      <Table label="Types of jobs" heads={heads}>
        {types.map((of) => <Type key={of.type} queue={queue} of={of} />)}
      </Table>
      {stats.more && <p class="hint">Only the {count(types.length)} busiest types are listed.</p>}
    </>
  );
}

/** Larger numbers first. */
function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : b[at]! - a[at]!;
}

function Type({ queue, of }: { readonly queue: string; readonly of: FlowType }) {
  const { type, ended, completed, retries, failures, wait, run } = of;
  return (
    <tr>
      <td>
        {type === null
          ? <span class="faint">other types</span>
          : (
            <a class="name" href={link(["jobs"], { queue, type })}>
              <Text of={type} />
            </a>
          )}
      </td>
      <td>
        <Spark values={ended} />
      </td>
      {[completed, retries, failures].map((size, at) => (
        <td key={at} class="number">{count(size)}</td>
      ))}
      <td class="number">{spanOf(wait, "p95_ms")}</td>
      <Shares of={run} />
    </tr>
  );
}

function Spark({ values }: { readonly values: readonly number[] }) {
  const most = Math.max(1, ...values);
  const path = values.map((value, at) =>
    `${at === 0 ? "M" : "L"}${at} ${(18 - 16 * value / most).toFixed(1)}`
  );
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${values.length - 1} 20`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={path.join("")} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
