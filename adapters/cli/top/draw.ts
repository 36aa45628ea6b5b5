/**
 * What `millrace top` draws: lines of text that fit a screen.
 *
 * @module
 */

import { toSpanText } from "../../../src/async/span-text.ts";
import type { FailureGroup, Job, QueueDetails, SeenWorker } from "../../../src/client/mod.ts";
import { toPrintable } from "../../../src/printable.ts";
import { type Column, createTable, cutTo, widthOf } from "../operator/table.ts";
import type { Flows } from "./flow.ts";
import { type Loaded, type Sort, type State, tabs, type View } from "./model.ts";

/** What is drawn on. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is known besides. */
export interface Scene {
  readonly state: State;
  readonly loaded: Loaded;
  /** By the clock of this machine, in ms since the epoch. */
  readonly now: number;
  /** What was done last, or went wrong. */
  readonly note: string;
  readonly url: string;
}

/** Lines around the rows: tabs, a line, titles, and what is told below. */
const around = 5;

/** Fills a line with spaces. */
const padTo = (text: string, width: number) =>
  text + " ".repeat(Math.max(0, width - widthOf(text)));

/** How many rows fit. */
export const rowsOf = ({ height }: Size): number => Math.max(1, height - around);

/** Marks what is drawn the other way round. */
const inverse = (text: string) => `\x1b[7m${text}\x1b[0m`;
const bold = (text: string) => `\x1b[1m${text}\x1b[0m`;
const faint = (text: string) => `\x1b[2m${text}\x1b[0m`;

const ago = (at: number | undefined, now: number): string =>
  at === undefined ? "" : at > now ? `in ${toSpanText(at - now)}` : `${toSpanText(now - at)} ago`;

const number = (value: number) => String(value);

/** The last hour, if the broker tells it. */
const toFlowColumns = (flows: Flows): readonly Column<QueueDetails>[] =>
  flows === undefined ? [] : [
    { title: "DONE/H", of: ({ queue }) => number(flows.get(queue)?.completed ?? 0), right: true },
    {
      title: "RUN P95",
      of({ queue }) {
        const ms = flows.get(queue)?.runP95Ms;
        return ms === undefined ? "" : toSpanText(ms);
      },
      right: true,
    },
  ];

const toQueueColumns = (flows: Flows): readonly Column<QueueDetails>[] => [
  { title: "QUEUE", of: ({ queue }) => queue, cut: true },
  { title: "READY", of: ({ ready }) => number(ready), right: true },
  { title: "IN FLIGHT", of: ({ inFlight }) => number(inFlight), right: true },
  { title: "SCHEDULED", of: ({ scheduled }) => number(scheduled), right: true },
  { title: "BLOCKED", of: ({ blocked }) => number(blocked), right: true },
  { title: "DEAD", of: ({ dead }) => number(dead), right: true },
  ...toFlowColumns(flows),
  { title: "", of: ({ paused, stalled }) => paused ? "paused" : stalled > 0 ? "stalled" : "" },
];

const toPayloadText = ({ payload, payloadBytes }: Job) =>
  payloadBytes === undefined ? JSON.stringify(payload) ?? "" : `(${payloadBytes} bytes)`;

const toJobColumns = (now: number): readonly Column<Job>[] => [
  { title: "ID", of: ({ id }) => id },
  { title: "STATUS", of: ({ status }) => status },
  { title: "TYPE", of: ({ type }) => type, cut: true },
  { title: "QUEUE", of: ({ queue }) => queue, cut: true },
  { title: "TRIES", of: ({ attempts }) => number(attempts), right: true },
  { title: "READY", of: ({ readyAt }) => ago(readyAt, now) },
  { title: "PAYLOAD", of: toPayloadText, cut: true },
];

const toWorkerColumns = (now: number): readonly Column<SeenWorker>[] => [
  { title: "WORKER", of: ({ id }) => id, cut: true },
  { title: "SEEN", of: ({ lastSeenAt }) => ago(lastSeenAt, now) },
  { title: "JOBS", of: ({ jobs }) => number(jobs), right: true },
  { title: "STALLED", of: ({ stalled }) => number(stalled), right: true },
];

const failureColumns: readonly Column<FailureGroup>[] = [
  { title: "DIED OF", of: ({ group }) => group, cut: true },
  { title: "JOBS", of: ({ count }) => number(count), right: true },
];

/** Draws all: as many lines as the screen has, none longer than it is wide. */
export function draw(scene: Scene, size: Size): string[] {
  const { state, note, url } = scene;
  const chosen = state.view === "job" ? "jobs" : state.view;
  const room = size.width - tabs.join("").length - 4 * tabs.length;
  // Where not all fit, the one that is looked at is told.
  const head = (room < 0 ? [chosen] : tabs).map((tab) => {
    const text = cutTo(` ${tabs.indexOf(tab) + 1} ${tab} `, size.width);
    return tab === chosen ? inverse(text) : text;
  });
  const lines = [
    `${head.join("")}${room > 4 ? faint(cutTo(`  ${url}`, room)) : ""}`,
    bold(cutTo(describe(scene), size.width)),
    ...drawBody(scene, size),
  ];
  while (lines.length < size.height - 2) lines.push("");
  const told = state.typed !== undefined
    ? `jq: ${toPrintable(state.typed)}_`
    : state.asked !== undefined
    ? `${toPrintable(state.asked.question)} y/n`
    : toPrintable(note);
  return [
    ...lines.slice(0, Math.max(0, size.height - 2)),
    cutTo(told, size.width),
    faint(cutTo(helpOf(state.view), size.width)),
  ].slice(0, Math.max(1, size.height));
}

/** What the list is about. */
function describe({ state, loaded }: Scene): string {
  const { view, queue, status, group, filter, id } = state;
  if (view === "job") return toPrintable(`Job ${id}`);
  if (view === "queues") return describeQueues(loaded.queues, state.sort);
  if (view !== "jobs") return "";
  const parts = [
    queue === undefined ? "" : `queue ${queue}`,
    status ?? "",
    group === undefined ? "" : `died of ${group}`,
    filter === undefined ? "" : `jq ${filter}`,
  ].filter((part) => part !== "");
  return toPrintable(parts.length === 0 ? "all jobs, the newest first" : parts.join(", "));
}

/** All queues together. */
function describeQueues(queues: readonly QueueDetails[], sort: Sort = "name"): string {
  if (queues.length === 0) return "";
  const sum = (of: "ready" | "inFlight" | "scheduled" | "blocked" | "dead") =>
    queues.reduce((all, queue) => all + queue[of], 0);
  const [ready, inFlight, dead] = [sum("ready"), sum("inFlight"), sum("dead")];
  const later = sum("scheduled") + sum("blocked");
  const words = { name: "name", ready: "ready", inFlight: "in flight", dead: "dead" };
  const parts = [`${ready} ready`, `${inFlight} in flight`, `${later} later`, `${dead} dead`];
  return `${parts.join("  ")}  in ${queues.length} queues, by ${words[sort]}`;
}

function helpOf(view: View): string {
  const own: Readonly<Record<View, string>> = {
    queues: "enter its jobs  p pause or go on  o sort",
    jobs: "enter open  s status  / jq  r retry  c cancel  d delete",
    job: "r retry  c cancel  d delete  esc back",
    workers: "",
    failures: "enter its jobs  r retry all",
  };
  return `${own[view]}  tab next  q quit`.trim();
}

function drawBody(scene: Scene, size: Size): string[] {
  const { state, loaded, now } = scene;
  switch (state.view) {
    case "queues":
      return drawRows(scene, size, toQueueColumns(loaded.flows), loaded.queues);
    case "jobs":
      return drawRows(scene, size, toJobColumns(now), loaded.jobs);
    case "workers":
      return drawRows(scene, size, toWorkerColumns(now), loaded.workers);
    case "failures":
      return drawRows(scene, size, failureColumns, loaded.failures);
    case "job":
      return loaded.job === undefined ? [] : drawJob(loaded.job, scene, size);
  }
}

/** The part of a list that has the chosen row in it. */
function drawRows<Item>(
  { state }: Scene,
  size: Size,
  columns: readonly Column<Item>[],
  items: readonly Item[],
): string[] {
  if (items.length === 0) return ["", faint("Nothing is here.")];
  const page = rowsOf(size);
  const row = Math.min(state.row, items.length - 1);
  const first = Math.min(Math.max(0, row - Math.floor(page / 2)), Math.max(0, items.length - page));
  const shown = items.slice(first, first + page);
  const [titles, ...lines] = createTable(columns, size.width).rows(shown).split("\n");
  return [
    faint(cutTo(titles!, size.width)),
    ...lines.slice(0, shown.length).map((line, at) =>
      first + at === row
        ? inverse(padTo(cutTo(line, size.width), size.width))
        : cutTo(line, size.width)
    ),
  ];
}

function drawJob(job: Job, { now }: Scene, size: Size): string[] {
  const { id: _id, payload, lastError, ...facts } = job as Job & {
    readonly lastError?: { readonly message: string; readonly errorType?: string };
  };
  const lines = Object.entries(facts).map(([name, value]) => {
    const isInstant = name.endsWith("At") && typeof value === "number";
    const shown = isInstant
      ? `${new Date(value).toISOString()} (${ago(value, now)})`
      : typeof value === "string"
      ? value
      : JSON.stringify(value);
    return toPrintable(`${name.padEnd(18)} ${shown}`);
  });
  if (lastError !== undefined) {
    lines.push(
      toPrintable(`${"lastError".padEnd(18)} ${lastError.errorType ?? ""} ${lastError.message}`),
    );
  }
  const text = JSON.stringify(payload, null, 2) ?? "";
  const room = size.height * size.width;
  const body = ["", "payload", ...text.slice(0, room).split("\n").map(toPrintable)];
  return [...lines, ...body].map((line) => cutTo(line, size.width));
}
