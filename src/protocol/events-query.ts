/**
 * What `GET /events` asks for, and in which format.
 *
 * @module
 */

import { type EventFilter, type EventKind, eventKinds, parseCursor } from "./events.ts";
import { invalid, readFlag, readList, readParams } from "./query.ts";
import { streamMediaTypes } from "./stream-format.ts";

/** The formats of a stream of events. */
export type EventFormat = "ndjson" | "sse";

/** What the 406 of a stream of events says is possible. */
export const supportedEventTypes: readonly string[] = [
  streamMediaTypes.sse,
  streamMediaTypes.ndjson,
];

/** The format of a stream of events, by the `Accept` header; undefined is a 406. */
export function eventFormat(accept: string | null): EventFormat | undefined {
  if (accept === null) return "ndjson";
  if (accept.includes(streamMediaTypes.sse)) return "sse";
  const ndjson = [streamMediaTypes.ndjson, "application/json", "*/*"];
  return ndjson.some((mediaType) => accept.includes(mediaType)) ? "ndjson" : undefined;
}

/** What `GET /events` asks for. */
export interface EventsQuery {
  readonly filter: EventFilter;
  /** The cursor that it goes on behind; undefined for what happens from now on. */
  readonly after: string | undefined;
}

/** Reads the query string of `GET /events`. Throws `QueryError`. */
export function readEventsQuery(search: string): EventsQuery {
  const params = readParams(search, [
    "id",
    "type",
    "queue",
    "tag",
    "tracked",
    "worker",
    "kind",
    "after",
  ]);
  const after = params.get("after") || undefined;
  if (after !== undefined && parseCursor(after) === undefined) {
    throw invalid(`'after' must be the cursor of an event, got ${JSON.stringify(after)}`);
  }
  const kind = readList(params.get("kind"));
  for (const name of kind ?? []) {
    if ((eventKinds as readonly string[]).includes(name)) continue;
    throw invalid(`'kind' must be of ${eventKinds.join(", ")}, got ${JSON.stringify(name)}`);
  }
  const filter = {
    id: readList(params.get("id")),
    type: readList(params.get("type")),
    queue: readList(params.get("queue")),
    tag: readList(params.get("tag")),
    tracked: params.get("tracked") ? readFlag(params, "tracked") : undefined,
    worker: readList(params.get("worker")),
    kind: kind as EventKind[] | undefined,
  };
  return { filter, after };
}
