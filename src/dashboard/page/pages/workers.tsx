/** The workers, and what they have. */

import { CallError, change, segment, withQuery } from "../api.ts";
import { count, many } from "../format.ts";
import { useLive } from "../live.ts";
import type { Job, Pages, Worker } from "../model.ts";
import { JobTable } from "../parts/job-table.tsx";
import { Heading, Shown, Table, Text, Time } from "../parts/small.tsx";
import { EmptyPage, Pager } from "../parts/pager.tsx";
import { act, ask, go, mayManage, now, place } from "../state.ts";

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
                <Table label="Workers" heads={["Worker", "Seen", "#Jobs", "#Stalled", ""]}>
                  {workers.map((worker) => <Row key={worker.id} worker={worker} />)}
                </Table>
                <Pager pages={pages} />
              </>
            )}
      </Shown>
    </>
  );
}

function Row({ worker: { id, last_seen_at: at, jobs, stalled } }: { readonly worker: Worker }) {
  const isSilent = at === null || at < now.value - silentMs;
  return (
    <tr>
      <td>
        <button type="button" class="as-link" onClick={() => go(["workers", id])}>
          <Text of={id} />
        </button>
        {isSilent && <span class="badge dead">silent</span>}
      </td>
      <td>
        <Time at={at} />
      </td>
      <td class="number">{count(jobs)}</td>
      <td class="number">
        {stalled > 0 ? <strong class="wrong-text">{count(stalled)}</strong> : 0}
      </td>
      <td class="end">
        {mayManage.value && isSilent && jobs === 0 && (
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
