/** A list of jobs. */

import { bytes, inline } from "../format.ts";
import { maskPayload } from "../http-job.ts";
import type { Job } from "../model.ts";
import { JobLink, QueueLink, StatusBadge, Table, Text, Time } from "./small.tsx";

/** The instant that matters for a job: when it died, was completed, was taken, or is due. */
function momentOf(job: Job): number {
  if (job.status === "dead") return job.failed_at ?? job.ready_at;
  if (job.status === "completed") return job.completed_at ?? job.ready_at;
  if (job.status === "in_flight") return job.dequeued_at ?? job.ready_at;
  return job.ready_at;
}

export function JobTable(
  { jobs, label, chosen, choose }: {
    readonly jobs: readonly Job[];
    readonly label: string;
    readonly chosen?: ReadonlySet<string>;
    readonly choose?: (ids: ReadonlySet<string>) => void;
  },
) {
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose?.(next);
  };
  const isAll = chosen !== undefined && jobs.length > 0 && jobs.every(({ id }) => chosen.has(id));
  const failed = jobs.filter((job) => job.last_error != null).length;
  const heads = [
    ...choose === undefined ? [] : [
      <input
        type="checkbox"
        aria-label="Choose all jobs of this page"
        checked={isAll}
        onChange={() => choose(isAll ? new Set() : new Set(jobs.map(({ id }) => id)))}
      />,
    ],
    "Job",
    "Type",
    "Queue",
    "Status",
    "When",
    "#Tries",
    failed === 0 ? "Payload" : failed === jobs.length ? "Last failure" : "Payload or failure",
  ];
  return (
    <Table label={label} heads={heads}>
      {jobs.map((job) => (
        <tr key={job.id}>
          {choose && (
            <td>
              <input
                type="checkbox"
                aria-label={`Choose job ${job.id}`}
                checked={chosen?.has(job.id) ?? false}
                onChange={() => toggle(job.id)}
              />
            </td>
          )}
          <td>
            <JobLink id={job.id} />
          </td>
          <td>
            <Text of={job.type} />
          </td>
          <td>
            <QueueLink queue={job.queue} />
          </td>
          <td>
            <StatusBadge status={job.status} />
          </td>
          <td>
            <Time at={momentOf(job)} />
          </td>
          <td class="number">{job.attempts}</td>
          <td class="payload">
            {job.last_error
              ? (
                <span class="wrong-text">
                  <Text of={job.last_error.message.slice(0, 160)} />
                </span>
              )
              : job.payload_bytes !== undefined
              ? <span class="hint">{bytes(job.payload_bytes)}</span>
              : (
                <code>
                  <Text of={inline(maskPayload(job.type, job.payload))} />
                </code>
              )}
          </td>
        </tr>
      ))}
    </Table>
  );
}
