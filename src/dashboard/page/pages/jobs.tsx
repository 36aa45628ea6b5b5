/** Jobs by what is asked, and what can be done with many of them. */

import { useState } from "preact/hooks";
import { isForbidden, type Query, withQuery } from "../api.ts";
import { many } from "../format.ts";
import { useLive } from "../live.ts";
import { type JobPage, statuses } from "../model.ts";
import { Bulk } from "../parts/bulk.tsx";
import { JobTable } from "../parts/job-table.tsx";
import { EmptyPage, Pager } from "../parts/pager.tsx";
import { FailureNames, PayloadPaths, QueueNames, TagNames, TypeNames } from "../parts/names.tsx";
import { Heading, Shown } from "../parts/small.tsx";
import { go, link, mayManage, place } from "../state.ts";

/** What narrows a list, by the names of the broker's query. */
const fields = [
  "status",
  "queue",
  "type",
  "tag",
  "failure_group",
  "attempts",
  "priority",
  "tracked",
  "filter",
] as const;

/** What people look for most: each is a link, and so is all that is narrowed down further. */
const views: readonly (readonly [name: string, filter: Readonly<Record<string, string>>])[] = [
  ["All", {}],
  ["Ready", { status: "ready" }],
  ["In flight", { status: "in_flight" }],
  ["Scheduled", { status: "scheduled" }],
  ["Retrying", { status: "scheduled", attempts: "1.." }],
  ["Blocked", { status: "blocked" }],
  ["Completed", { status: "completed" }],
  ["Dead", { status: "dead" }],
];

/** Bytes of a payload that a list shows; larger ones are not even asked for. */
const shownBytes = 2000;

/** Statuses whose jobs have an order of their own, and its instant. */
const sorts: Readonly<Record<string, readonly [sort: string, order: string]>> = {
  dead: ["failed_at", "desc"],
  completed: ["completed_at", "desc"],
  scheduled: ["ready_at", "asc"],
};

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
  const [sort, usual] = sorts[filter["status"] ?? ""] ?? [undefined, "desc"];
  const order = query.get("order") ?? usual;
  const sorted: Query = sort === undefined ? {} : { sort };
  const path = withQuery("/jobs", {
    from,
    order,
    limit: 50,
    ...filter,
    ...sorted,
    last_error: true,
    max_payload: shownBytes,
  });
  const loaded = useLive<JobPage>(path);
  const total = useLive<{ count: number }>(withQuery("/jobs/count", filter));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  return (
    <>
      <Heading>Jobs</Heading>
      <QueueNames />
      <TypeNames jobs={loaded.value?.jobs ?? []} />
      <TagNames />
      <FailureNames />
      <Views filter={filter} />
      <Narrow filter={filter} />
      <PayloadPaths jobs={loaded.value?.jobs ?? []} />
      {mayManage.value && !isForbidden(loaded.error) && (
        <Bulk
          chosen={chosen}
          filter={filter}
          total={total.value?.count}
          done={() => setChosen(new Set())}
        />
      )}
      <p class="hint" role="status">
        {total.value !== undefined
          ? many(total.value.count, "job")
          : total.error === undefined
          ? "…"
          : ""}
      </p>
      <Shown loaded={loaded}>
        {({ jobs, pages }) =>
          jobs.length === 0 ? <EmptyPage>No job fits.</EmptyPage> : (
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

function Views({ filter }: { readonly filter: Readonly<Record<string, string>> }) {
  return (
    <nav class="views" aria-label="Views">
      {views.map(([name, { status, attempts }]) => {
        const isHere = filter["status"] === status && filter["attempts"] === attempts;
        return (
          <a
            key={name}
            href={link(["jobs"], { ...filter, status, attempts })}
            aria-current={isHere ? "true" : undefined}
          >
            {name}
          </a>
        );
      })}
    </nav>
  );
}

function Narrow({ filter }: { readonly filter: Readonly<Record<string, string>> }) {
  const { status: given } = filter;
  // An address may name several at once, or one that is none: what is searched for next still has it.
  const isOwn = given === undefined || statuses.some((status) => status === given);
  const shown: readonly string[] = isOwn ? statuses : [...statuses, given];
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
          {shown.map((status) => (
            <option key={status} value={status}>{status.replaceAll("_", " ")}</option>
          ))}
        </select>
      </label>
      <label>
        Queue<input
          name="queue"
          list="queue-names"
          defaultValue={filter["queue"]}
          placeholder="mail, crawl"
        />
      </label>
      <label>
        Type<input name="type" list="type-names" defaultValue={filter["type"]} />
      </label>
      <label>
        Tag<input name="tag" list="tag-names" defaultValue={filter["tag"]} />
      </label>
      <label>
        Failure<input
          name="failure_group"
          list="failure-names"
          defaultValue={filter["failure_group"]}
        />
      </label>
      <label>
        Tries<input
          name="attempts"
          size={6}
          defaultValue={filter["attempts"]}
          placeholder="1.."
          title="How often it has failed: 3, or 1..5, or 2.."
        />
      </label>
      <label>
        Priority<input
          name="priority"
          size={8}
          defaultValue={filter["priority"]}
          placeholder="..100"
          title="A number, or 1..100, or ..100"
        />
      </label>
      <label>
        Tracked
        <select name="tracked" value={filter["tracked"] ?? ""}>
          <option value="">any</option>
          <option value="true">yes</option>
          <option value="false">no</option>
        </select>
      </label>
      <label class="wide">
        Payload (jq)
        <input
          name="filter"
          class="code"
          defaultValue={filter["filter"]}
          placeholder=".width > 4000"
          list="payload-paths"
          spellcheck={false}
        />
      </label>
      <button type="submit" class="main">Search</button>
      {Object.keys(filter).length > 0 && <a class="button" href={link(["jobs"])}>Clear</a>}
    </form>
  );
}
