/** What can be done with many jobs: in parts, with how far it is, and with a way to stop. */

import { useRef, useState } from "preact/hooks";
import { change, get, type Query, withQuery } from "../api.ts";
import { count, many } from "../format.ts";
import { type JobPage, type Status, statuses } from "../model.ts";
import { act, ask, changes } from "../state.ts";

/** A deed, by the call of the broker. */
interface Deed {
  readonly name: string;
  /** What has become of the jobs. */
  readonly done: string;
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly for: readonly Status[];
  readonly text: string;
  /** What is asked for; undefined for what needs no more to be said. */
  readonly field?: "queue" | "priority";
  readonly body?: unknown;
}

const waiting: readonly Status[] = ["scheduled", "ready", "in_flight", "blocked"];

const deeds: readonly Deed[] = [
  {
    name: "Retry",
    done: "again",
    method: "POST",
    path: "/jobs/retry",
    for: ["dead", "completed"],
    text: "They run again as if they had never run.",
  },
  {
    name: "Run now",
    done: "ready",
    method: "PATCH",
    path: "/jobs",
    for: ["scheduled"],
    text: "They no longer wait for their time.",
    body: { ready_at: null },
  },
  {
    name: "Move",
    done: "moved",
    method: "PATCH",
    path: "/jobs",
    for: waiting,
    text: "They go to the other queue, at the place of their priority.",
    field: "queue",
  },
  {
    name: "Priority",
    done: "changed",
    method: "PATCH",
    path: "/jobs",
    for: waiting,
    text: "They run sooner the lower it is.",
    field: "priority",
  },
  {
    name: "Cancel",
    done: "cancelled",
    method: "POST",
    path: "/jobs/cancel",
    for: waiting,
    text: "They are dead then, and can be retried; workers are told to stop.",
  },
  {
    name: "Delete",
    done: "deleted",
    method: "DELETE",
    path: "/jobs",
    for: statuses,
    text: "They are gone for good.",
  },
];

/** Ids of one call, and of one look. */
const idsAtOnce = 200;
const idsOfLook = 1000;

/** The ids of jobs that fit, as many as were counted when it was asked, page by page. */
async function* listIds(filter: Query, most: number): AsyncGenerator<readonly string[]> {
  let left = most;
  let from: string | undefined;
  while (left > 0) {
    const path = withQuery("/jobs", {
      ...filter,
      from,
      limit: Math.min(left, idsOfLook),
      max_payload: 0,
    });
    const { jobs, pages } = await get<JobPage>(path);
    const ids = jobs.map(({ id }) => id);
    if (ids.length > 0) yield ids;
    left -= ids.length;
    if (pages.next === null || ids.length === 0) return;
    from = ids.at(-1);
  }
}

/** What a call changed, whatever it calls that. */
const changedBy = (answer: Readonly<Record<string, unknown>> | undefined): number =>
  Object.values(answer ?? {}).reduce<number>(
    (sum, value) => typeof value === "number" ? sum + value : sum,
    0,
  );

interface Progress {
  readonly name: string;
  readonly done: string;
  readonly changed: number;
  readonly seen: number;
  readonly all: number;
  readonly isOver: boolean;
}

export function Bulk(
  { chosen, filter, total, done }: {
    readonly chosen: ReadonlySet<string>;
    readonly filter: Readonly<Record<string, string>>;
    readonly total: number | undefined;
    readonly done: () => void;
  },
) {
  const [isAll, setAll] = useState(false);
  const [open, setOpen] = useState<Deed>();
  const [progress, setProgress] = useState<Progress>();
  const isStopped = useRef(false);
  const size = isAll ? total ?? 0 : chosen.size;
  const status = filter["status"] as Status | undefined;
  const isBusy = progress !== undefined && !progress.isOver;

  const run = async (deed: Deed, body: unknown = deed.body) => {
    const jobs = many(size, "job");
    const which = !isAll ? jobs : size === 1 ? "the job that fits" : `all ${jobs} that fit`;
    if (!await ask(`${deed.name} ${which}?`, deed.text, deed.name)) return;
    setOpen(undefined);
    isStopped.current = false;
    let [changed, seen] = [0, 0];
    const tell = (isOver: boolean) =>
      setProgress({ name: deed.name, done: deed.done, changed, seen, all: size, isOver });
    tell(false);
    await act(() => `${many(changed, "job")} ${deed.done}`, async () => {
      const looks = isAll ? listIds(filter, size) : [[...chosen]];
      for await (const ids of looks) {
        for (let at = 0; at < ids.length && !isStopped.current; at += idsAtOnce) {
          const part = ids.slice(at, at + idsAtOnce);
          const path = withQuery(deed.path, {
            id: part.join(","),
            ...status === undefined ? {} : { status },
          });
          changed += changedBy(await change(deed.method, path, body));
          seen += part.length;
          tell(false);
        }
        if (isStopped.current) return;
      }
    });
    tell(true);
    changes.value++;
    setAll(false);
    done();
  };

  return (
    <div class="many" role="group" aria-label="With the chosen jobs">
      <div class="row">
        <label class="row">
          <input
            type="checkbox"
            checked={isAll}
            disabled={isBusy}
            onChange={(event) => setAll(event.currentTarget.checked)}
          />
          all that fit
        </label>
        {deeds.map((deed) => (
          <button
            key={deed.name}
            type="button"
            class={deed.name === "Delete" ? "danger" : ""}
            disabled={isBusy || size === 0 ||
              (status !== undefined && !deed.for.includes(status))}
            title={status !== undefined && !deed.for.includes(status)
              ? `Not for jobs that are ${status.replace("_", " ")}`
              : undefined}
            aria-expanded={deed.field === undefined ? undefined : open === deed}
            onClick={() => deed.field === undefined ? run(deed) : setOpen(deed)}
          >
            {deed.name} {size > 0 && count(size)}
          </button>
        ))}
        {progress && (
          <span class="hint" role="status">
            {count(progress.changed)} of {count(progress.all)} {progress.done}
          </span>
        )}
        {isBusy && <button type="button" onClick={() => isStopped.current = true}>Stop</button>}
      </div>
      {isBusy && <progress aria-label={progress.name} max={progress.all} value={progress.seen} />}
      {open?.field !== undefined && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            const value = String(new FormData(event.currentTarget).get("value"));
            void run(open, open.field === "queue" ? { queue: value } : { priority: Number(value) });
          }}
        >
          <label class="row">
            {open.field === "queue" ? "To queue" : "Priority"}
            {open.field === "queue"
              ? <input name="value" required list="queue-names" autoFocus />
              : (
                <input
                  name="value"
                  type="number"
                  min={0}
                  max={65_535}
                  required
                  autoFocus
                  defaultValue="32768"
                />
              )}
          </label>
          <button type="submit" class="main">{open.name} {count(size)}</button>
          <button type="button" onClick={() => setOpen(undefined)}>Leave it</button>
        </form>
      )}
    </div>
  );
}
