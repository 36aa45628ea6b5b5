/**
 * What pages are told while they are open: that something has changed, and how many jobs came and went in each second.
 *
 * One listener at the broker serves all pages with the same token. They hear of changes once a second, and less often the
 * more they are: what they ask for then is about the same for fifty and for a thousand. The counts of the last five minutes are
 * kept, and a listener that comes back goes on behind the last event it heard, so that a page has its chart at once.
 *
 * | Line of the stream | Meaning                                                                                       |
 * | ------------------ | --------------------------------------------------------------------------------------------- |
 * | `data: {...}`      | `now`, `since` (both in s since the epoch) and `rows` of `[second, enqueued, succeeded, failed]` |
 * | `:`                | nothing happened, and the stream is alive                                                     |
 *
 * @module
 */

import type { Clock, Random } from "../async/clock.ts";
import { createLineSplitter } from "../protocol/line-splitter.ts";
import { createFlow, type Flow } from "./flow.ts";
import { safeHeaders } from "./serve-assets.ts";

/** What tells pages. */
export interface LiveStream {
  /**
   * Listens for a page.
   *
   * @param token The token that the broker is shown.
   * @param signal Ends it.
   * @returns A stream of server-sent events, or the broker's refusal.
   */
  listen(token: string | undefined, signal: AbortSignal): Promise<Response>;
}

/** What it is made of. */
export interface LiveStreamParts {
  /** Opens the events of the broker. */
  readonly open: (
    call: { token: string | undefined; cursor: string | undefined; signal: AbortSignal },
  ) => Promise<Response>;
  /** Is called when something has changed, before pages hear of it. */
  readonly changed: () => void;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether pages share a listener. */
  readonly isShared: boolean;
}

/** How soon pages hear of the first change after some quiet, in ms. */
const soonMs = 100;
/** The least and the most between two changes that they hear of, and what each page adds to it, in ms. */
const leastMs = 1000;
const mostMs = 5000;
const eachMs = 20;

/** Bytes of one event at most: names are short, and tags are few. */
const longestLine = 256 * 1024;
/** Lines that may wait for a page that does not read. */
const mostWaiting = 100;
/** So many tokens are known at once, besides those that are listened for. */
const mostIdle = 100;

const encoder = new TextEncoder();
const alive = encoder.encode(":\n\n");

interface Page {
  readonly write: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly end: () => void;
}

/** The listener for one token. */
interface Hub {
  readonly pages: Set<Page>;
  readonly flow: Flow;
  cursor: string | undefined;
  /** Ends the listener at the broker; undefined while there is none. */
  stop: (() => void) | undefined;
  /** Resolves when the broker has begun to tell, or with its refusal. */
  begun: Promise<Response | undefined> | undefined;
  beatAt: number;
  disarm: (() => void) | undefined;
}

/** Creates it. */
export function createLiveStream(
  { open, changed, clock, random, isShared }: LiveStreamParts,
): LiveStream {
  const hubs = new Map<string, Hub>();

  const createHub = (): Hub => ({
    pages: new Set(),
    flow: createFlow(clock),
    cursor: undefined,
    stop: undefined,
    begun: undefined,
    beatAt: -Infinity,
    disarm: undefined,
  });

  const hubOf = (token: string | undefined): Hub => {
    if (!isShared) return createHub();
    const key = token ?? "";
    let hub = hubs.get(key);
    if (hub === undefined) {
      const idle = [...hubs].filter(([, { pages, begun }]) => pages.size === 0 && !begun);
      for (const [key] of idle.slice(0, Math.max(0, idle.length - mostIdle))) hubs.delete(key);
      hub = createHub();
      hubs.set(key, hub);
    }
    return hub;
  };

  const beat = (hub: Hub) => {
    hub.disarm = undefined;
    hub.beatAt = clock.monotonic();
    changed();
    const bytes = toData(hub.flow.takeNews());
    for (const page of hub.pages) page.write(bytes);
  };

  /** Tells the pages of a change, soon. */
  const arm = (hub: Hub) => {
    if (hub.disarm !== undefined) return;
    const pauseMs = Math.min(Math.max(leastMs, hub.pages.size * eachMs), mostMs);
    const inMs = Math.max(soonMs, hub.beatAt + pauseMs - clock.monotonic());
    hub.disarm = clock.setTimer(() => beat(hub), inMs);
  };

  const hear = (hub: Hub, line: Uint8Array<ArrayBuffer>, decoder: TextDecoder) => {
    if (line.length === 0) {
      for (const page of hub.pages) page.write(alive);
      return;
    }
    const event = JSON.parse(decoder.decode(line)) as {
      readonly cursor: string;
      readonly event: string;
      readonly at?: number;
    };
    hub.cursor = event.cursor ?? hub.cursor;
    if (event.event === "cut") return;
    if (event.event === "gap") hub.flow.forget();
    else if (event.event !== "mark" && event.at !== undefined) hub.flow.add(event.event, event.at);
    arm(hub);
  };

  /** Reads what the broker tells, until it ends or nobody listens. */
  const follow = async (hub: Hub, body: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    const lines = createLineSplitter(longestLine);
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      for (const line of lines.push(chunk)) hear(hub, line, decoder);
    }
  };

  const end = (hub: Hub) => {
    hub.stop?.();
    hub.stop = hub.begun = undefined;
    hub.disarm?.();
    hub.disarm = undefined;
    for (const page of [...hub.pages]) page.end();
  };

  /** Listens at the broker; gives its refusal, if it refuses. */
  const begin = async (hub: Hub, token: string | undefined): Promise<Response | undefined> => {
    const controller = new AbortController();
    const stop = () => controller.abort();
    hub.stop = stop;
    const isOwn = () => hub.stop === stop;
    let answer: Response;
    try {
      answer = await open({ token, cursor: hub.cursor, signal: controller.signal });
    } catch (error) {
      if (isOwn()) end(hub);
      throw error;
    }
    if (!answer.ok || answer.body === null) {
      await answer.body?.cancel();
      if (isOwn()) end(hub);
      return answer;
    }
    hub.cursor ??= answer.headers.get("millrace-cursor") ?? undefined;
    hub.flow.begin();
    follow(hub, answer.body as ReadableStream<Uint8Array<ArrayBuffer>>).catch(() => {}).finally(
      () => isOwn() && end(hub),
    );
    return undefined;
  };

  return {
    async listen(token, signal) {
      signal.throwIfAborted();
      const hub = hubOf(token);
      const leave = (page: Page) => {
        signal.removeEventListener("abort", abort);
        hub.pages.delete(page);
        if (hub.pages.size === 0) end(hub);
      };
      let page: Page;
      const abort = () => page.end();
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(controller) {
          page = {
            write(bytes) {
              if ((controller.desiredSize ?? 0) < -mostWaiting) page.end();
              else controller.enqueue(bytes);
            },
            end() {
              if (!hub.pages.has(page)) return;
              leave(page);
              controller.close();
            },
          };
          hub.pages.add(page);
          signal.addEventListener("abort", abort);
        },
        cancel: () => leave(page),
      });
      try {
        const refusal = await (hub.begun ??= begin(hub, token));
        if (refusal !== undefined) {
          page!.end();
          return new Response(null, { status: refusal.status });
        }
      } catch (error) {
        page!.end();
        throw error;
      }
      // All that come again after an outage do not come at once.
      const retryMs = Math.round(1000 + 4000 * random());
      page!.write(encoder.encode(`retry: ${retryMs}\n`));
      page!.write(toData(hub.flow.all()));
      return new Response(body, {
        headers: {
          ...safeHeaders,
          "content-type": "text/event-stream",
          "cache-control": "no-store",
          // Some proxies gather what is to be sent.
          "x-accel-buffering": "no",
        },
      });
    },
  };
}

function toData(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(`data: ${JSON.stringify(value)}\n\n`);
}
