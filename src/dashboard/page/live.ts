/** What is loaded, and loaded again when something happens. */

import { computed, effect, signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { CallError } from "./api.ts";
import { isOutage, look, outage, recall } from "./look.ts";
import { changes, loadSession, remember, session } from "./state.ts";

/** Grows when something has changed. */
const beats = signal(0);

/** How often what is shown changes by itself: at once, each so many seconds, or not. */
export const pace = signal(remember("millrace-pace") ?? "live");
effect(() => {
  remember("millrace-pace", pace.value);
});

let isBehind = false;
let lastBeatAt = 0;

/** Something has changed: it is shown as soon as the viewer wants it. */
function beat(): void {
  isBehind = true;
  catchUp();
}

function catchUp(): void {
  if (!isBehind || document.hidden || pace.value === "held") return;
  const restMs = pace.value === "live" ? 0 : Number(pace.value) * 1000;
  if (Date.now() - lastBeatAt < restMs) return;
  isBehind = false;
  lastBeatAt = Date.now();
  beats.value++;
}

setInterval(catchUp, 1000);
effect(catchUp);

/** Whether the page is told of changes, or asks now and then. */
export const isLive = signal(false);

/** How often it asks without being told, in ms. */
const pollMs = 5000;

/** A second since the epoch, and how many jobs came, succeeded and failed in it. */
type FlowRow = readonly [second: number, enqueued: number, succeeded: number, failed: number];

/** Seconds that are shown. */
const flowSeconds = 300;

const rows = new Map<number, FlowRow>();
const flowFrom = signal<{ readonly since: number; readonly now: number } | undefined>(undefined);

/** What happened in a second. */
export interface Beat {
  /** In seconds since the epoch. */
  readonly at: number;
  /** Null where nobody counted. */
  readonly enqueued: number | null;
  readonly succeeded: number | null;
  readonly failed: number | null;
}

/** The last five minutes, a second each. */
export const flow = computed<readonly Beat[]>(() => {
  if (flowFrom.value === undefined) return [];
  const { since, now } = flowFrom.value;
  return Array.from({ length: flowSeconds }, (_, at) => {
    // The second that it is now is not over.
    const second = now - flowSeconds + at;
    const none = second < since ? null : 0;
    const [, enqueued = none, succeeded = none, failed = none] = rows.get(second) ?? [];
    return { at: second, enqueued, succeeded, failed };
  });
});

function heard({ data }: MessageEvent<string>): void {
  const told = JSON.parse(data) as {
    readonly now: number;
    readonly since: number;
    readonly rows: readonly FlowRow[];
  };
  for (const row of told.rows) rows.set(row[0], row);
  for (const second of rows.keys()) if (second < told.now - flowSeconds) rows.delete(second);
  flowFrom.value = { since: told.since, now: told.now };
  beat();
}

// The seconds go on when nothing happens.
setInterval(() => {
  const known = flowFrom.value;
  if (known !== undefined && isLive.value && !document.hidden) {
    flowFrom.value = { ...known, now: Math.max(known.now, Math.floor(Date.now() / 1000)) };
  }
}, 1000);

const base = document.documentElement.dataset["base"] ?? "/";
let source: EventSource | undefined;

/** Listens while the page is looked at, and somebody is let in. */
function listen(): void {
  const wanted = !document.hidden && session.value?.may != null;
  if (wanted && source === undefined) {
    const opened = new EventSource(`${base}live`);
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
  if (!document.hidden) beat();
});
effect(listen);
setInterval(() => {
  if (document.hidden || isLive.value && outage.value === undefined) return;
  listen();
  beat();
}, pollMs);

/** What is loaded: the value of the last time, also while the next is under way. */
export interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
}

/** How many things of the place are loaded for the first time. */
const firstLoads = signal(0);

/** Whether a new place is still without what it is about: it is shown when that is there, all at once. */
export const isSettling = signal(true);

/** How long it may take to be shown all at once, and how long nothing more has to come for it, in ms. */
const longestSettlingMs = 2000;
const restMs = 20;
let isBegun = false;
let rest: ReturnType<typeof setTimeout> | undefined;
let longest: ReturnType<typeof setTimeout> | undefined;

/**
 * Says that something else of a new place is still to come.
 *
 * @returns What says that it is there.
 */
export function hold(): () => void {
  firstLoads.value++;
  return () => void firstLoads.value--;
}

/** A new place begins. */
export function settle(): void {
  isBegun = true;
  isSettling.value = true;
  clearTimeout(longest);
  longest = setTimeout(() => isSettling.value = false, longestSettlingMs);
  armRest();
}

function armRest(): void {
  clearTimeout(rest);
  if (isBegun && isSettling.peek() && firstLoads.peek() === 0) {
    rest = setTimeout(() => isSettling.value = false, restMs);
  }
}

effect(() => {
  void firstLoads.value;
  armRest();
});

/** What takes longer than this is asked for less often: the broker is to have ten times as long for others, in ms. */
const longMs = 300;
const restFactor = 10;

/** Until when something is not asked for again, unless the viewer changes something. */
interface Rest {
  readonly path: string;
  readonly until: number;
  readonly changes: number;
}

/** A call that is not answered yet. */
interface UnderWay {
  readonly path: string;
  readonly controller: AbortController;
  /** Whether something changed since it was made. */
  isMissed: boolean;
  /** Whether nothing was known before it. */
  readonly isFirst: boolean;
}

/**
 * Loads paths of the broker, and again when something has changed.
 *
 * @param path What to load; undefined where there is nothing to load.
 * @param load Loads it, where that is more than one call.
 * @param leastRestMs How long what came is good enough, in ms, unless the viewer changes something.
 */
export function useLive<Value>(
  path: string | undefined,
  load: (path: string, signal: AbortSignal) => Promise<Value> = look,
  leastRestMs = 0,
): Loaded<Value> {
  const [state, setState] = useState<Loaded<Value> & { readonly path: string | undefined }>({
    path: undefined,
    value: undefined,
    error: undefined,
    isLoading: true,
  });
  const [again, setAgain] = useState(0);
  const underWay = useRef<UnderWay | undefined>(undefined);
  const rest = useRef<Rest | undefined>(undefined);
  const alarm = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const beat = beats.value + changes.value;
  const end = (call: UnderWay | undefined) => {
    if (call === undefined || underWay.current !== call) return;
    underWay.current = undefined;
    if (call.isFirst) firstLoads.value--;
  };
  // At once when it is drawn, so that a new place knows what it waits for.
  useLayoutEffect(() => {
    // A broker that is slow to answer is not asked the same once more meanwhile: that would make it slower.
    if (underWay.current !== undefined && underWay.current.path === path) {
      underWay.current.isMissed = true;
      return;
    }
    underWay.current?.controller.abort();
    end(underWay.current);
    clearTimeout(alarm.current);
    if (path === undefined) return;
    const restMs = (rest.current?.until ?? 0) - Date.now();
    const isSame = rest.current?.path === path && rest.current.changes === changes.value;
    if (isSame && restMs > 0) {
      alarm.current = setTimeout(() => setAgain((times) => times + 1), restMs);
      return;
    }
    const startedAt = Date.now();
    const controller = new AbortController();
    const isFirst = state.path !== path && recall(path) === undefined;
    const own: UnderWay = { path, controller, isMissed: false, isFirst };
    underWay.current = own;
    if (isFirst) firstLoads.value++;
    load(path, controller.signal).then(
      (value) => {
        const tookMs = Date.now() - startedAt;
        const restMs = Math.max(leastRestMs, tookMs < longMs ? 0 : tookMs * restFactor);
        const until = Date.now() + restMs;
        rest.current = { path, until, changes: changes.peek() };
        setState((before) =>
          // What is as it was is not drawn again.
          before.path === path && before.value === value && before.error === undefined
            ? before
            : { path, value, error: undefined, isLoading: false }
        );
      },
      (error: Error) => {
        if (controller.signal.aborted) return;
        if (error instanceof CallError && error.status === 401) {
          loadSession().catch(() => {}); // It is told already.
        }
        setState((before) => ({
          path,
          // What is refused now is not shown any more; what cannot be asked now is.
          value: !isOutage(error)
            ? undefined
            : before.path === path
            ? before.value
            : recall<Value>(path),
          error,
          isLoading: false,
        }));
      },
    ).finally(() => {
      if (underWay.current !== own) return;
      end(own);
      if (own.isMissed) setAgain((times) => times + 1);
    });
  }, [path, beat, again]);
  useEffect(() => () => {
    clearTimeout(alarm.current);
    underWay.current?.controller.abort();
    end(underWay.current);
  }, []);
  if (state.path === path) return state;
  // Who comes back to a place sees at once what was there.
  const value = path === undefined ? undefined : recall<Value>(path);
  return { value, error: undefined, isLoading: true };
}
