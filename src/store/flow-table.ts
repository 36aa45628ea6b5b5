/**
 * The table of how jobs fare: a row for each width of time (`step`), queue, instant and type.
 *
 * What was counted in a minute is added at once to the row of its minute, of its quarter of an hour, and of its six hours. So
 * nothing has to be made of finer rows later, and several brokers add to the same rows without knowing of each other. The
 * rows of each width are deleted when no chart shows them any more (`flowSteps`).
 *
 * @module
 */

import { isOneOf, lockRows } from "./dialect.ts";
import {
  addNumbers,
  createFlowCounts,
  type FlowCell,
  type FlowCounts,
  flowSteps,
  mergeFlow,
} from "./flow.ts";
import { rows, runEach, StaleReadError, type Transition } from "./transition.ts";

/** The widths of rows, in ms. */
const stepsMs: readonly number[] = Object.values(flowSteps).map(({ ms }) => ms);

/** What a row has. */
export interface FlowRow {
  readonly queue: string;
  readonly at: number;
  readonly type: string;
  readonly enqueued: number;
  readonly completed: number;
  readonly retries: number;
  readonly failures: number;
  readonly cancelled: number;
  readonly waits: string;
  readonly runs: string;
  /** In ms; -1 if no ready job was seen. */
  readonly age: number;
}

const columns = "enqueued, completed, retries, failures, cancelled, waits, runs, age";

const insertRow = `INSERT INTO flow (${columns}, step, queue, at, type)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (step, queue, at, type) DO NOTHING`;

const updateRow = `UPDATE flow SET enqueued = ?, completed = ?, retries = ?, failures = ?,
  cancelled = ?, waits = ?, runs = ?, age = ? WHERE step = ? AND queue = ? AND at = ? AND type = ?`;

/** Adds what a row has. */
export function addRow(into: FlowCounts, row: FlowRow): void {
  addNumbers(into, row);
  into.waits.mergeText(row.waits);
  into.runs.mergeText(row.runs);
}

/**
 * Adds what was counted to what is stored.
 *
 * @param cells In the order of `Flow.takeAll`.
 * @throws {StaleReadError} If another broker made a row meanwhile: what is not there cannot be locked.
 */
export function* addFlow(cells: readonly FlowCell[]): Transition<void> {
  for (const stepMs of stepsMs) {
    for (const [at, sums] of toSlots(cells, stepMs)) yield* addSlot(stepMs, at, sums);
  }
}

/** Cells by the instants of wider slots, each with one sum for each queue and type. */
function toSlots(cells: readonly FlowCell[], stepMs: number): Map<number, FlowCell[]> {
  const slots = new Map<number, Map<string, FlowCell>>();
  for (const cell of cells) {
    const at = cell.at - cell.at % stepMs;
    let slot = slots.get(at);
    if (slot === undefined) slots.set(at, slot = new Map());
    const key = `${cell.queue},${cell.type}`;
    const sum = slot.get(key);
    if (sum !== undefined) mergeFlow(sum, cell);
    else {
      // A sum of its own: a transaction may run again.
      const own = { at, queue: cell.queue, type: cell.type, ...createFlowCounts() };
      mergeFlow(own, cell);
      slot.set(key, own);
    }
  }
  return new Map([...slots].map(([at, slot]) => [at, [...slot.values()]]));
}

function* addSlot(stepMs: number, at: number, sums: readonly FlowCell[]): Transition<void> {
  const queues = [...new Set(sums.map(({ queue }) => queue))];
  const types = [...new Set(sums.map(({ type }) => type))];
  const stored = yield* rows<FlowRow>(
    `SELECT queue, at, type, ${columns} FROM flow
     WHERE step = ? AND ${isOneOf("queue", "texts")} AND at = ? AND ${isOneOf("type", "texts")}
     ORDER BY queue, type ${lockRows}`,
    [stepMs, JSON.stringify(queues), at, JSON.stringify(types)],
  );
  const known = new Map(stored.map((row) => [`${row.queue},${row.type}`, row]));
  const inserts: (string | number)[][] = [];
  const updates: (string | number)[][] = [];
  for (const sum of sums) {
    const row = known.get(`${sum.queue},${sum.type}`);
    if (row !== undefined) addRow(sum, row);
    const { enqueued, completed, retries, failures, cancelled, waits, runs, age, queue, type } =
      sum;
    const counts = [enqueued, completed, retries, failures, cancelled];
    (row === undefined ? inserts : updates).push(
      [...counts, waits.toText(), runs.toText(), age, stepMs, queue, at, type],
    );
  }
  yield* runEach(updateRow, updates);
  if ((yield* runEach(insertRow, inserts)).includes(0)) {
    throw new StaleReadError("Statistics were written meanwhile");
  }
}

/** Rows that are read in one piece. */
const readPieceSize = 500;

/** Which rows are read. */
export interface FlowRange {
  readonly stepMs: number;
  /** In ms since the epoch, the first instant that is wanted. */
  readonly from: number;
  /** The first that is not. */
  readonly to: number;
  /** Undefined for all that have rows of their own. */
  readonly queue: string | undefined;
}

/** A row that was read, and that the next piece goes on behind. */
export type FlowPlace = Pick<FlowRow, "queue" | "at" | "type">;

/** A piece of rows; there are no more if `next` is undefined. */
export interface FlowPiece {
  readonly rows: readonly FlowRow[];
  readonly next: FlowPlace | undefined;
}

/** Reads what is counted among all, which is a row for each instant. */
export function* readAllFlow(
  { stepMs, from, to }: Omit<FlowRange, "queue">,
): Transition<FlowRow[]> {
  return yield* rows<FlowRow>(
    `SELECT queue, at, type, ${columns} FROM flow
     WHERE step = ? AND queue = '' AND at >= ? AND at < ? AND type = ''`,
    [stepMs, from, to],
  );
}

/**
 * Reads a piece of the rows of one queue, or of all.
 *
 * @param behind The place that the piece before ended at; undefined at the start.
 */
export function* readFlow(
  { stepMs, from, to, queue }: FlowRange,
  behind: FlowPlace | undefined,
): Transition<FlowPiece> {
  // The rows of the queue "" are those of all together.
  const at = behind ?? { queue: queue ?? "", at: queue === undefined ? to : from, type: "" };
  const comes = behind === undefined ? ">=" : ">";
  const found = yield* rows<FlowRow>(
    `SELECT queue, at, type, ${columns} FROM flow
     WHERE step = ? AND ${queue === undefined ? "" : "queue = ? AND "}
       (queue, at, type) ${comes} (?, ?, ?) AND at >= ? AND at < ?
     ORDER BY queue, at, type LIMIT ?`,
    [
      stepMs,
      ...queue === undefined ? [] : [queue],
      at.queue,
      at.at,
      at.type,
      from,
      to,
      readPieceSize,
    ],
  );
  return { rows: found, next: found.length < readPieceSize ? undefined : found.at(-1) };
}

/** Rows that one piece of forgetting deletes. */
const forgetPieceSize = 500;

/**
 * Deletes some of the rows of a width from before an instant.
 *
 * @returns Whether there may be more.
 */
export function* forgetFlow(stepMs: number, before: number): Transition<boolean> {
  const old = yield* rows<FlowPlace>(
    `SELECT queue, at, type FROM flow WHERE step = ? AND at < ?
     ORDER BY at, queue, type LIMIT ?`,
    [stepMs, before, forgetPieceSize],
  );
  yield* runEach(
    "DELETE FROM flow WHERE step = ? AND queue = ? AND at = ? AND type = ?",
    old.map(({ queue, at, type }) => [stepMs, queue, at, type]),
  );
  return old.length === forgetPieceSize;
}

/** The first instant that there is a row of; undefined when there is none. */
export function* firstFlow(stepMs: number): Transition<number | undefined> {
  const [row] = yield* rows<{ at: number | null }>(
    "SELECT min(at) AS at FROM flow WHERE step = ?",
    [stepMs],
  );
  return row?.at ?? undefined;
}
