/** What is loaded, and loaded again when something happens. */

import { effect, signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { CallError, get, openEvents } from "./api.ts";
import { changes, loadSession, session } from "./state.ts";

/** Grows when jobs have changed, at most once a second. */
const beats = signal(0);

/** Whether events come, or the broker is asked now and then. */
export const isLive = signal(false);

/** How often it is asked without events, and how often at most with them, in ms. */
const pollMs = 5000;
const gatherMs = 1000;

let waiting = false;

function note(): void {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    if (!document.hidden) beats.value++;
  }, gatherMs);
}

/** What happened in a second. */
export interface Beat {
  /** In seconds since the epoch. */
  readonly at: number;
  enqueued: number;
  succeeded: number;
  failed: number;
}

/** The last five minutes, a second each; grows while the page is looked at. */
export const flow = signal<readonly Beat[]>([]);
const mostBeats = 300;
let current: Beat = { at: 0, enqueued: 0, succeeded: 0, failed: 0 };

/** What is counted of the events, by their kind. */
const counted: Readonly<Record<string, "enqueued" | "succeeded" | "failed">> = {
  enqueued: "enqueued",
  put: "enqueued",
  succeeded: "succeeded",
  failed: "failed",
  died: "failed",
};

function heard({ data }: MessageEvent<string>): void {
  // Enough of it: thousands may come in a second.
  const kind = counted[/"event":"(\w+)"/.exec(data)?.[1] ?? ""];
  if (kind !== undefined) current[kind]++;
  note();
}

setInterval(() => {
  if (!isLive.value) return;
  flow.value = [...flow.value.slice(1 - mostBeats), current];
  current = { at: Math.round(Date.now() / 1000), enqueued: 0, succeeded: 0, failed: 0 };
}, 1000);

let source: EventSource | undefined;

/** Listens while the page is looked at, and somebody is let in. */
function listen(): void {
  const wanted = !document.hidden && session.value?.may != null;
  if (wanted && source === undefined) {
    const opened = openEvents();
    source = opened;
    opened.onopen = () => isLive.value = true;
    opened.onerror = () => {
      isLive.value = false;
      // A lost connection mends itself; a refusal, such as while the broker starts again, is for good.
      if (opened.readyState === EventSource.CLOSED && source === opened) source = undefined;
    };
    opened.onmessage = heard;
  } else if (!wanted && source !== undefined) {
    source.close();
    source = undefined;
    isLive.value = false;
  }
}

document.addEventListener("visibilitychange", () => {
  listen();
  if (!document.hidden) beats.value++;
});
effect(listen);
setInterval(() => {
  if (isLive.value || document.hidden) return;
  listen();
  beats.value++;
}, pollMs);

/** What is loaded: the value of the last time, also while the next is under way. */
export interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
}

/** A call that is not answered yet. */
interface UnderWay {
  readonly path: string;
  readonly controller: AbortController;
  /** Whether something changed since it was made. */
  isMissed: boolean;
}

/**
 * Loads paths of the broker, and again when something has changed.
 *
 * @param paths What to load; undefined where there is nothing to load.
 */
export function useLive<Value>(path: string | undefined): Loaded<Value> {
  const [state, setState] = useState<Loaded<Value> & { readonly path: string | undefined }>({
    path,
    value: undefined,
    error: undefined,
    isLoading: true,
  });
  const underWay = useRef<UnderWay | undefined>(undefined);
  const beat = beats.value + changes.value;
  useEffect(() => {
    // A broker that is slow to answer is not asked the same once more meanwhile: that would make it slower.
    if (underWay.current !== undefined && underWay.current.path === path) {
      underWay.current.isMissed = true;
      return;
    }
    underWay.current?.controller.abort();
    underWay.current = undefined;
    if (path === undefined) return;
    const controller = new AbortController();
    const own: UnderWay = { path, controller, isMissed: false };
    underWay.current = own;
    get<Value>(path, controller.signal).then(
      (value) => setState({ path, value, error: undefined, isLoading: false }),
      (error: Error) => {
        if (controller.signal.aborted) return;
        if (error instanceof CallError && error.status === 401) {
          loadSession().catch(() => {}); // It is told already.
        }
        setState((before) => ({
          path,
          value: before.path === path ? before.value : undefined,
          error,
          isLoading: false,
        }));
      },
    ).finally(() => {
      if (underWay.current !== own) return;
      underWay.current = undefined;
      if (own.isMissed) note();
    });
  }, [path, beat]);
  useEffect(() => () => underWay.current?.controller.abort(), []);
  if (state.path !== path) return { value: undefined, error: undefined, isLoading: true };
  return state;
}
