/**
 * `GET /events`: a stream of what happens to jobs, for as long as somebody listens (docs/protocol.md, section 15.3).
 *
 * It is opened, kept alive and closed as a take stream is: a listener is gone when its request is aborted *or* its response
 * body is cancelled.
 *
 * @module
 */

import { watchSilence } from "../../async/silence.ts";
import { cursorHeader } from "../../protocol/events.ts";
import {
  type EventFormat,
  eventFormat,
  readEventsQuery,
  supportedEventTypes,
} from "../../protocol/events-query.ts";
import { streamMediaTypes } from "../../protocol/stream-format.ts";
import type { Listening } from "../engine/events.ts";
import type { Endpoint } from "./call.ts";
import { Refusal } from "./refusal.ts";

/** Bytes that may wait for a slow reader; what comes then waits in the broker, once for all. */
const highWaterMark = 64 * 1024;

const streamHeaders: Readonly<Record<EventFormat, Record<string, string>>> = {
  ndjson: { "content-type": streamMediaTypes.ndjson },
  sse: { "content-type": streamMediaTypes.sse, "cache-control": "no-cache" },
};

/** `GET /events` */
export const events: Endpoint = async ({ request, query, engine, settings, clock }) => {
  const format = eventFormat(request.headers.get("accept"));
  if (format === undefined) {
    throw new Refusal(406, "not acceptable", { supported: supportedEventTypes });
  }
  const { filter, after } = readEventsQuery(query);
  // A browser that comes again sends the header, and the query of its first call.
  const resumed = request.headers.get("last-event-id") || after;
  await engine.events.prepare?.();
  let listening: Listening | undefined;
  let leave = () => {};
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      let isOpen = true;
      const silence = watchSilence(clock, settings.heartbeatIntervalMs, () => {
        silence.heard();
        listening?.beat();
      });
      const shut = () => {
        isOpen = false;
        silence.stop();
        request.signal.removeEventListener("abort", abort);
      };
      leave = () => {
        if (!isOpen) return;
        shut();
        listening?.leave();
      };
      const abort = () => {
        leave();
        controller.error(request.signal.reason);
      };
      try {
        listening = engine.events.listen({
          format,
          filter,
          after: resumed,
          canWrite: () => isOpen && (controller.desiredSize ?? 0) > 0,
          write(bytes) {
            controller.enqueue(bytes);
            silence.heard();
          },
          end() {
            if (!isOpen) return;
            shut();
            controller.close();
          },
        });
      } catch (error) {
        shut();
        throw error;
      }
      if (request.signal.aborted) abort();
      else request.signal.addEventListener("abort", abort);
    },
    pull: () => listening?.drained(),
    cancel: () => leave(),
  }, { highWaterMark, size: (chunk) => chunk.byteLength });
  return new Response(body, {
    status: 200,
    headers: { ...streamHeaders[format], [cursorHeader]: listening!.cursor },
  });
};
