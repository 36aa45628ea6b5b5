/** Why a job does not run, as far as the broker knows. */

import type { ComponentChildren } from "preact";
import { segment, withQuery } from "../api.ts";
import { count, many } from "../format.ts";
import { useLive } from "../live.ts";
import type { Budget, Job, Queue, QueueServing, QueueSettings } from "../model.ts";
import { now } from "../state.ts";
import { JobLink, QueueLink, Text, Time } from "./small.tsx";

export function WhyNot({ job }: { readonly job: Job }) {
  const isWaiting = job.status === "ready";
  const path = `/queues/${segment(job.queue)}`;
  const queue = useLive<Queue>(isWaiting ? path : undefined);
  const settings = useLive<QueueSettings>(isWaiting ? `${path}/settings` : undefined);
  const asksWho = isWaiting || job.status === "scheduled" && job.attempts > 0;
  const serving = useLive<QueueServing>(
    asksWho ? withQuery(`${path}/serving`, { type: job.type }) : undefined,
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
  }
  const unserved = asksWho && serving.value !== undefined && whyUnserved(serving.value, job);
  if (unserved) reasons.push(unserved);
  if (isWaiting) {
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

/** Who asked within so long still serves a queue, in ms. */
const servesMs = 120_000;

/** What workers there are, as a reason; undefined if some may take the job, or if brokers could not say. */
function whyUnserved(serving: QueueServing, { queue, type }: Job): ComponentChildren {
  const { streams, resting, untyped, of_type: ofType, asked_at: askedAt, since } = serving;
  if (!serving.complete || askedAt !== null && askedAt > now.value - servesMs) return undefined;
  if (streams > 0) {
    if (untyped > 0 || ofType !== 0) return undefined;
    return (
      <>
        No worker for its type: {streams === 1 ? "the worker that reads" : (
          `the ${count(streams)} workers that read`
        )} <QueueLink queue={queue} /> {streams === 1 ? "does" : "do"} not run <Text of={type} />.
      </>
    );
  }
  if (resting > 0) {
    return (
      <>
        No worker for its queue: {many(resting, "worker reads", "workers read")}{" "}
        <QueueLink queue={queue} />, and {resting === 1 ? "takes" : "take"}{" "}
        no jobs now: quiet, paused or about to stop.
      </>
    );
  }
  const seconds = Math.min(servesMs, Math.max(0, now.value - since)) / 1000;
  return (
    <>
      No worker for its queue: no stream reads{" "}
      <QueueLink queue={queue} />, and nobody asked for its jobs{" "}
      {seconds < servesMs / 1000 ? "since the broker was started" : "in the last two minutes"}.
    </>
  );
}
