/** Which hosts requests wait for, and which of them fail. */

import { withQuery } from "../api.ts";
import { count } from "../format.ts";
import { readRequest, requestType } from "../http-job.ts";
import { useLive } from "../live.ts";
import type { Job, JobPage } from "../model.ts";
import { link } from "../state.ts";
import { Empty, Shown, Table, Text, Time } from "./small.tsx";

/** Bytes of a payload of which method and address are read. */
const shownBytes = 8000;

/** So many of the oldest requests that are not done are looked at. */
const lookedAt = 500;

export function Origins() {
  const loaded = useLive<JobPage>(
    withQuery("/jobs", {
      type: requestType,
      status: "ready,in_flight,scheduled",
      limit: lookedAt,
      max_payload: shownBytes,
    }),
  );
  return (
    <Shown loaded={loaded}>
      {({ jobs, pages }) => {
        const rows = groupByOrigin(jobs);
        if (rows.length === 0) return <Empty>No request is on its way.</Empty>;
        return (
          <>
            <Table
              label="Origins"
              heads={["Origin", "#Waiting", "#Under way", "#Retrying", "#For later", "Next try"]}
            >
              {rows.map((row) => (
                <tr key={row.origin}>
                  <td>
                    {row.origin === ""
                      ? <span class="hint">sealed, or too large to be looked at</span>
                      : (
                        <a
                          class="name"
                          href={link(["requests"], { filter: originFilter(row.origin) })}
                        >
                          <Text of={row.origin} />
                        </a>
                      )}
                  </td>
                  <td class="number">{count(row.waiting)}</td>
                  <td class="number">{count(row.underWay)}</td>
                  <td class="number">
                    {row.retrying > 0
                      ? <strong class="wrong-text">{count(row.retrying)}</strong>
                      : 0}
                  </td>
                  <td class="number">{count(row.later)}</td>
                  <td>
                    <Time at={row.nextAt} />
                  </td>
                </tr>
              ))}
            </Table>
            {pages.next !== null && (
              <p class="hint">Counted among the {count(jobs.length)} that have waited longest.</p>
            )}
          </>
        );
      }}
    </Shown>
  );
}

const originFilter = (origin: string): string =>
  `.request.url | startswith(${JSON.stringify(`${origin}/`)})`;

interface OriginRow {
  readonly origin: string;
  waiting: number;
  underWay: number;
  retrying: number;
  later: number;
  nextAt: number | undefined;
}

/** Those with most that fail first, then those with most. */
function groupByOrigin(jobs: readonly Job[]): OriginRow[] {
  const rows = new Map<string, OriginRow>();
  for (const job of jobs) {
    const origin = readRequest(job.payload)?.sent?.origin ?? "";
    let row = rows.get(origin);
    if (row === undefined) {
      row = { origin, waiting: 0, underWay: 0, retrying: 0, later: 0, nextAt: undefined };
      rows.set(origin, row);
    }
    if (job.status === "ready") row.waiting++;
    else if (job.status === "in_flight") row.underWay++;
    else {
      if (job.attempts > 0) row.retrying++;
      else row.later++;
      row.nextAt = Math.min(row.nextAt ?? Infinity, job.ready_at);
    }
  }
  const all = (row: OriginRow) => row.waiting + row.underWay + row.retrying + row.later;
  return [...rows.values()].sort((a, b) => b.retrying - a.retrying || all(b) - all(a));
}
