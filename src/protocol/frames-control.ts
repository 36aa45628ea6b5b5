/**
 * Control frames: what a broker says on a take stream besides jobs.
 *
 * In each of the three formats a control frame is framed as a job is, and its document is a map with a member
 * `control`, the name of the kind, and without `id`, which every job has:
 *
 * | format         | a control frame                                                             |
 * |----------------|-----------------------------------------------------------------------------|
 * | NDJSON         | the line `{"control":"…"}`                                                  |
 * | MessagePack    | the length, then the map `{"control": "…"}`                                 |
 * | SSE            | `event: control`, so that an `EventSource` does not take it for a message,  |
 * |                | then `data: {"control":"…"}` and an empty line                              |
 *
 * A client that knows only jobs would fail at one. So a broker sends them only to a client that asked for them with
 * headers of its take request (`worker-run.ts`), or for leases with `lease_ms`, and a foreign client never gets one. A client that gets a kind that it
 * does not know passes it over.
 *
 * | kind        | members               | meaning                                                                  |
 * |-------------|-----------------------|--------------------------------------------------------------------------|
 * | `ask`       | `number`, `within_ms` | the worker is to say what it has: all that came before the frame, and no more |
 * | `lock_lost` | `ids`                 | these jobs, as they came before the frame, are not the worker's any more, or will not be |
 * | `cancel`    | `jobs`: of each the `id` and the `reason` | these jobs, as they came before the frame, are to be cancelled: they are still the worker's |
 * | `stop`      |                       | the worker is to finish what it runs, and stop: only if it said that it does (`worker-about.ts`) |
 *
 * @module
 */

import * as v from "valibot";
import { readAs, text, texts, u32 } from "./schema.ts";

/** The broker asks a worker what it has. */
export interface Ask {
  /** Grows from question to question. A broker counts over all its streams, so the first on a stream need not be 1. */
  readonly number: number;
  /** A worker that does not answer for so long loses its stream, in ms. */
  readonly withinMs: number;
}

/** Writes the document. */
export function toAskWire({ number, withinMs }: Ask): object {
  return { control: "ask", number, within_ms: withinMs };
}

/** Reads the document. */
export function readAsk(document: unknown): Ask {
  const { number, within_ms } = readAs(askSchema, document);
  return { number, withinMs: within_ms };
}

const askSchema: v.GenericSchema<unknown, { readonly number: number; readonly within_ms: number }> =
  /* @__PURE__ */ v.object({ number: u32, within_ms: u32 }, "an object");

/** The kind of the frame that tells a worker to stop. */
export const stopControl = "stop";

/** The kind of the frame that tells of lost jobs. */
export const lostControl = "lock_lost";

/** Writes the document that tells a worker of jobs that it loses. */
export function toLostWire(ids: readonly string[]): object {
  return { control: lostControl, ids };
}

/** Reads the ids out of it. */
export function readLost(document: unknown): readonly string[] {
  return readAs(lostSchema, document).ids;
}

const lostSchema: v.GenericSchema<unknown, { readonly ids: string[] }> = /* @__PURE__ */ v.object(
  { ids: texts },
  "an object",
);

/** The kind of the frame that tells of jobs that are to be cancelled. */
export const cancelControl = "cancel";

/** That a job is to be cancelled. */
export interface CancelNotice {
  /** The id of the job. */
  readonly id: string;
  /** Why. */
  readonly reason: string;
}

/** Writes the document that tells a worker of jobs that are to be cancelled. */
export function toCancelNoticeWire(notices: readonly CancelNotice[]): object {
  return { control: cancelControl, jobs: notices.map(({ id, reason }) => ({ id, reason })) };
}

/** Reads the jobs out of it. */
export function readCancelNotices(document: unknown): readonly CancelNotice[] {
  return readAs(cancelNoticeSchema, document).jobs;
}

const cancelNoticeSchema: v.GenericSchema<unknown, { readonly jobs: CancelNotice[] }> =
  /* @__PURE__ */ v.object({
    jobs: /* @__PURE__ */ v.array(
      /* @__PURE__ */ v.object({ id: text, reason: text }, "an object"),
      "a list",
    ),
  }, "an object");

/** The kind of a control frame, by its decoded document; undefined if that is none. */
export function readControl(document: unknown): string | undefined {
  const control = typeof document === "object" && document !== null && !("id" in document) &&
    "control" in document && document.control;
  return typeof control === "string" ? control : undefined;
}
