/** Outbound HTTP: where requests and their callbacks stand, and which host is slow or gone. */

import { change, withQuery } from "../api.ts";
import { compact, count } from "../format.ts";
import {
  callbackType,
  readCallback,
  readRequest,
  requestType,
  type ShownCallback,
  type ShownRequest,
} from "../http-job.ts";
import { useLive } from "../live.ts";
import type { Job, JobPage } from "../model.ts";
import { LastFailure, StateCells, stateHeads } from "../parts/job-cells.tsx";
import { Origins } from "../parts/origins.tsx";
import { EmptyPage, Pager } from "../parts/pager.tsx";
import { Heading, Shown, Table, Text } from "../parts/small.tsx";
import { act, ask, link, mayManage, place } from "../state.ts";

/** Statuses of what is not over. */
const underWay = "ready,in_flight,scheduled";

/**
 * Where requests and callbacks can be, in the order in which they get there. How many there are of each is counted by the broker
 * anyway; of those that have failed before it is not, so these are views, and have no number.
 */
const states = [
  { key: "waiting", name: "Waiting", of: requestType, filter: { status: "ready" }, color: "ready" },
  {
    key: "under-way",
    name: "Under way",
    of: requestType,
    filter: { status: "in_flight" },
    color: "in_flight",
  },
  {
    key: "scheduled",
    name: "Scheduled",
    of: requestType,
    filter: { status: "scheduled" },
    color: "scheduled",
  },
  {
    key: "done",
    name: "Answered",
    of: requestType,
    filter: { status: "completed" },
    color: "completed",
  },
  { key: "dead", name: "Given up", of: requestType, filter: { status: "dead" }, color: "dead" },
  {
    key: "callbacks",
    name: "Callbacks",
    of: callbackType,
    filter: { status: underWay },
    color: "ready",
  },
  {
    key: "letters",
    name: "Dead letters",
    of: callbackType,
    filter: { status: "dead" },
    color: "dead",
  },
  {
    key: "retrying",
    name: "Retrying",
    of: requestType,
    filter: { status: "scheduled", attempts: "1.." },
    color: "",
  },
  {
    key: "failing",
    name: "Failing callbacks",
    of: callbackType,
    filter: { status: underWay, attempts: "1.." },
    color: "",
  },
] as const;

type State = (typeof states)[number];

/** Bytes of a payload of which a row tells method and address. */
const shownBytes = 8000;

export function Requests() {
  const { query } = place.value;
  const isByOrigin = query.get("by") === "origin";
  const state = states.find(({ key }) => key === query.get("state"));
  return (
    <>
      <Heading>Outbound HTTP</Heading>
      <ul class="tiles">
        {states.filter(({ color }) => color !== "").map((one) => (
          <Tile key={one.key} state={one} isHere={one === state} />
        ))}
      </ul>
      <nav class="views" aria-label="Views">
        <a
          href={link(["requests"])}
          aria-current={state === undefined && !isByOrigin ? "true" : undefined}
        >
          Newest
        </a>
        <a
          href={link(["requests"], { by: "origin" })}
          aria-current={isByOrigin ? "true" : undefined}
        >
          By origin
        </a>
        {states.filter((one) => one === state || one.color === "").map((one) => (
          <a
            key={one.key}
            href={link(["requests"], { state: one.key })}
            aria-current={one === state ? "true" : undefined}
          >
            {one.name}
          </a>
        ))}
      </nav>
      {isByOrigin ? <Origins /> : <List state={state} />}
    </>
  );
}

function Tile({ state, isHere }: { readonly state: State; readonly isHere: boolean }) {
  const found = useLive<{ count: number }>(
    withQuery("/jobs/count", { type: state.of, ...state.filter }),
  );
  const size = found.value?.count;
  return (
    <li class={`tile ${size === 0 ? "" : state.color}`}>
      <a
        href={link(["requests"], isHere ? {} : { state: state.key })}
        aria-current={isHere ? "true" : undefined}
      >
        <span class="label">{state.name}</span>
        <span class="figure" title={size === undefined ? undefined : count(size)}>
          {size === undefined ? "–" : compact(size)}
        </span>
      </a>
    </li>
  );
}

function List({ state }: { readonly state: State | undefined }) {
  const { query } = place.value;
  const isDueFirst = state?.filter.status === "scheduled";
  const of = state?.of ?? requestType;
  const filter = { type: of, ...state?.filter, filter: query.get("filter") ?? undefined };
  const loaded = useLive<JobPage>(
    withQuery("/jobs", {
      ...filter,
      from: query.get("from") ?? undefined,
      order: query.get("order") ?? (isDueFirst ? "asc" : "desc"),
      limit: 50,
      ...isDueFirst ? { sort: "ready_at" } : {},
      last_error: true,
      max_payload: shownBytes,
    }),
  );
  return (
    <>
      {query.get("filter") && (
        <p class="hint">
          Only those with <code>{query.get("filter")}</code>.{" "}
          <a href={link(["requests"], { state: state?.key })}>All</a>
        </p>
      )}
      {mayManage.value && state?.filter.status === "dead" && <Revive state={state} />}
      <Shown loaded={loaded}>
        {({ jobs, pages }) =>
          jobs.length === 0
            ? (
              <EmptyPage>
                {state === undefined
                  ? "No request is stored. One that is done goes with its answer to the callback."
                  : "None."}
              </EmptyPage>
            )
            : (
              <>
                {of === requestType ? <RequestTable jobs={jobs} /> : <CallbackTable jobs={jobs} />}
                <Pager pages={pages} />
              </>
            )}
      </Shown>
    </>
  );
}

function Revive({ state }: { readonly state: State }) {
  const query = { type: state.of, status: "dead" };
  const found = useLive<{ count: number }>(withQuery("/jobs/count", query));
  const size = found.value?.count ?? 0;
  if (size === 0) return null;
  const what = state.of === requestType ? "requests" : "dead letters";
  const retry = async () => {
    const text = state.of === requestType
      ? "They are sent again as if they had never been sent."
      : "Their callbacks run again, with what came back then.";
    if (!await ask(`Retry ${count(size)} ${what}?`, text, "Retry")) return;
    await act(
      `${count(size)} ${what} go again`,
      () => change("POST", withQuery("/jobs/retry", query)),
    );
  };
  return (
    <p class="row">
      <button type="button" onClick={retry}>Retry all {count(size)}</button>
      <a class="button" href={link(["jobs"], query)}>Choose some</a>
    </p>
  );
}

/** What a request is, in one line. */
function Target({ of, id }: { readonly of: ShownRequest | undefined; readonly id: string }) {
  return (
    <a class="name" href={link(["requests", id])}>
      {of?.sent
        ? (
          <>
            <strong>{of.sent.method}</strong> <Text of={of.sent.target.slice(0, 200)} />
          </>
        )
        : <span class="id">{id}</span>}
    </a>
  );
}

function RequestTable({ jobs }: { readonly jobs: readonly Job[] }) {
  return (
    <Table
      label="Requests"
      heads={["Request", ...stateHeads, "Callback", "Last failure"]}
    >
      {jobs.map((job) => {
        const read = readRequest(job.payload);
        return (
          <tr key={job.id}>
            <td>
              <Target of={read} id={job.id} />
              {job.payload_bytes === undefined && read?.sent === undefined && (
                <span class="badge">sealed</span>
              )}
            </td>
            <StateCells job={job} />
            <td>
              <Text of={read?.callback} />
            </td>
            <td class="payload">
              <LastFailure of={job} />
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

function CallbackTable({ jobs }: { readonly jobs: readonly Job[] }) {
  return (
    <Table
      label="Callbacks"
      heads={["Callback", "Told of", ...stateHeads, "Last failure"]}
    >
      {jobs.map((job) => {
        const read = readCallback(job.payload);
        return (
          <tr key={job.id}>
            <td>
              <a class="name" href={link(["requests", read?.id ?? job.id], { callback: job.id })}>
                <Text of={read?.callback ?? job.id} />
              </a>
            </td>
            <td>
              <Told of={read} />
            </td>
            <StateCells job={job} />
            <td class="payload">
              <LastFailure of={job} />
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

/** What a callback is told, in one line. */
function Told({ of }: { readonly of: ShownCallback | undefined }) {
  if (of === undefined) return null;
  const { came } = of;
  if (came?.failure) {
    return (
      <>
        <span class="badge dead">{came.failure.kind}</span>{" "}
        <Text of={came.failure.message.slice(0, 120)} />
      </>
    );
  }
  if (came?.answer) return <>an answer with status {came.answer.status}</>;
  return <>{of.kind === "error" ? "a failure" : "an answer"}, sealed</>;
}
