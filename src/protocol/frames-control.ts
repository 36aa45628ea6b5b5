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
 * a header of its take request, and a foreign client never gets one. No kind of them is sent yet; a client that gets
 * a kind that it does not know passes it over.
 *
 * @module
 */

/** The kind of a control frame, by its decoded document; undefined if that is none. */
export function readControl(document: unknown): string | undefined {
  const control = typeof document === "object" && document !== null && !("id" in document) &&
    "control" in document && document.control;
  return typeof control === "string" ? control : undefined;
}
