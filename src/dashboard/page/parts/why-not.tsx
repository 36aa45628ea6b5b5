/** Why a job does not run, as far as the broker knows. */

import type { ComponentChildren } from "preact";
import { segment, withQuery } from "../api.ts";
import { count, many } from "../format.ts";
import { useLive } from "../live.ts";
import type { Budget, Job, Queue, QueueSettings, Worker } from "../model.ts";
import { now } from "../state.ts";
import { JobLink, QueueLink, Text, Time } from "./small.tsx";

export function WhyNot({ job }: { readonly job: Job }) {
  const isWaiting = job.status === "ready";
  const path = `/queues/${segment(job.queue)}`;
  const queue = useLive<Queue>(isWaiting ? path : undefined);
  const settings = useLive<QueueSettings>(isWaiting ? `${path}/settings` : undefined);
  const workers = useLive<{ workers: readonly Worker[] }>(
    isWaiting ? "/workers?limit=200" : undefined,
  );
  const first = job.budgets?.[0]?.key;
  const budget = useLive<{ budget: Budget; waiting: readonly { count: number }[] }>(
    isWaiting && first !== undefined
      ? withQuery(`/budgets/${segment(first)}/waiting`, {})
      : undefined,
  );
  const reasons: ComponentChildren[] = [];
  if (job.status === "scheduled") {
    reasons.push(
      <>
        It is due <Time at={job.ready_at} />.
      </>,
    );
  }
  if (job.status === "blocked") {
    const [one, ...others] = job.depends_on ?? [];
    reasons.push(
      <>
        It waits for {one && <JobLink id={one} />}
        {others.length > 0 && ` and ${many(others.length, "other job")}`}.
      </>,
    );
  }
  if (isWaiting) {
    if (queue.value?.paused) {
      reasons.push(
        <>
          Queue <QueueLink queue={job.queue} /> is paused.
        </>,
      );
    }
    const limit = settings.value?.max_in_flight;
    if (limit !== undefined && queue.value !== undefined && queue.value.in_flight >= limit) {
      reasons.push(<>Its queue is full: {many(limit, "job")} may be in flight at once.</>);
    }
    if (budget.value !== undefined) {
      const { budget: { held_until: until }, waiting } = budget.value;
      const all = waiting.reduce((sum, row) => sum + row.count, 0);
      if (until !== undefined && until > now.value) {
        reasons.push(
          <>
            Budget <Text of={first} /> is held until <Time at={until} />.
          </>,
        );
      } else {reasons.push(
          <>
            It draws on budget <Text of={first} />, for which {many(all, "job waits", "jobs wait")}.
          </>,
        );}
    }
    const seen = workers.value?.workers.filter(({ last_seen_at: at }) =>
      at !== null && at > now.value - 120_000
    );
    if (seen?.length === 0) {
      reasons.push(<>No worker with a name was seen in the last two minutes.</>);
    }
    if (reasons.length === 0 && queue.value !== undefined) {
      reasons.push(
        <>
          Ready in its queue: {count(queue.value.ready)}; in flight:{" "}
          {count(queue.value.in_flight)}. If none moves, no worker takes from this queue, or those
          that do are busy.
        </>,
      );
    }
  }
  if (reasons.length === 0) return null;
  return (
    <section class="why" aria-label="Why it does not run">
      <strong>Why it does not run</strong>
      <ul>{reasons.map((reason, at) => <li key={at}>{reason}</li>)}</ul>
    </section>
  );
}
