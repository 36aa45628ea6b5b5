/**
 * Events as a client asks for them and reads them.
 *
 * @module
 */

import * as v from "valibot";
import type { EventGap, EventKind, JobEvent } from "./events.ts";
import { jobStatuses } from "./job.ts";
import { bool, oneOf, optional, readAs, text, texts, u64 } from "./schema.ts";

/** Which events are asked for. */
export interface EventRequest {
  /** Of these jobs. */
  readonly id?: string | readonly string[] | undefined;
  /** Of these types. */
  readonly type?: string | readonly string[] | undefined;
  /** In these queues. */
  readonly queue?: string | readonly string[] | undefined;
  /** With these tags. */
  readonly tag?: string | readonly string[] | undefined;
  /** Tracked or not. */
  readonly tracked?: boolean | undefined;
  /** Of these workers. */
  readonly worker?: string | readonly string[] | undefined;
  /** Of these kinds. */
  readonly kind?: string | readonly string[] | undefined;
}

const lists = ["id", "type", "queue", "tag", "worker", "kind"] as const;

/**
 * Writes which events are asked for as parameters of a query string.
 *
 * @throws {TypeError} If a list is empty, or a value cannot be sent in a list.
 */
export function toEventParams(request: EventRequest): string[] {
  const params: string[] = [];
  for (const name of lists) {
    const values = request[name];
    if (values === undefined) continue;
    const list = typeof values === "string" ? [values] : values;
    if (list.length === 0 || list.some((value) => value === "" || value.includes(","))) {
      throw new TypeError(
        `Cannot listen by '${name}' ${
          JSON.stringify(values)
        }: expected texts that are not empty, without commas`,
      );
    }
    params.push(`${name}=${list.map(encodeURIComponent).join(",")}`);
  }
  if (request.tracked !== undefined) params.push(`tracked=${request.tracked}`);
  return params;
}

/** What stands on a line of a stream. */
export interface EventFrame {
  readonly cursor: string;
  /** Undefined for a line that only says how far the stream is. */
  readonly event: JobEvent | EventGap | undefined;
}

/** Reads a line. Throws `MessageError`. */
export function readEventFrame(value: unknown): EventFrame {
  const { cursor, event, at, id, type, queue, ...more } = readAs(frameSchema, value);
  if (event === "gap") return { cursor, event: { event, cursor, at } };
  // Also what a later version may say that is about no job.
  if (id == null || type == null || queue == null) return { cursor, event: undefined };
  const told = { event: event as EventKind, cursor, id, type, queue, at };
  const { from_queue: fromQueue, ...others } = more;
  const rest = Object.entries({ fromQueue, ...others }).filter(([, value]) => value != null);
  return { cursor, event: { ...told, ...Object.fromEntries(rest) } };
}

const frameSchema = v.object({
  cursor: text,
  event: text,
  at: u64,
  id: optional(text),
  type: optional(text),
  queue: optional(text),
  from_queue: optional(text),
  status: optional(oneOf(jobStatuses, "a status")),
  worker: optional(text),
  tags: optional(texts),
  tracked: optional(bool),
}, "an object");
