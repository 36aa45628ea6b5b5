/** The workers, and what they have. */

import { Fragment } from "preact";
import { CallError, change, segment, withQuery } from "../api.ts";
import { count, many, plain } from "../format.ts";
import { useLive } from "../live.ts";
import type { Job, Pages, Worker } from "../model.ts";
import { JobTable } from "../parts/job-table.tsx";
import { Heading, Shown, Table, Text, Time } from "../parts/small.tsx";
import { EmptyPage, Pager } from "../parts/pager.tsx";
import { act, ask, go, mayManage, mayManageAll, now, place } from "../state.ts";

interface WorkerPage {
  readonly workers: readonly Worker[];
  readonly pages: Pages;
}

/** A worker that was not heard of for so long, in ms, is likely gone. */
const silentMs = 120_000;

export function Workers() {
  const { query, segments: [, one] } = place.value;
  const loaded = useLive<WorkerPage>(
    withQuery("/workers", {
      from: query.get("from") ?? undefined,
      order: query.get("order") ?? undefined,
      limit: 100,
    }),
  );
  return (
    <>
      <Heading>Workers</Heading>
      {one !== undefined && <WorkerDetails id={one} />}
      <Shown loaded={loaded}>
        {({ workers, pages }) =>
          workers.length === 0
            ? <EmptyPage>No worker with a name was seen in a day.</EmptyPage>
            : (
              <>
                <Table
                  label="Workers"
                  heads={["Worker", "Seen", "Serves", "#Jobs", "#Stalled", ""]}
                >
                  {inOrder(workers).map((worker) => <Row key={worker.id} worker={worker} />)}
                </Table>
                <Pager pages={pages} />
              </>
            )}
      </Shown>
    </>
  );
}

/** By their names: buttons must not move whenever a worker says something. */
function inOrder(workers: readonly Worker[]): Worker[] {
  return [...workers].sort((a, b) => a.id < b.id ? -1 : 1);
}

function Row({ worker }: { readonly worker: Worker }) {
  const { id, last_seen_at: at, jobs, stalled } = worker;
  const isSilent = at === null || at < now.value - silentMs;
  return (
    <tr>
      <td>
        <button type="button" class="as-link" onClick={() => go(["workers", id])}>
          <Text of={id} />
        </button>
        {worker.quiet && <span class="badge paused">quiet</span>}
        {isSilent && <span class="badge dead">silent</span>}
      </td>
      <td>
        <Time at={at} />
      </td>
      <td>
        <Serves worker={worker} />
      </td>
      <td class="number">{count(jobs)}</td>
      <td class="number">
        {stalled > 0 ? <strong class="wrong-text">{count(stalled)}</strong> : 0}
      </td>
      <td class="end">
        {mayManageAll.value && worker.quiet !== undefined && (
          <Steer worker={worker} isSilent={isSilent} />
        )}
        {mayManageAll.value && isSilent && jobs === 0 && (
          <button
            type="button"
            class="quiet"
            onClick={() =>
              act(
                `'${id}' is off the list until it is seen`,
                () => change("DELETE", `/workers/${segment(id)}`),
              )}
          >
            Forget
          </button>
        )}
      </td>
    </tr>
  );
}

/** So many names are shown of what a worker serves. */
const shownNames = 3;

function Names({ of, none }: { readonly of: readonly string[] | null; readonly none: string }) {
  if (of === null) return <>{none}</>;
  const more = of.length - shownNames;
  return (
    <span class="names" title={plain(of.join(", "))}>
      {of.slice(0, shownNames).map((name, at) => (
        <Fragment key={name}>
          {at > 0 && ", "}
          <Text of={name} />
        </Fragment>
      ))}
      {more > 0 && ` and ${count(more)} more`}
    </span>
  );
}

/** Which queues a worker reads, and which types of jobs it runs. */
function Serves({ worker: { streams, queues, types } }: { readonly worker: Worker }) {
  if (queues === undefined || types === undefined) return <span class="hint">not known</span>;
  if (streams === 0 && queues === null) {
    return <span class="hint">no stream is open</span>;
  }
  return (
    <>
      <Names of={queues} none="all queues" />
      <span class="hint">
        {" · "}
        <Names of={types} none="does not say which types" />
      </span>
    </>
  );
}

/** Makes a worker quiet, and not any more, and stops it. */
function Steer(
  { worker: { id, quiet, streams = 0, stoppable = 0 }, isSilent }: {
    readonly worker: Worker;
    readonly isSilent: boolean;
  },
) {
  const path = `/workers/${segment(id)}`;
  const resume = () => change("POST", `${path}/resume`);
  const makeQuiet = () => change("POST", `${path}/quiet`);
  const askQuiet = async () => {
    const text =
      "It gets no more jobs, also after a restart, until you resume it. What it has, it finishes.";
    if (!await ask(`Make '${id}' quiet?`, text, "Make quiet")) return;
    await act(`'${id}' gets no more jobs`, makeQuiet, resume);
  };
  const stop = async () => {
    const text = `${
      many(stoppable, "process of this name finishes", "processes of this name finish")
    } what runs, and ${
      stoppable === 1 ? "ends" : "end"
    }. What starts workers may start another one.`;
    if (!await ask(`Stop '${id}'?`, text, "Stop")) return;
    await act(
      ({ told }: { readonly told: number }) =>
        told === 1 ? `'${id}' was told to stop` : `${count(told)} of '${id}' were told to stop`,
      () => change<{ readonly told: number }>("POST", `${path}/stop`),
    );
  };
  const cannot = streams === 0
    ? "It has no stream open to be told on"
    : stoppable === 0
    ? "It does not understand that it is to stop: make it quiet"
    : undefined;
  return (
    <>
      {quiet
        ? (
          <button
            type="button"
            class="quiet"
            onClick={() => act(`'${id}' gets jobs again`, resume, makeQuiet)}
          >
            Resume
          </button>
        )
        : <button type="button" class="quiet" onClick={askQuiet}>Make quiet</button>}
      {!(isSilent && streams === 0) && (
        <button
          type="button"
          class="quiet"
          disabled={cannot !== undefined}
          title={cannot}
          onClick={stop}
        >
          {cannot === undefined ? "Stop" : "Cannot be stopped"}
        </button>
      )}
    </>
  );
}

/** So many jobs of a worker are shown. */
const shownJobs = 50;

/** What a worker is doing, and since when. */
function Held({ ids, label }: { readonly ids: readonly string[]; readonly label: string }) {
  const loaded = useLive<{ jobs: readonly Job[] }>(
    withQuery("/jobs", { id: ids.join(","), limit: shownJobs, max_payload: 500 }),
  );
  return <Shown loaded={loaded}>{({ jobs }) => <JobTable jobs={jobs} label={label} />}</Shown>;
}

/** Jobs that cannot be taken away. */
interface Unable {
  readonly not_found?: readonly string[];
  readonly refused?: readonly { readonly id: string }[];
}

/** How often jobs are asked for that are not done meanwhile. */
const mostRounds = 10;

/**
 * Takes jobs from their worker. The broker takes all of them or none; those that the worker has finished meanwhile are left out.
 *
 * @returns How many were taken.
 */
async function takeAway(ids: readonly string[], rounds = mostRounds): Promise<number> {
  if (ids.length === 0) return 0;
  try {
    const path = "/jobs/timeout";
    return (await change<{ readonly timed_out: number }>("POST", path, { ids })).timed_out;
  } catch (error) {
    if (!(error instanceof CallError) || error.status !== 422 || rounds === 0) throw error;
    const { not_found: gone = [], refused = [] } = error.answer as Unable;
    const unable = new Set([...gone, ...refused.map((one) => one.id)]);
    const left = ids.filter((id) => !unable.has(id));
    if (left.length === ids.length) throw error;
    return await takeAway(left, rounds - 1);
  }
}

function WorkerDetails({ id }: { readonly id: string }) {
  const loaded = useLive<{ jobs: readonly string[]; stalled: readonly string[] }>(
    `/workers/${segment(id)}`,
  );
  const evict = async (ids: readonly string[]) => {
    const text = `'${id}' is told to stop them, and others may take them.`;
    if (!await ask(`Take ${many(ids.length, "job")} away?`, text, "Take")) return;
    await act(
      (taken: number) => `${many(taken, "job was", "jobs were")} taken from '${id}'`,
      () => takeAway(ids),
    );
  };
  const list = (ids: readonly Job["id"][], what: string) => (
    <>
      <h3>{what}</h3>
      {ids.length === 0 ? <p class="hint">None</p> : (
        <>
          <Held ids={ids.slice(0, shownJobs)} label={`${what}: jobs of ${id}`} />
          {ids.length > shownJobs && <p class="hint">and {count(ids.length - shownJobs)} more</p>}
          {mayManage.value && (
            <button type="button" class="danger" onClick={() => evict(ids)}>
              Take {count(ids.length)} from it
            </button>
          )}
        </>
      )}
    </>
  );
  return (
    <section class="card">
      <h2>
        <Text of={id} />
      </h2>
      <Shown loaded={loaded}>
        {({ jobs, stalled }) => <>{list(jobs, "In flight")}{list(stalled, "Stalled")}</>}
      </Shown>
    </section>
  );
}
