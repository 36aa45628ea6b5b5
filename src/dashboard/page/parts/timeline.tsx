/** The life of a job as a line: when it was stored, ready, taken and over, and how long each part took. */

import { createdAtOf } from "../../../protocol/created-at.ts";
import { span } from "../format.ts";
import type { Job } from "../model.ts";
import { now } from "../state.ts";
import { Time } from "./small.tsx";

interface Step {
  readonly name: string;
  readonly at: number;
  readonly color: string;
}

/** The instants that a job keeps of itself, in their order. */
function stepsOf(job: Job): Step[] {
  const made = createdAtOf(job.id);
  const steps: (Step | undefined)[] = [
    made === undefined ? undefined : { name: "Enqueued", at: made, color: "scheduled" },
    made !== undefined && Math.abs(job.ready_at - made) < 1000 && job.status !== "scheduled"
      ? undefined
      : { name: job.status === "scheduled" ? "Due" : "Ready", at: job.ready_at, color: "ready" },
    job.dequeued_at === undefined
      ? undefined
      : { name: "Taken", at: job.dequeued_at, color: "in-flight" },
    job.failed_at === undefined ? undefined : {
      name: job.status === "dead" ? "Died" : "Failed",
      at: job.failed_at,
      color: job.status === "dead" ? "dead" : "blocked",
    },
    job.completed_at === undefined
      ? undefined
      : { name: "Completed", at: job.completed_at, color: "completed" },
  ];
  return steps.filter((step) => step !== undefined).sort((a, b) => a.at - b.at);
}

export function Timeline({ job }: { readonly job: Job }) {
  const steps = stepsOf(job);
  if (job.status !== "dead" && job.status !== "completed") {
    const behind = steps.findIndex(({ at }) => at > now.value);
    const present = { name: "Now", at: now.value, color: "now" };
    steps.splice(behind === -1 ? steps.length : behind, 0, present);
  }
  return (
    <ol class="timeline" aria-label="What happened when">
      {steps.map(({ name, at, color }, index) => {
        const before = steps[index - 1];
        return (
          <li key={name} class={color}>
            <span class="took">{before ? span(Math.max(0, at - before.at)) : ""}</span>
            <strong>{name}</strong>
            {color === "now" ? <span>{job.status.replace("_", " ")}</span> : <Time at={at} />}
          </li>
        );
      })}
    </ol>
  );
}
