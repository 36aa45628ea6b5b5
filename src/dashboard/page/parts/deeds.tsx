/** What can be done with one job. */

import { useState } from "preact/hooks";
import { change, segment } from "../api.ts";
import type { Job } from "../model.ts";
import { act, ask, go, now } from "../state.ts";
import { PriorityField } from "./fields.tsx";

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

/** Until when a job can be put off. */
const delays = [
  ["in 5 minutes", 5 * minute],
  ["in an hour", hour],
  ["in a day", day],
  ["in a week", 7 * day],
] as const;

/** Names for priorities; a lower number runs sooner. */
const priorities = [["high", 8192], ["normal", 32_768], ["low", 57_344]] as const;

export function Deeds(
  { job, edit, gone }: {
    readonly job: Job;
    /** Opens the editor; undefined where there is nothing to edit. */
    readonly edit?: () => void;
    /** Where to go when the job is gone. */
    readonly gone: readonly string[];
  },
) {
  const { id, queue, priority, status, tracked = false } = job;
  const path = `/jobs/${segment(id)}`;
  const isOver = status === "dead" || status === "completed";
  const isWaiting = status === "ready" || status === "scheduled";
  const [isMoving, setMoving] = useState(false);
  const track = (on: boolean) => change(on ? "PUT" : "DELETE", `${path}/track`);
  const setReady = (at: number | null) => change("PATCH", path, { ready_at: at });

  const remove = async () => {
    const waiting = job.dependents?.length ?? 0;
    const text = waiting === 0
      ? "It is gone for good."
      : "It is gone for good, and so is what waits for it.";
    if (!await ask("Delete this job?", text, "Delete")) return;
    const cascade = waiting === 0 ? "" : "?cascade=true";
    if (await act("The job is deleted", () => change("DELETE", `${path}${cascade}`))) go(gone);
  };
  const cancel = async () => {
    const text = status === "in_flight"
      ? "Its worker is told to stop; the job is dead then."
      : "It is dead then, and can be retried.";
    if (!await ask("Cancel this job?", text, "Cancel the job")) return;
    await act(
      "The job is cancelled",
      () => change("POST", `${path}/cancel`, { reason: "Cancelled in the dashboard" }),
    );
  };
  const takeAway = async () => {
    const text = "Its worker is told that it has lost it, and another one may take it.";
    if (!await ask("Take this job from its worker?", text, "Take it")) return;
    await act("The job was taken from its worker", () => change("POST", `${path}/timeout`));
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
          class="main"
          onClick={() =>
            act("The job is ready", () => setReady(null), () => setReady(job.ready_at))}
        >
          Run now
        </button>
      )}
      {isWaiting && (
        <select
          aria-label="Put off"
          value=""
          onChange={(event) => {
            const later = now.value + Number(event.currentTarget.value);
            event.currentTarget.value = "";
            void act(
              "The job was put off",
              () => setReady(later),
              () => setReady(status === "ready" ? null : job.ready_at),
            );
          }}
        >
          <option value="">Put off…</option>
          {delays.map(([name, ms]) => <option key={ms} value={ms}>{name}</option>)}
        </select>
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
      {edit && <button type="button" onClick={edit}>Edit and begin anew</button>}
      {status === "in_flight" && <button type="button" onClick={takeAway}>Take away</button>}
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
            Queue <input name="queue" required list="queue-names" defaultValue={queue} />
          </label>
          <PriorityField value={priority} list="priorities" />
          <datalist id="priorities">
            {priorities.map(([name, value]) => <option key={name} value={value}>{name}</option>)}
          </datalist>
          <button type="submit">Set</button>
        </form>
      )}
    </>
  );
}
