/** How a queue fared day by day, from the statistics that are kept. */

import { useEffect, useState } from "preact/hooks";
import { get, segment, withQuery } from "../api.ts";
import { compact, percentile, span } from "../format.ts";
import type { QueueStats } from "../model.ts";
import { tellError } from "../state.ts";
import { Chart } from "./chart.tsx";

const dayMs = 86_400_000;
const spans = { week: 7, month: 30 } as const;

/** The days before and with today, as the broker names them, the oldest first. */
function listDays(count: number): string[] {
  const today = Math.floor(Date.now() / dayMs);
  return Array.from(
    { length: count },
    (_, at) => new Date((today - count + 1 + at) * dayMs).toISOString().slice(0, 10),
  );
}

export function Month({ queue }: { readonly queue: string }) {
  const [length, setLength] = useState<keyof typeof spans>();
  const [days, setDays] = useState<readonly QueueStats[]>([]);
  useEffect(() => {
    if (length === undefined) return;
    let isWanted = true;
    const path = `/queues/${segment(queue)}/stats`;
    Promise.all(listDays(spans[length]).map((day) => get<QueueStats>(withQuery(path, { day }))))
      .then(
        (found) => isWanted && setDays(found),
        tellError,
      );
    return () => {
      isWanted = false;
    };
  }, [queue, length]);
  const times = days.map(({ day }) => Date.parse(day) / 1000);
  const share = (of: "wait" | "run", part: number) =>
    days.map((day) => percentile(day[of].histogram, part) ?? null);
  return (
    <>
      <div class="heading">
        <h2>Day by day</h2>
        <div class="row">
          {(["week", "month"] as const).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === length}
              onClick={() => setLength(name)}
            >
              {name === "week" ? "A week" : "A month"}
            </button>
          ))}
        </div>
      </div>
      {days.length > 0 && (
        <div class="columns">
          <div class="card">
            <Chart
              label="Runs a day"
              times={times}
              format={compact}
              lines={[
                {
                  label: "succeeded",
                  color: "completed",
                  values: days.map(({ run }) => run.count),
                },
                { label: "retried", color: "blocked", values: days.map(({ retries }) => retries) },
                { label: "died", color: "dead", values: days.map(({ failures }) => failures) },
              ]}
            />
          </div>
          <div class="card">
            <Chart
              label="Wait and run, p95"
              times={times}
              format={span}
              lines={[
                { label: "wait", color: "ready", values: share("wait", 0.95) },
                { label: "run", color: "in-flight", values: share("run", 0.95) },
              ]}
            />
          </div>
        </div>
      )}
    </>
  );
}
