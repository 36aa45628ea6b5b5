/** All of one job. */

import { useState } from "preact/hooks";
import { change, segment, withQuery } from "../api.ts";
import { span } from "../format.ts";
import { useLive } from "../live.ts";
import type { ErrorRecord, HistoryEntry, Job } from "../model.ts";
import { Links } from "../parts/links.tsx";
import {
  Empty,
  Facts,
  Heading,
  Json,
  QueueLink,
  Shown,
  StatusBadge,
  Table,
  Text,
  Time,
} from "../parts/small.tsx";
import { WhyNot } from "../parts/why-not.tsx";
import { act, ask, go, link, mayManage } from "../state.ts";

export function JobDetails({ id }: { readonly id: string }) {
  const path = `/jobs/${segment(id)}`;
  const loaded = useLive<Job>(`${path}?last_error=true`);
  const errors = useLive<{ errors: readonly ErrorRecord[] }>(
    withQuery(`${path}/errors`, { order: "desc", limit: 20 }),
  );
  const history = useLive<{ history: readonly HistoryEntry[] }>(
    withQuery(`${path}/history`, { limit: 100 }),
  );
  return (
    <Shown loaded={loaded}>
      {(job) => (
        <>
          <Heading actions={mayManage.value && <Deeds job={job} />}>
            <Text of={job.type} /> <StatusBadge status={job.status} />
          </Heading>
          <WhyNot job={job} />
          <About job={job} />
          {job.progress && (
            <label class="row">
              Progress
              <progress max={1} value={job.progress.value} /> <Text of={job.progress.message} />
            </label>
          )}
          <h2>Payload</h2>
          <Json label="Payload" value={job.payload ?? null} />
          {job.result !== undefined && (
            <>
              <h2>Result</h2>
              <Json label="Result" value={job.result} />
            </>
          )}
          <h2>Errors</h2>
          <Shown loaded={errors}>{({ errors }) => <Errors errors={errors} />}</Shown>
          {(job.depends_on !== undefined || job.dependents !== undefined) && <Links id={id} />}
          <h2>History</h2>
          <Shown loaded={history}>{({ history }) => <History entries={history} />}</Shown>
        </>
      )}
    </Shown>
  );
}

function About({ job }: { readonly job: Job }) {
  const ranMs = job.completed_at !== undefined && job.dequeued_at !== undefined
    ? job.completed_at - job.dequeued_at
    : undefined;
  return (
    <Facts
      facts={[
        ["Id", <code>{job.id}</code>],
        ["Queue", <QueueLink queue={job.queue} />],
        ["Priority", job.priority],
        [
          "Tries",
          job.retry_limit === undefined
            ? job.attempts
            : `${job.attempts} of ${job.retry_limit + 1}`,
        ],
        ["Deliveries", job.deliveries],
        ["Ready", <Time at={job.ready_at} />],
        ["Taken", job.dequeued_at && <Time at={job.dequeued_at} />],
        ["Ran", ranMs === undefined ? undefined : span(ranMs)],
        ["Completed", job.completed_at && <Time at={job.completed_at} />],
        ["Failed", job.failed_at && <Time at={job.failed_at} />],
        ["Forgotten", job.purge_at && <Time at={job.purge_at} />],
        ["Lease ends", job.lease_expires_at && <Time at={job.lease_expires_at} />],
        ["Unique key", job.unique_key && <Text of={job.unique_key} />],
        [
          "Died of",
          job.failure_group && (
            <a href={link(["jobs"], { status: "dead", failure_group: job.failure_group })}>
              <Text of={job.failure_group} />
            </a>
          ),
        ],
        [
          "Budgets",
          job.budgets && (
            <Text of={job.budgets.map(({ key, cost }) => `${key} (${cost})`).join(", ")} />
          ),
        ],
        [
          "Goes with it",
          job.meta && (
            <Text
              of={Object.entries(job.meta).map(([name, value]) => `${name}: ${value}`).join("\n")}
            />
          ),
        ],
        ["Tags", <Tags job={job} />],
      ]}
    />
  );
}

function Tags({ job: { id, tags = [] } }: { readonly job: Job }) {
  const path = `/jobs/${segment(id)}/tags`;
  const add = (tag: string) => change("POST", path, { tags: [tag] });
  const remove = (tag: string) => change("DELETE", withQuery(path, { tag }));
  return (
    <div class="row">
      {tags.map((tag) => (
        <span key={tag} class="badge">
          <a href={link(["jobs"], { tag })}>
            <Text of={tag} />
          </a>
          {mayManage.value && (
            <button
              type="button"
              class="quiet"
              aria-label={`Take the tag ${tag} away`}
              onClick={() => act(`Tag '${tag}' is gone`, () => remove(tag), () => add(tag))}
            >
              ×
            </button>
          )}
        </span>
      ))}
      {mayManage.value && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            const form = event.currentTarget;
            const tag = String(new FormData(form).get("tag") ?? "").trim();
            if (tag === "") return;
            form.reset();
            void act(`Tagged '${tag}'`, () => add(tag), () => remove(tag));
          }}
        >
          <input name="tag" aria-label="New tag" placeholder="new tag" size={10} />
        </form>
      )}
    </div>
  );
}

function Deeds({ job }: { readonly job: Job }) {
  const { id, queue, priority, status, tracked = false } = job;
  const path = `/jobs/${segment(id)}`;
  const isOver = status === "dead" || status === "completed";
  const [isMoving, setMoving] = useState(false);
  const track = (on: boolean) => change(on ? "PUT" : "DELETE", `${path}/track`);
  const remove = async () => {
    if (!await ask("Delete this job?", "It is gone for good.", "Delete")) return;
    if (await act("The job is deleted", () => change("DELETE", path))) go(["jobs"], { queue });
  };
  const cancel = async () => {
    if (
      !await ask(
        "Cancel this job?",
        "It is dead then; its worker is told if it runs.",
        "Cancel the job",
      )
    ) return;
    await act(
      "The job is cancelled",
      () => change("POST", `${path}/cancel`, { reason: "Cancelled in the dashboard" }),
    );
  };
  return (
    <>
      {isOver && (
        <button
          type="button"
          class="main"
          onClick={() => act("The job runs again", () => change("POST", `${path}/retry`))}
        >
          Retry
        </button>
      )}
      {status === "scheduled" && (
        <button
          type="button"
          onClick={() =>
            act(
              "The job is ready",
              () => change("PATCH", path, { ready_at: null }),
              () => change("PATCH", path, { ready_at: job.ready_at }),
            )}
        >
          Run now
        </button>
      )}
      <button
        type="button"
        onClick={() =>
          act(
            tracked ? "Not tracked any more" : "Tracked",
            () => track(!tracked),
            () => track(tracked),
          )}
      >
        {tracked ? "Untrack" : "Track"}
      </button>
      {!isOver && (
        <button
          type="button"
          onClick={() => setMoving(!isMoving)}
          aria-expanded={isMoving}
        >
          Change
        </button>
      )}
      {!isOver && <button type="button" onClick={cancel}>Cancel</button>}
      <button type="button" class="danger" onClick={remove}>Delete</button>
      {isMoving && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            const form = new FormData(event.currentTarget);
            const next = {
              queue: String(form.get("queue")),
              priority: Number(form.get("priority")),
            };
            setMoving(false);
            void act(
              "Changed",
              () => change("PATCH", path, next),
              () => change("PATCH", path, { queue, priority }),
            );
          }}
        >
          <label>
            Queue<input name="queue" required defaultValue={queue} />
          </label>
          <label>
            Priority<input
              name="priority"
              type="number"
              min={0}
              max={65_535}
              required
              defaultValue={String(priority)}
            />
          </label>
          <button type="submit">Set</button>
        </form>
      )}
    </>
  );
}

function Errors({ errors }: { readonly errors: readonly ErrorRecord[] }) {
  if (errors.length === 0) return <Empty>It has not failed.</Empty>;
  return (
    <ol class="errors">
      {errors.map((error) => (
        <li key={error.attempt}>
          <details open={error === errors[0]}>
            <summary>
              Try {error.attempt}, <Time at={error.failed_at} />:{" "}
              <strong>
                <Text of={error.error_type} />
              </strong>{" "}
              <Text of={error.message.slice(0, 2000)} />
            </summary>
            {error.backtrace && (
              <pre tabIndex={0}><Text of={error.backtrace.slice(0, 20_000)} /></pre>
            )}
          </details>
        </li>
      ))}
    </ol>
  );
}

function History({ entries }: { readonly entries: readonly HistoryEntry[] }) {
  if (entries.length === 0) {
    return (
      <Empty>
        None is kept. <code>history: true</code> keeps it for a job, <code>--history all</code>{" "}
        for all.
      </Empty>
    );
  }
  return (
    <Table label="History" heads={["When", "What", "More"]}>
      {entries.map(({ at, what, queue, worker_id: worker, failure_group: group, data }, index) => (
        <tr key={index}>
          <td>
            <Time at={at} />
          </td>
          <td>
            <Text of={what} />
          </td>
          <td>
            <Text
              of={[queue, worker, group, data === undefined ? "" : JSON.stringify(data)]
                .filter(Boolean).join(" · ")}
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}
