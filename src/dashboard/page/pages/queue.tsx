/** One queue: where its jobs are, how they fared on a day, what is set for it. */

import { change, isForbidden, segment, withQuery } from "../api.ts";
import { count, many } from "../format.ts";
import { useLive } from "../live.ts";
import { type Job, type Queue, type QueueSettings, type QueueStats, statuses } from "../model.ts";
import { Histogram } from "../parts/histogram.tsx";
import { JobTable } from "../parts/job-table.tsx";
import { Age, Count, Empty, Facts, Heading, Shown, Text } from "../parts/small.tsx";
import { Trends } from "../parts/trends.tsx";
import { act, ask, go, mayManage, place } from "../state.ts";
import { togglePause } from "./overview.tsx";

export function QueueDetails({ queue }: { readonly queue: string }) {
  const path = `/queues/${segment(queue)}`;
  const loaded = useLive<Queue>(`${path}?age=true`);
  const settings = useLive<QueueSettings>(`${path}/settings`);
  const next = useLive<{ jobs: readonly Job[] }>(
    withQuery(`${path}/next`, { limit: 10, max_payload: 1000 }),
  );
  const day = place.value.query.get("day") ?? new Date().toISOString().slice(0, 10);
  const stats = useLive<QueueStats>(withQuery(`${path}/stats`, { day }));
  if (isForbidden(loaded.error)) {
    // Once is enough: all the rest would be refused for the same reason.
    return (
      <>
        <Heading>
          Queue <Text of={queue} />
        </Heading>
        <Shown loaded={loaded}>{() => null}</Shown>
      </>
    );
  }
  return (
    <>
      <Shown loaded={loaded}>
        {(of) => (
          <>
            <Heading
              actions={mayManage.value && (
                <>
                  <button
                    type="button"
                    class="main"
                    onClick={() => togglePause(queue, of.paused)}
                  >
                    {of.paused ? "Go on" : "Pause"}
                  </button>
                  <Emptying of={of} />
                </>
              )}
            >
              Queue <Text of={queue} /> {of.paused && <span class="badge paused">paused</span>}
            </Heading>
            <Facts
              facts={[
                ...statuses.map((status) =>
                  [
                    status.replace("_", " "),
                    <Count of={of[status]} queue={queue} status={status} />,
                  ] as const
                ),
                ["oldest ready", <Age since={of.oldest_ready_at} />],
                ["stalled", count(of.stalled)],
                ["recurring", count(of.recurring)],
              ]}
            />
          </>
        )}
      </Shown>
      <Shown loaded={settings}>{(set) => <Limits queue={queue} settings={set} />}</Shown>
      <h2>Next jobs</h2>
      <Shown loaded={next}>
        {({ jobs }) =>
          jobs.length === 0
            ? <Empty>No job is ready.</Empty>
            : <JobTable jobs={jobs} label="Next jobs" />}
      </Shown>
      <Trends key={queue} queue={queue} />
      <div class="heading">
        <h2>A day (UTC)</h2>
        <label class="row">
          Day
          <input
            type="date"
            value={day}
            onChange={(event) =>
              go(["queues", queue], {
                ...Object.fromEntries(place.value.query),
                day: event.currentTarget.value,
              })}
          />
        </label>
      </div>
      <Shown loaded={stats}>
        {(of) => (
          <>
            <Facts
              facts={[
                ["retried", count(of.retries)],
                ["died", count(of.failures)],
                ["dead still", count(of.failed)],
                ["cancelled", count(of.cancelled)],
              ]}
            />
            <div class="columns">
              <Histogram label="Wait" of={of.wait} />
              <Histogram label="Run" of={of.run} />
            </div>
          </>
        )}
      </Shown>
    </>
  );
}

/** What is set for a queue, by its name on the wire. */
const limits = [
  { key: "max_in_flight", name: "At most in flight", unit: "", none: "no limit", min: 1, per: 1 },
  { key: "lease_ms", name: "Leases last", unit: "s", none: "as usual", min: 0.001, per: 1000 },
  { key: "grace_ms", name: "Grace", unit: "s", none: "as usual", min: 0, per: 1000 },
] as const;

function Limits(
  { queue, settings }: { readonly queue: string; readonly settings: QueueSettings },
) {
  const limit = settings.max_in_flight;
  if (!mayManage.value) {
    return (
      <p class="hint">{limit === undefined ? "No limit" : `At most ${count(limit)} in flight`}</p>
    );
  }
  const path = `/queues/${segment(queue)}`;
  return (
    <form
      class="narrow"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const next: Record<string, number | null> = {};
        const back: Record<string, number | null> = {};
        for (const { key, per } of limits) {
          const text = String(form.get(key) ?? "");
          const value = text === "" ? null : Math.round(Number(text) * per);
          if (value === (settings[key] ?? null)) continue;
          next[key] = value;
          back[key] = settings[key] ?? null;
        }
        if (Object.keys(next).length === 0) return;
        const most = next["max_in_flight"];
        void act(
          most === undefined
            ? "Set"
            : most === null
            ? "No limit any more"
            : `At most ${count(most)} in flight`,
          () => change("PATCH", path, next),
          () => change("PATCH", path, back),
        );
      }}
    >
      {limits.map(({ key, name, unit, none, min, per }) => {
        const value = settings[key];
        return (
          <label key={key}>
            {name} {unit && `(${unit})`}
            <input
              key={value}
              name={key}
              type="number"
              min={min}
              step={per === 1 ? 1 : "any"}
              placeholder={none}
              defaultValue={value === undefined ? undefined : String(value / per)}
            />
          </label>
        );
      })}
      <button type="submit">Set</button>
    </form>
  );
}

/** How many jobs a call has changed. */
type Counted = Readonly<Partial<Record<"retried" | "deleted", number>>>;

/** What empties a queue; each is asked for with its number. */
function Emptying({ of }: { readonly of: Queue }) {
  const { queue, ready, scheduled, dead } = of;
  const run = async (
    { title, text, yes, done, work }: {
      readonly title: string;
      readonly text: string;
      readonly yes: string;
      readonly done: (answer: Counted) => string;
      readonly work: () => Promise<Counted>;
    },
  ) => {
    if (await ask(title, text, yes)) await act(done, work);
  };
  const waiting = ready + scheduled;
  return (
    <>
      {dead > 0 && (
        <button
          type="button"
          onClick={() =>
            run({
              title: `Retry ${many(dead, "dead job")} of '${queue}'?`,
              text: "They run again as if they had never run.",
              yes: "Retry",
              done: ({ retried = 0 }) => many(retried, "job runs again", "jobs run again"),
              work: () => change("POST", withQuery("/jobs/retry", { queue, status: "dead" })),
            })}
        >
          Retry {count(dead)} dead
        </button>
      )}
      {waiting > 0 && (
        <button
          type="button"
          class="danger"
          onClick={() =>
            run({
              title: `Delete ${many(waiting, "job")} of '${queue}'?`,
              text: "All that are ready or scheduled are gone for good.",
              yes: "Delete",
              done: ({ deleted = 0 }) => `${many(deleted, "job")} of '${queue}' deleted`,
              work: () =>
                change("DELETE", withQuery("/jobs", { queue, status: "ready,scheduled" })),
            })}
        >
          Empty
        </button>
      )}
    </>
  );
}
