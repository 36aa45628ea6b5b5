/** Jobs by what is asked, and what can be done with many of them. */

import { useState } from "preact/hooks";
import { change, type Query, withQuery } from "../api.ts";
import { count } from "../format.ts";
import { useLive } from "../live.ts";
import { type JobPage, type Status, statuses } from "../model.ts";
import { JobTable } from "../parts/job-table.tsx";
import { Pager } from "../parts/pager.tsx";
import { Empty, Heading, Shown } from "../parts/small.tsx";
import { act, ask, go, mayManage, place } from "../state.ts";

/** What narrows a list, by the names of the broker's query. */
const fields = ["status", "queue", "type", "tag", "failure_group", "filter"] as const;

function readFilter(): Record<string, string> {
  const { query } = place.value;
  return Object.fromEntries(fields.flatMap((name) => {
    const value = query.get(name);
    return value === null || value === "" ? [] : [[name, value]];
  }));
}

/** What was chosen goes with the list that it was chosen in: nobody deletes what is not to be seen any more. */
export function Jobs() {
  const filter = readFilter();
  return <Listing key={JSON.stringify(filter)} filter={filter} />;
}

function Listing({ filter }: { readonly filter: Readonly<Record<string, string>> }) {
  const { query } = place.value;
  const from = query.get("from") ?? undefined;
  const order = query.get("order") ?? "desc";
  const sorted: Query = filter["status"] === "dead" ? { sort: "failed_at" } : {};
  const path = withQuery("/jobs", {
    from,
    order,
    limit: 50,
    ...filter,
    ...sorted,
    last_error: true,
  });
  const loaded = useLive<JobPage>(path);
  const total = useLive<{ count: number }>(withQuery("/jobs/count", filter));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  return (
    <>
      <Heading>Jobs</Heading>
      <Narrow filter={filter} />
      {mayManage.value && (
        <Many
          chosen={chosen}
          filter={filter}
          total={total.value?.count}
          done={() => setChosen(new Set())}
        />
      )}
      <p class="hint" role="status">
        {total.value === undefined ? "…" : `${count(total.value.count)} jobs`}
      </p>
      <Shown loaded={loaded}>
        {({ jobs, pages }) =>
          jobs.length === 0 ? <Empty>No job fits.</Empty> : (
            <>
              <JobTable
                jobs={jobs}
                label="Jobs"
                chosen={chosen}
                {...mayManage.value ? { choose: setChosen } : {}}
              />
              <Pager pages={pages} />
            </>
          )}
      </Shown>
    </>
  );
}

function Narrow({ filter }: { readonly filter: Readonly<Record<string, string>> }) {
  return (
    <form
      class="narrow"
      role="search"
      aria-label="Narrow the list"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        go(
          ["jobs"],
          Object.fromEntries(fields.map((name) => [name, String(form.get(name) ?? "")])),
        );
      }}
    >
      <label>
        Status
        <select name="status" value={filter["status"] ?? ""}>
          <option value="">any</option>
          {statuses.map((status) => (
            <option key={status} value={status}>{status.replace("_", " ")}</option>
          ))}
        </select>
      </label>
      <label>
        Queue<input name="queue" defaultValue={filter["queue"]} placeholder="mail, crawl" />
      </label>
      <label>
        Type<input name="type" defaultValue={filter["type"]} />
      </label>
      <label>
        Tag<input name="tag" defaultValue={filter["tag"]} />
      </label>
      <label>
        Failure<input name="failure_group" defaultValue={filter["failure_group"]} />
      </label>
      <label class="wide">
        Payload (jq)
        <input
          name="filter"
          class="code"
          defaultValue={filter["filter"]}
          placeholder=".width > 4000"
          spellcheck={false}
        />
      </label>
      <button type="submit" class="main">Search</button>
    </form>
  );
}

/** What can be done with many, by the call of the broker. */
const deeds = [
  { name: "Retry", done: "again", method: "POST", path: "/jobs/retry", for: ["dead", "completed"] },
  {
    name: "Cancel",
    done: "cancelled",
    method: "POST",
    path: "/jobs/cancel",
    for: ["scheduled", "ready", "in_flight", "blocked"],
  },
  { name: "Delete", done: "deleted", method: "DELETE", path: "/jobs", for: statuses },
] as const;

/** Ids of one call. */
const idsAtOnce = 200;

function Many(
  { chosen, filter, total, done }: {
    readonly chosen: ReadonlySet<string>;
    readonly filter: Readonly<Record<string, string>>;
    readonly total: number | undefined;
    readonly done: () => void;
  },
) {
  const [isAll, setAll] = useState(false);
  const [progress, setProgress] = useState<string>();
  const size = isAll ? total ?? 0 : chosen.size;
  const status = filter["status"] as Status | undefined;

  const run = async ({ name, method, path, done: word }: (typeof deeds)[number]) => {
    const which = isAll ? `all ${count(size)} jobs that fit` : `${count(size)} jobs`;
    if (!await ask(`${name} ${which}?`, "This cannot be undone.", name)) return;
    let changed = 0;
    await act(`${name}: done`, async () => {
      const parts: Query[] = isAll ? [filter] : [];
      const ids = isAll ? [] : [...chosen];
      for (let at = 0; at < ids.length; at += idsAtOnce) {
        parts.push({ id: ids.slice(at, at + idsAtOnce).join(",") });
      }
      for (const part of parts) {
        const answer = await change<Record<string, number>>(method, withQuery(path, part));
        changed += Number(
          Object.values(answer ?? {}).find((value) => typeof value === "number") ?? 0,
        );
        setProgress(`${count(changed)} of ${count(size)} ${word}`);
      }
    });
    setAll(false);
    done();
  };

  return (
    <div class="row many" role="group" aria-label="With the chosen jobs">
      <label class="row">
        <input
          type="checkbox"
          checked={isAll}
          onChange={(event) => setAll(event.currentTarget.checked)}
        />
        all that fit
      </label>
      {deeds.map((deed) => (
        <button
          key={deed.name}
          type="button"
          class={deed.name === "Delete" ? "danger" : ""}
          disabled={size === 0 || (status !== undefined && !deed.for.some((one) => one === status))}
          onClick={() => run(deed)}
        >
          {deed.name} {size > 0 && count(size)}
        </button>
      ))}
      <span class="hint" role="status">{progress}</span>
    </div>
  );
}
