/**
 * What `millrace top` shows, and what a key makes of it: without a terminal, and without a broker.
 *
 * | View       | Shows                     | Enter opens               | Keys of its own                       |
 * | ---------- | ------------------------- | ------------------------- | ------------------------------------- |
 * | `queues`   | queues by status, their last hour | the jobs of the queue     | `p` pauses or lets it go on, `o` sorts |
 * | `jobs`     | jobs, the newest first    | the job                   | `s` status, `/` jq, `r` `c` `d`       |
 * | `job`      | all of a job              | nothing                   | `r` retries, `c` cancels, `d` deletes |
 * | `workers`  | workers                   | nothing                   | none                                  |
 * | `failures` | what dead jobs died of    | the jobs of the group     | `r` retries all of the group          |
 *
 * @module
 */

import type {
  FailureGroup,
  Job,
  JobStatus,
  QueueDetails,
  SeenWorker,
} from "../../../src/client/mod.ts";
import { jobStatuses } from "../../../src/protocol/job.ts";
import type { Flows } from "./flow.ts";
import type { Key } from "./keys.ts";

/** A view that has a tab. */
export const tabs = ["queues", "jobs", "workers", "failures"] as const;

/** What is looked at. */
export type View = (typeof tabs)[number] | "job";

/** What was loaded for the view. */
export interface Loaded {
  readonly queues: readonly QueueDetails[];
  /** How their jobs fared in the last hour. */
  readonly flows: Flows;
  readonly jobs: readonly Job[];
  readonly workers: readonly SeenWorker[];
  readonly failures: readonly FailureGroup[];
  readonly job: Job | undefined;
}

/** Nothing yet. */
export const nothing: Loaded = {
  queues: [],
  flows: undefined,
  jobs: [],
  workers: [],
  failures: [],
  job: undefined,
};

/** What is done with the broker. */
export type Deed =
  | { readonly kind: "pause" | "resume"; readonly queue: string }
  | { readonly kind: "retry" | "cancel" | "delete"; readonly id: string }
  | { readonly kind: "retryGroup"; readonly group: string };

/** What queues are sorted by: their names, or the most of something. */
const sorts = ["name", "ready", "inFlight", "dead"] as const;

/** One of them. */
export type Sort = (typeof sorts)[number];

/** All that is remembered between keys. */
export interface State {
  readonly view: View;
  /** Which row is chosen, from 0. */
  readonly row: number;
  /** What queues are sorted by; their names if it is left out. */
  readonly sort?: Sort | undefined;
  /** What narrows the list of jobs. */
  readonly queue?: string | undefined;
  readonly status?: JobStatus | undefined;
  readonly group?: string | undefined;
  readonly filter?: string | undefined;
  /** The job that is looked at. */
  readonly id?: string | undefined;
  /** What is typed as a filter. */
  readonly typed?: string | undefined;
  /** What is done if the answer is yes. */
  readonly asked?: { readonly question: string; readonly deed: Deed } | undefined;
}

/** At the start. */
export const firstState: State = { view: "queues", row: 0 };

/** What a key leads to. */
export interface Step {
  readonly state: State;
  readonly deed?: Deed;
  readonly isOver?: true;
}

/** How many rows a view has. */
function countRows({ view }: State, loaded: Loaded): number {
  return view === "job" ? 0 : loaded[view].length;
}

/** What a key makes of the state. `page` is how many rows the screen has. */
export function press(state: State, key: Key, loaded: Loaded, page: number): Step {
  if (key === "quit") return { state, isOver: true };
  if (state.typed !== undefined) return type(state, state.typed, key);
  if (state.asked !== undefined) {
    const { deed } = state.asked;
    const next = { ...state, asked: undefined };
    return key === "y" ? { state: next, deed } : { state: next };
  }
  const moved = move(state, key, countRows(state, loaded), page);
  if (moved !== undefined) return { state: moved };
  switch (key) {
    case "q":
      return { state, isOver: true };
    case "escape":
    case "backspace":
      return { state: goBack(state) };
    case "enter":
      return { state: open(state, loaded) };
    case "tab":
    case "backtab":
      return { state: turn(state, key === "tab" ? 1 : -1) };
    case "/":
      return { state: { ...state, view: "jobs", row: 0, typed: state.filter ?? "" } };
    case "s":
      return { state: { ...state, view: "jobs", row: 0, status: nextStatus(state.status) } };
  }
  const tab = tabs[Number(key) - 1];
  if (tab !== undefined) return { state: { view: tab, row: 0, sort: state.sort } };
  return act(state, key, loaded);
}

function type(state: State, typed: string, key: Key): Step {
  if (key === "enter") {
    return { state: { ...state, row: 0, typed: undefined, filter: typed.trim() || undefined } };
  }
  if (key === "escape") return { state: { ...state, typed: undefined } };
  if (key === "backspace") return { state: { ...state, typed: [...typed].slice(0, -1).join("") } };
  return key.length > 2 ? { state } : { state: { ...state, typed: typed + key } };
}

function move(state: State, key: Key, rows: number, page: number): State | undefined {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -page,
    pagedown: page,
    home: -Infinity,
    end: Infinity,
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  return { ...state, row: Math.min(Math.max(0, state.row + step), Math.max(0, rows - 1)) };
}

function turn({ view, sort }: State, by: number): State {
  const at = view === "job" ? 1 : tabs.indexOf(view);
  return { view: tabs[(at + by + tabs.length) % tabs.length]!, row: 0, sort };
}

function nextStatus(status: JobStatus | undefined): JobStatus | undefined {
  return jobStatuses[status === undefined ? 0 : jobStatuses.indexOf(status) + 1];
}

function goBack(state: State): State {
  if (state.view === "job") return { ...state, view: "jobs", id: undefined };
  if (state.view !== "jobs") return { ...state, view: "queues", row: 0 };
  return { view: state.group === undefined ? "queues" : "failures", row: 0, sort: state.sort };
}

function open(state: State, loaded: Loaded): State {
  const { view, row, sort } = state;
  if (view === "queues") {
    const queue = loaded.queues[row]?.queue;
    return queue === undefined ? state : { view: "jobs", row: 0, queue, sort };
  }
  if (view === "failures") {
    const group = loaded.failures[row]?.group;
    return group === undefined ? state : { view: "jobs", row: 0, group, status: "dead", sort };
  }
  const id = view === "jobs" ? loaded.jobs[row]?.id : undefined;
  return id === undefined ? state : { ...state, view: "job", id };
}

/** What is asked before it is done, unless it can be taken back. */
function act(state: State, key: Key, loaded: Loaded): Step {
  const { view, row } = state;
  const ask = (question: string, deed: Deed): Step => ({
    state: { ...state, asked: { question, deed } },
  });
  if (view === "queues" && key === "o") {
    const next = sorts[(sorts.indexOf(state.sort ?? "name") + 1) % sorts.length];
    return { state: { ...state, sort: next, row: 0 } };
  }
  if (view === "queues" && key === "p") {
    const queue = loaded.queues[row];
    if (queue === undefined) return { state };
    return { state, deed: { kind: queue.paused ? "resume" : "pause", queue: queue.queue } };
  }
  if (view === "failures" && key === "r") {
    const group = loaded.failures[row];
    if (group === undefined) return { state };
    const deed: Deed = { kind: "retryGroup", group: group.group };
    return ask(`Retry ${group.count} jobs that died of '${group.group}'?`, deed);
  }
  const job = view === "job" ? loaded.job : view === "jobs" ? loaded.jobs[row] : undefined;
  if (job === undefined) return { state };
  const { id } = job;
  if (key === "r") return { state, deed: { kind: "retry", id } };
  if (key === "c") return ask(`Cancel job ${id}?`, { kind: "cancel", id });
  if (key === "d") return ask(`Delete job ${id}?`, { kind: "delete", id });
  return { state };
}
