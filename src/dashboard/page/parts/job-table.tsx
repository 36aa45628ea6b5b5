/** A list of jobs. */

import { bytes, inline } from "../format.ts";
import { maskPayload } from "../http-job.ts";
import type { Job } from "../model.ts";
import { LastFailure, StateCells, stateHeads } from "./job-cells.tsx";
import { JobLink, QueueLink, Table, Text } from "./small.tsx";

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
    ...stateHeads,
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
          <StateCells job={job} />
          <td class="payload">
            {job.last_error
              ? <LastFailure of={job} />
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
