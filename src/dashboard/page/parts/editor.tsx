/** Runs a job anew with another payload: what differs is shown before. */

import { useState } from "preact/hooks";
import { change, segment } from "../api.ts";
import { type DiffLine, diffLines } from "../line-diff.ts";
import type { Job } from "../model.ts";
import { act } from "../state.ts";
import { PayloadField, PriorityField } from "./fields.tsx";
import { Text } from "./small.tsx";

const write = (value: unknown): string => JSON.stringify(value, null, 2) ?? "null";

function read(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** Lines that are the same are left out but for some around the others. */
const around = 2;

function Diff({ lines }: { readonly lines: readonly DiffLine[] }) {
  const isNear = (at: number) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(({ kind }) => kind !== "same");
  return (
    <pre class="json diff" tabIndex={0} role="region" aria-label="What differs">
      {lines.map(({ kind, text }, at) =>
        isNear(at)
          ? (
            <span key={at} class={kind}>
              {kind === "new" ? "+ " : kind === "gone" ? "- " : "  "}
              <Text of={text} />
            </span>
          )
          : isNear(at - 1) && <span key={at} class="hint">…</span>
      )}
    </pre>
  );
}

export function Editor({ job, done }: { readonly job: Job; readonly done: () => void }) {
  const before = write(job.payload ?? null);
  const [text, setText] = useState(before);
  const [isLooking, setLooking] = useState(false);
  const parsed = read(text);
  const after = "value" in parsed ? write(parsed.value) : text;
  const isOver = job.status === "dead" || job.status === "completed";
  return (
    <form
      class="card editor"
      onSubmit={async (event) => {
        event.preventDefault();
        if ("problem" in parsed) return;
        if (!isLooking && after !== before) {
          setLooking(true);
          return;
        }
        const form = new FormData(event.currentTarget);
        const limit = String(form.get("retry_limit") ?? "");
        const isDone = await act(
          "The job begins anew",
          () =>
            change("POST", `/jobs/${segment(job.id)}/requeue`, {
              queue: String(form.get("queue")),
              priority: Number(form.get("priority")),
              ...limit === "" ? {} : { retry_limit: Number(limit) },
              ...after === before ? {} : { payload: parsed.value },
            }),
        );
        if (isDone) done();
      }}
    >
      <h2>Begin anew, with changes</h2>
      <p class="hint">
        {isOver
          ? "It runs again as if it had never run."
          : job.status === "in_flight"
          ? "It is taken from its worker, and runs again as if it had never run."
          : "It takes the place of what waits."}
      </p>
      <div class="narrow">
        <label>
          Queue<input name="queue" required list="queue-names" defaultValue={job.queue} />
        </label>
        <PriorityField value={job.priority} />
        <label>
          Retries<input
            name="retry_limit"
            type="number"
            min={0}
            placeholder="as usual"
            defaultValue={job.retry_limit?.toString()}
          />
        </label>
      </div>
      <PayloadField
        text={text}
        isWrong={"problem" in parsed}
        lines={[4, 24]}
        write={(next) => {
          setText(next);
          setLooking(false);
        }}
      />
      {"problem" in parsed && <p class="wrong" role="alert">{parsed.problem}</p>}
      {isLooking && <Diff lines={diffLines(before, after)} />}
      <div class="row end">
        <button type="button" onClick={done}>Leave it</button>
        <button type="submit" class="main" disabled={"problem" in parsed}>
          {after === before || isLooking ? "Begin anew" : "Show what differs"}
        </button>
      </div>
    </form>
  );
}
