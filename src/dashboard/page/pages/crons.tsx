/** Recurring jobs. */

import { useEffect, useState } from "preact/hooks";
import { change, get, segment, withQuery } from "../api.ts";
import { moment, span } from "../format.ts";
import { useLive } from "../live.ts";
import type { CronEntry, CronGroup } from "../model.ts";
import { Empty, Heading, QueueLink, Shown, Table, Text, Time } from "../parts/small.tsx";
import { act, ask, mayManage, tellError } from "../state.ts";

export function Crons() {
  const loaded = useLive<{ crons: readonly string[] }>("/crons");
  return (
    <>
      <Heading>Recurring jobs</Heading>
      <Shown loaded={loaded}>
        {({ crons }) =>
          crons.length === 0
            ? (
              <Empty>
                Nothing recurs. <code>createCrons</code> declares what does.
              </Empty>
            )
            : <>{crons.slice(0, 100).map((name) => <Group key={name} name={name} />)}</>}
      </Shown>
    </>
  );
}

function Group({ name }: { readonly name: string }) {
  const path = `/crons/${segment(name)}`;
  const loaded = useLive<CronGroup>(path);
  const set = (paused: boolean) => change("PATCH", path, { paused });
  return (
    <section class="card">
      <Shown loaded={loaded}>
        {(group) => (
          <>
            <div class="heading">
              <h2>
                <Text of={name} /> {group.paused && <span class="badge paused">paused</span>}
                <span class="hint">{group.timezone}</span>
              </h2>
              {mayManage.value && (
                <button
                  type="button"
                  onClick={() =>
                    act(group.paused ? `'${name}' goes on` : `'${name}' is paused`, () =>
                      set(!group.paused), () =>
                      set(group.paused))}
                >
                  {group.paused ? "Go on" : "Pause"}
                </button>
              )}
            </div>
            <Table
              label={`Entries of ${name}`}
              heads={["Entry", "When", "Job", "Queue", "Next", "Last", ""]}
            >
              {group.entries.map((entry) => <Entry key={entry.name} group={group} entry={entry} />)}
            </Table>
          </>
        )}
      </Shown>
    </section>
  );
}

function Entry({ group, entry }: { readonly group: CronGroup; readonly entry: CronEntry }) {
  const path = `/crons/${segment(group.name)}/entries/${segment(entry.name)}`;
  const [isOpen, setOpen] = useState(false);
  const set = (paused: boolean) => change("PATCH", path, { paused });
  const run = () => act("Enqueued", () => change("POST", "/jobs", entry.job));
  const remove = async () => {
    if (!await ask(`Delete '${entry.name}'?`, "It enqueues nothing any more.", "Delete")) return;
    await act(`'${entry.name}' is deleted`, () => change("DELETE", path));
  };
  return (
    <>
      <tr>
        <td>
          <button
            type="button"
            class="as-link"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            <Text of={entry.name} />
          </button>{" "}
          {entry.paused && <span class="badge paused">paused</span>}
        </td>
        <td>
          <code>{entry.expression ?? `every ${span(entry.every_ms ?? 0)}`}</code>{" "}
          <span class="hint">{entry.timezone}</span>
        </td>
        <td>
          <Text of={entry.job.type} />
        </td>
        <td>
          <QueueLink queue={entry.job.queue} />
        </td>
        <td>
          {entry.paused || group.paused
            ? <span class="faint">–</span>
            : <Time at={entry.next_enqueue_at} />}
        </td>
        <td>
          <Time at={entry.last_enqueue_at} />
        </td>
        <td class="end">
          {mayManage.value && (
            <div class="row end">
              <button type="button" onClick={run}>Run now</button>
              <button
                type="button"
                onClick={() =>
                  act(
                    entry.paused ? `'${entry.name}' goes on` : `'${entry.name}' is paused`,
                    () => set(!entry.paused),
                    () => set(entry.paused),
                  )}
              >
                {entry.paused ? "Go on" : "Pause"}
              </button>
              <button type="button" class="danger" onClick={remove}>Delete</button>
            </div>
          )}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={7}>
            <Details path={path} entry={entry} zone={entry.timezone ?? group.timezone} />
          </td>
        </tr>
      )}
    </>
  );
}

/** The next ten times in the entry's own zone, and a way to change when it comes round. */
function Details(
  { path, entry, zone }: {
    readonly path: string;
    readonly entry: CronEntry;
    readonly zone: string | undefined;
  },
) {
  const [times, setTimes] = useState<readonly number[]>([]);
  useEffect(() => {
    get<{ times: readonly number[] }>(withQuery(`${path}/next`, { count: 10 }))
      .then(({ times }) => setTimes(times), tellError);
  }, [path, entry.expression, entry.timezone]);
  const own = new Intl.DateTimeFormat(undefined, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: zone ?? "UTC",
  });
  const set = (expression: string, timezone: string | null) =>
    change("PATCH", path, { expression, timezone });
  return (
    <div class="columns">
      <div>
        <h3>Next times ({zone ?? "UTC"})</h3>
        <ol class="times">
          {times.map((at) => <li key={at} title={moment(at)}>{own.format(at)}</li>)}
        </ol>
      </div>
      {mayManage.value && entry.expression !== undefined && (
        <form
          class="narrow"
          onSubmit={(event) => {
            event.preventDefault();
            const form = new FormData(event.currentTarget);
            const zoneText = String(form.get("timezone") ?? "").trim();
            void act(
              "Changed",
              () => set(String(form.get("expression")), zoneText === "" ? null : zoneText),
              () => set(entry.expression!, entry.timezone ?? null),
            );
          }}
        >
          <label>
            Expression<input
              name="expression"
              class="code"
              required
              defaultValue={entry.expression}
            />
          </label>
          <label>
            Time zone<input
              name="timezone"
              defaultValue={entry.timezone}
              placeholder="of the group, else UTC"
            />
          </label>
          <button type="submit">Change</button>
        </form>
      )}
    </div>
  );
}
