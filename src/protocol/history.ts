/**
 * The history of a job: what happened to it, entry by entry.
 *
 * @module
 */

import * as v from "valibot";
import { linksSchema, type PageLinks, type ReadPage } from "./page.ts";
import { optional, readAs, text, u64 } from "./schema.ts";

/** One thing that happened to a job. */
export interface HistoryEntry {
  /**
   * What it was: `put`, `popped`, `done`, `retried`, `failed`, `timed-out`, `released`, or whatever somebody wrote.
   */
  readonly what: string;
  /** When, in ms since the epoch. */
  readonly at: number;
  /** The queue that the job was put into. */
  readonly queue?: string | undefined;
  /** What the worker calls itself that took the job, if it says so. */
  readonly workerId?: string | undefined;
  /** The group of failures that the job is in because of this. */
  readonly failureGroup?: string | undefined;
  /** What somebody wrote besides. */
  readonly data?: unknown;
}

/** An entry that somebody writes. */
export interface OwnEntry {
  /** What happened; 1 to 200 characters. */
  readonly what: string;
  /** Any JSON value, of at most 16 KiB as JSON and of at most 64 levels. */
  readonly data?: unknown;
}

/** Characters that `what` has at most. */
const longestWhat = 200;

/** Bytes that `data` has at most. */
const mostDataBytes = 16 * 1024;

/** Levels of lists and objects that `data` has at most. */
const deepestData = 64;

/** Reads the body of `POST /jobs/{id}/history`. */
export const ownEntrySchema: v.GenericSchema<unknown, OwnEntry> = v.object(
  { what: text, data: v.optional(v.unknown()) },
  "an object",
);

/** Says what is wrong with an entry; undefined when nothing is. */
export function checkOwnEntry({ what, data }: OwnEntry): string | undefined {
  if (what === "") return "what must not be empty";
  if (what.length > longestWhat) {
    return `what has ${what.length} characters, at most ${longestWhat} are accepted`;
  }
  if (data === undefined) return undefined;
  if (isDeeper(data, deepestData)) {
    return `data must not be nested deeper than ${deepestData} levels`;
  }
  if (!isJson(data)) return "data must be what JSON can say";
  const bytes = new TextEncoder().encode(JSON.stringify(data)).length;
  if (bytes <= mostDataBytes) return undefined;
  return `data is ${bytes} bytes, at most ${mostDataBytes} are accepted`;
}

/** Whether a value has more levels of lists and objects. Goes no deeper than these. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}

/** MessagePack can say more than JSON. */
function isJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== "object") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  return isPlain && Object.values(value).every(isJson);
}

/** Writes an entry, as it is stored and as answers show it. */
export function toEntryWire(
  { what, at, queue, workerId, failureGroup, data }: HistoryEntry,
): object {
  return { what, at, queue, worker_id: workerId, failure_group: failureGroup, data };
}

/** Writes the answer of `GET /jobs/{id}/history`; the entries are as they were stored. */
export function toHistoryWire(entries: readonly object[], pages: PageLinks): object {
  return { history: entries, pages };
}

const entrySchema: v.GenericSchema<unknown, HistoryEntry> = v.pipe(
  v.object({
    what: text,
    at: u64,
    queue: optional(text),
    worker_id: optional(text),
    failure_group: optional(text),
    data: v.optional(v.unknown()),
  }, "an object"),
  v.transform((wire): HistoryEntry => ({
    what: wire.what,
    at: wire.at,
    ...(typeof wire.queue === "string" && { queue: wire.queue }),
    ...(typeof wire.worker_id === "string" && { workerId: wire.worker_id }),
    ...(typeof wire.failure_group === "string" && { failureGroup: wire.failure_group }),
    ...("data" in wire && { data: wire.data }),
  })),
);

const historySchema: v.GenericSchema<unknown, { readonly history: HistoryEntry[] }> = v.object(
  { history: v.array(entrySchema, "a list") },
  "an object",
);

/** Reads the answer of `GET /jobs/{id}/history`. */
export function readHistory(value: unknown): ReadPage<HistoryEntry> {
  return { items: readAs(historySchema, value).history, links: readAs(linksSchema, value).pages };
}

/** Reads the answer of `POST /jobs/{id}/history`. */
export function readEntry(value: unknown): HistoryEntry {
  return readAs(entrySchema, value);
}
