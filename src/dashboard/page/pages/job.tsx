/** All of one job. */

import { useState } from "preact/hooks";
import { change, segment, withQuery } from "../api.ts";
import { createdAtOf } from "../../../protocol/created-at.ts";
import { bytes, count, percent, span } from "../format.ts";
import { callbackType, maskPayload, readCallback, requestType } from "../http-job.ts";
import { useLive } from "../live.ts";
import type { ErrorRecord, HistoryEntry, Job } from "../model.ts";
import { Deeds } from "../parts/deeds.tsx";
import { Editor } from "../parts/editor.tsx";
import { Links } from "../parts/links.tsx";
import { QueueNames, TagNames } from "../parts/names.tsx";
import { useOnce } from "../once.ts";
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
import { Timeline } from "../parts/timeline.tsx";
import { WhyNot } from "../parts/why-not.tsx";
import { act, link, mayManage, now } from "../state.ts";

/** Bytes of a payload that comes with its job each time; a larger one is loaded when somebody wants to see it. */
const shownBytes = 100_000;

export function JobDetails({ id }: { readonly id: string }) {
  const path = `/jobs/${segment(id)}`;
  const loaded = useLive<Job>(`${path}?max_payload=${shownBytes}`);
  const [isEditing, setEditing] = useState(false);
  const [isWanted, setWanted] = useState(false);
  const whole = useOnce<Job>(isWanted ? path : undefined);
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
          <Heading
            actions={mayManage.value && (
              <Deeds
                job={job}
                gone={["jobs"]}
                {...!isOutbound(job) && (job.payload_bytes === undefined || whole !== undefined)
                  ? { edit: () => setEditing(!isEditing) }
                  : {}}
              />
            )}
          >
            <Text of={job.type} /> <StatusBadge status={job.status} />
          </Heading>
          <QueueNames />
          <TagNames />
          <Outbound job={job} />
          <WhyNot job={job} />
          <Timeline job={job} />
          {isEditing && (
            <Editor
              key={job.id}
              job={{ ...job, payload: job.payload ?? whole?.payload }}
              done={() => setEditing(false)}
            />
          )}
          <About job={job} />
          {job.progress !== undefined && <Progress of={job.progress} />}
          {isWaiting(job) && <Links job={job} />}
          <h2>Payload</h2>
          {job.payload_bytes === undefined || whole !== undefined
            ? (
              <Json
                label="Payload"
                value={maskPayload(job.type, job.payload ?? whole?.payload ?? null)}
              />
            )
            : (
              <p class="card">
                It has {bytes(job.payload_bytes)}.{" "}
                <button type="button" onClick={() => setWanted(true)}>Load it</button>
              </p>
            )}
          {job.result !== undefined && (
            <>
              <h2>Result</h2>
              <Json label="Result" value={job.result} />
            </>
          )}
          <h2>Errors</h2>
          <Shown loaded={errors}>{({ errors }) => <Errors errors={errors} />}</Shown>
          {!isWaiting(job) && job.dependents !== undefined && <Links job={job} />}
          <h2>History</h2>
          <Shown loaded={history}>{({ history }) => <History entries={history} />}</Shown>
        </>
      )}
    </Shown>
  );
}

/** Whether it waits for others: what these are is what somebody looks for first. */
const isWaiting = ({ depends_on: parents }: Job) => parents !== undefined;

function Progress({ of }: { readonly of: NonNullable<Job["progress"]> }) {
  const { value, message } = typeof of === "number" ? { value: of, message: undefined } : of;
  return (
    <label class="row">
      Progress <progress max={1} value={value} /> {percent(value)} <Text of={message} />
    </label>
  );
}

/** Its payload may hold secrets, which an editor would show. */
function isOutbound({ type }: Job): boolean {
  return type === requestType || type === callbackType;
}

/** Where a job of outbound HTTP is shown as what it is. */
function Outbound({ job }: { readonly job: Job }) {
  const id = job.type === requestType
    ? job.id
    : job.type === callbackType
    ? readCallback(job.payload)?.id
    : undefined;
  if (id === undefined) return null;
  return (
    <p>
      <a href={link(["requests", id])}>See the request that it belongs to</a>
    </p>
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
        ["Priority", count(job.priority)],
        [
          "Tries",
          job.retry_limit === undefined
            ? count(job.attempts)
            : `${count(job.attempts)} of ${count(job.retry_limit + 1)}`,
        ],
        ["Deliveries", job.deliveries === undefined ? undefined : count(job.deliveries)],
        ["Enqueued", <Time at={createdAtOf(job.id)} />],
        // Of one that waits for others it is no more than the earliest instant.
        ["Ready", isWaiting(job) ? undefined : <Time at={job.ready_at} />],
        [
          "Not before",
          isWaiting(job) && job.ready_at > now.value ? <Time at={job.ready_at} /> : undefined,
        ],
        ["Taken", job.dequeued_at && <Time at={job.dequeued_at} />],
        ["Ran", ranMs === undefined ? undefined : span(ranMs)],
        ["Completed", job.completed_at && <Time at={job.completed_at} />],
        ["Failed", job.failed_at && <Time at={job.failed_at} />],
        ["Forgotten", job.purge_at && <Time at={job.purge_at} />],
        ["Lease ends", job.lease_expires_at && <Time at={job.lease_expires_at} />],
        [
          "Worker",
          job.worker_id && (
            <a href={link(["workers", job.worker_id])}>
              <Text of={job.worker_id} />
            </a>
          ),
        ],
        [
          "To be cancelled",
          job.cancel_reason !== undefined && (
              <>
                <Text of={job.cancel_reason} /> {job.cancel_force_at && (
                  <>
                    (forced <Time at={job.cancel_force_at} />)
                  </>
                )}
              </>
            ) || undefined,
        ],
        [
          "Backoff",
          job.backoff &&
          `n^${job.backoff.exponent} + ${span(job.backoff.base_ms)}, ± ${
            span(job.backoff.jitter_ms)
          }`,
        ],
        ["Came from", job.spawned_from && <Text of={job.spawned_from} />],
        ["Batch", job.batch && <Text of={job.batch.key} />],
        [
          "Unique key",
          job.unique_key && (
            <>
              <Text of={job.unique_key} /> <span class="hint">{job.unique_while}</span>
            </>
          ),
        ],
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
            <Text of={job.budgets.map(({ key, cost }) => `${key} (${count(cost)})`).join(", ")} />
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
          <input name="tag" list="tag-names" aria-label="New tag" placeholder="new tag" size={10} />
        </form>
      )}
    </div>
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
              Try {count(error.attempt)}, <Time at={error.failed_at} />:{" "}
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
