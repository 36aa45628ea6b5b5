/** Recurring jobs. */

import { useState } from "preact/hooks";
import { change, segment } from "../api.ts";
import { many, span } from "../format.ts";
import { useLive } from "../live.ts";
import type { CronEntry, CronGroup } from "../model.ts";
import { CronEditor } from "../parts/cron-editor.tsx";
import { QueueNames, TypeNames } from "../parts/names.tsx";
import { Empty, GrowingHeading, QueueLink, Shown, Table, Text, Time } from "../parts/small.tsx";
import { act, ask, mayEnqueue, mayManage, mayManageAll } from "../state.ts";

export function Crons() {
  const loaded = useLive<{ crons: readonly string[] }>("/crons");
  const [isNew, setNew] = useState(false);
  return (
    <>
      <GrowingHeading
        what="group"
        may={mayManageAll.value}
        isOpen={isNew}
        toggle={() => setNew(!isNew)}
      >
        Recurring jobs
      </GrowingHeading>
      <QueueNames />
      <TypeNames />
      {isNew && (
        <section class="card" aria-labelledby="new-group">
          <h2 id="new-group">New group</h2>
          <CronEditor
            group={undefined}
            zone={undefined}
            entry={undefined}
            done={() => setNew(false)}
          />
        </section>
      )}
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

/** An entry as it is asked for: without what the broker tells of it. */
function toRequest(entry: CronEntry): unknown {
  const { next_enqueue_at: _next, last_enqueue_at: _last, ...rest } = entry;
  const told = ["paused_at", "resumed_at", "count", "last_job_id"];
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !told.includes(name)));
}

function Group({ name }: { readonly name: string }) {
  const path = `/crons/${segment(name)}`;
  const loaded = useLive<CronGroup>(path);
  const set = (paused: boolean) => change("PATCH", path, { paused });
  const [isNew, setNew] = useState(false);
  const remove = async ({ entries }: CronGroup) => {
    const text = `Its ${
      many(entries.length, "entry enqueues", "entries enqueue")
    } nothing any more.`;
    if (!await ask(`Delete group '${name}'?`, text, "Delete")) return;
    const { paused, timezone } = loaded.value!;
    await act(
      `Group '${name}' is deleted`,
      () => change("DELETE", path),
      () => change("PUT", path, { paused, timezone, entries: entries.map(toRequest) }),
    );
  };
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
                <div class="row">
                  <button type="button" aria-expanded={isNew} onClick={() => setNew(!isNew)}>
                    New entry
                  </button>
                  <button
                    type="button"
                    onClick={() =>
                      act(
                        group.paused ? `'${name}' goes on` : `'${name}' is paused`,
                        () => set(!group.paused),
                        () => set(group.paused),
                      )}
                  >
                    {group.paused ? "Go on" : "Pause"}
                  </button>
                  <button type="button" class="danger" onClick={() => remove(group)}>
                    Delete
                  </button>
                </div>
              )}
            </div>
            {isNew && (
              <CronEditor
                group={name}
                zone={group.timezone}
                entry={undefined}
                done={() => setNew(false)}
              />
            )}
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
    await act(
      `'${entry.name}' is deleted`,
      () => change("DELETE", path),
      () => change("PUT", path, toRequest(entry)),
    );
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
        <td class="when">
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
              {mayEnqueue.value && <button type="button" onClick={run}>Run now</button>}
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
            <Details group={group} entry={entry} done={() => setOpen(false)} />
          </td>
        </tr>
      )}
    </>
  );
}

/** What an entry is, and when it comes round; the editor for who may change it. */
function Details(
  { group, entry, done }: {
    readonly group: CronGroup;
    readonly entry: CronEntry;
    readonly done: () => void;
  },
) {
  return (
    <CronEditor
      key={`${entry.expression} ${entry.timezone} ${entry.every_ms}`}
      group={group.name}
      zone={group.timezone}
      entry={entry}
      done={done}
    />
  );
}
