/** One queue: where its jobs are, how they fared on a day, what is set for it. */

import { change, segment, withQuery } from "../api.ts";
import { count } from "../format.ts";
import { useLive } from "../live.ts";
import { type Job, type Queue, type QueueSettings, type QueueStats, statuses } from "../model.ts";
import { Histogram } from "../parts/histogram.tsx";
import { JobTable } from "../parts/job-table.tsx";
import { Month } from "../parts/month.tsx";
import { Count, Empty, Facts, Heading, Shown, Text } from "../parts/small.tsx";
import { act, go, mayManage, place } from "../state.ts";
import { togglePause } from "./overview.tsx";

export function QueueDetails({ queue }: { readonly queue: string }) {
  const path = `/queues/${segment(queue)}`;
  const loaded = useLive<Queue>(path);
  const settings = useLive<QueueSettings>(`${path}/settings`);
  const next = useLive<{ jobs: readonly Job[] }>(withQuery(`${path}/next`, { limit: 10 }));
  const day = place.value.query.get("day") ?? new Date().toISOString().slice(0, 10);
  const stats = useLive<QueueStats>(withQuery(`${path}/stats`, { day }));
  return (
    <>
      <Shown loaded={loaded}>
        {(of) => (
          <>
            <Heading
              actions={mayManage.value && (
                <button
                  type="button"
                  onClick={() => togglePause(queue, of.paused)}
                >
                  {of.paused ? "Go on" : "Pause"}
                </button>
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
      <div class="heading">
        <h2>A day (UTC)</h2>
        <label class="row">
          Day
          <input
            type="date"
            value={day}
            onChange={(event) => go(["queues", queue], { day: event.currentTarget.value })}
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
      <Month key={queue} queue={queue} />
    </>
  );
}

function Limits(
  { queue, settings }: { readonly queue: string; readonly settings: QueueSettings },
) {
  const limit = settings.max_in_flight;
  if (!mayManage.value) {
    return (
      <p class="hint">{limit === undefined ? "No limit" : `At most ${count(limit)} in flight`}</p>
    );
  }
  const set = (value: number | null) =>
    change("PATCH", `/queues/${segment(queue)}`, { max_in_flight: value });
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        const text = String(new FormData(event.currentTarget).get("limit") ?? "");
        const value = text === "" ? null : Number(text);
        void act(
          value === null ? "No limit any more" : `At most ${count(value)} in flight`,
          () => set(value),
          () => set(limit ?? null),
        );
      }}
    >
      <label class="row">
        At most in flight
        <input
          key={limit}
          name="limit"
          type="number"
          min={1}
          placeholder="no limit"
          defaultValue={limit?.toString()}
        />
      </label>
      <button type="submit">Set</button>
    </form>
  );
}
