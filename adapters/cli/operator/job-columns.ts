/**
 * What a table shows of a job.
 *
 * @module
 */

import { toSpanText } from "../../../src/async/span-text.ts";
import type { Job } from "../../../src/client/mod.ts";
import type { Column } from "./table.ts";

/** The columns of a list of jobs, by the clock of this machine. */
export function toJobColumns(now: number): readonly Column<Job>[] {
  return [
    { title: "ID", of: ({ id }) => id },
    { title: "TYPE", of: ({ type }) => type, cut: true },
    { title: "QUEUE", of: ({ queue }) => queue, cut: true },
    { title: "STATUS", of: ({ status }) => status },
    { title: "FAILED", of: ({ attempts }) => String(attempts), right: true },
    { title: "WHEN", of: (job) => describeWhen(job, now) },
    { title: "PAYLOAD", of: ({ payload }) => JSON.stringify(payload) ?? "", cut: true },
  ];
}

/** Since when, or from when on, a job is where it is. */
export function describeWhen(job: Job, now: number): string {
  switch (job.status) {
    case "scheduled":
      return `in ${toSpanText(job.readyAt - now)}`;
    case "in_flight":
      return since(job.dequeuedAt);
    case "completed":
      return ago(job.completedAt);
    case "dead":
      return ago(job.failedAt);
    case "ready":
      return since(job.readyAt);
    case "blocked":
      return "";
  }

  function since(instant: number | undefined) {
    return instant === undefined ? "" : `for ${toSpanText(now - instant)}`;
  }
  function ago(instant: number | undefined) {
    return instant === undefined ? "" : `${toSpanText(now - instant)} ago`;
  }
}
