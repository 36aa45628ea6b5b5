/**
 * Telling what happens to jobs, to whoever listens. While nobody does, nothing is made of a change.
 *
 * Each event is made once, and stands in a ring. Listeners of one filter and format form a group, and what they are told is
 * encoded once. A listener that does not read is passed over, and goes on where it was once it reads again: nothing waits
 * for it but the ring. One that is behind by more than the ring holds is cut off.
 *
 * | A listener is | told by                          | until                                                  |
 * | ------------- | -------------------------------- | ------------------------------------------------------ |
 * | up to date    | its group, with each piece       | it cannot be written to                                |
 * | behind        | itself, from the ring            | it has read all, or the ring has forgotten what is next |
 *
 * The ring is forgotten a minute after the last listener left. Numbers begin anew then, under another name of the run, so
 * that a cursor from before leads to a gap. Where brokers share a database, all of them read the events from one log
 * (`event-log.ts`), under one name and with the same places, so that a cursor of one leads to the same place at another.
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import { type EventFilter, parseCursor } from "../../protocol/events.ts";
import type { EventFormat } from "../../protocol/events-query.ts";
import type { Change } from "../../store/changes.ts";
import { createEventGroups, type EventGroup } from "./event-groups.ts";
import type { EventLog, LogReader } from "./event-log.ts";
import { createEventRing, type EventRing, type KeptEvent, lengthOf } from "./event-ring.ts";
import { kindsOf, textOf, toEvent, type ToldChange, toTold } from "./job-events.ts";
import { BusyError } from "./turnstile.ts";

/** How long the ring is kept when nobody listens, in ms. */
const lingerMs = 60_000;

/** A piece of work ends after so many events, or so many characters: others get a turn, and readers read. */
const eventsOfPiece = 1000;
const lengthOfPiece = 128 * 1024;

/** Changes of so many jobs may wait to be told; of more, all are forgotten, and there is a gap. */
const mostWaiting = 300_000;

/** What is told. */
export interface EventListener {
  readonly format: EventFormat;
  readonly filter: EventFilter;
  /** The cursor that it goes on behind; undefined for what happens from now on. */
  readonly after: string | undefined;
  /** Whether it can be written to. */
  canWrite(): boolean;
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Nothing comes any more. */
  end(): void;
}

/** What came of listening. */
export interface Listening {
  /** The cursor behind which it begins. */
  readonly cursor: string;
  /** It can be written to again. */
  drained(): void;
  /** Says that the stream is alive, and how far it is. */
  beat(): void;
  leave(): void;
}

/** Tells events. */
export interface EventHub {
  /** Whether anybody may want to hear of changes. */
  readonly isOn: boolean;
  /** Tells what a commit did. */
  publish(changes: readonly Change[]): void;
  /** Makes sure that listeners are told of all that happens from now on. Await it before {@linkcode EventHub.listen}, if it is there. */
  readonly prepare: (() => Promise<void>) | undefined;
  /**
   * Adds a listener, and tells it what it has missed.
   *
   * @throws {BusyError} If there are too many.
   */
  listen(listener: EventListener): Listening;
  /** Ends all. */
  stop(): void;
}

interface Member extends EventListener {
  readonly group: EventGroup<Member>;
  /** The last event that it was told, or that was not for it. */
  upTo: number;
  /** The last one that it knows of, by a cursor. */
  known: number;
  gone: boolean;
}

/** What the hub works with. */
export interface EventHubOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly maxListeners: number;
  /** What the worker calls itself that has a job in flight. */
  readonly workerOf: (id: string) => string | undefined;
  /** The log of all brokers of the database, where there may be several. */
  readonly log?: EventLog | undefined;
}

/** Creates what tells events. */
export function createEventHub(
  { clock, random, maxListeners, workerOf, log }: EventHubOptions,
): EventHub {
  let ring: EventRing = createEventRing();
  /** The name of the run; undefined while nobody listens. */
  let run: string | undefined;
  const groups = createEventGroups<Member>();
  const members = new Set<Member>();
  const behind = new Set<Member>();
  /** What is to be told, from the index `next` on. */
  let waiting: ToldChange[] = [];
  let next = 0;
  let waitingJobs = 0;
  /** How many jobs of the change at `next` are told. */
  let told = 0;
  let stopLingering = () => {};
  let stopDraining: (() => void) | undefined;

  const cursorOf = (number: number) => `${run}-${ring.placeOf(number)}`;

  const begin = () => {
    ring = createEventRing();
    const chance = Math.floor(random() * 2 ** 40).toString(36);
    run = `${Math.max(0, clock.now()).toString(36)}${chance}`;
  };

  const forget = () => {
    log?.close();
    run = undefined;
    ring = createEventRing();
    clearWaiting();
  };

  const clearWaiting = () => {
    waiting = [];
    next = waitingJobs = told = 0;
    stopDraining?.();
    stopDraining = undefined;
  };

  /** A frame that is about the stream and no job. */
  const say = (member: Member, event: string, number: number, more: object = {}) => {
    const cursor = cursorOf(number);
    const text = JSON.stringify({ event, cursor, ...more, at: clock.now() });
    member.known = number;
    member.write(encoder.encode(toFrame(member.format, cursor, text)));
  };

  const leave = (member: Member) => {
    if (member.gone) return;
    member.gone = true;
    members.delete(member);
    behind.delete(member);
    member.group.upToDate.delete(member);
    groups.leave(member.group);
    linger();
  };

  const cut = (member: Member, reason: string) => {
    if (member.gone) return;
    const number = behind.has(member) ? member.upTo : ring.last;
    leave(member);
    say(member, "cut", number, { reason });
    member.end();
  };

  /** Whether what a member is to be told next is still there; if not, it is cut off. */
  const isKept = (member: Member) => {
    if (member.upTo + 1 >= ring.first) return true;
    cut(member, "too slow: the events that come next are not kept any more");
    return false;
  };

  /** Tells one that is behind what the ring has for it. */
  const catchUp = (member: Member) => {
    while (!member.gone && behind.has(member) && member.canWrite()) {
      if (!isKept(member)) return;
      const { group: { wants }, format } = member;
      let text = "";
      let number = member.upTo;
      for (let looked = 0; number < ring.last && looked < eventsOfPiece; looked++) {
        const event = ring.at(++number);
        if (!wants(event)) continue;
        text += toFrame(format, cursorOf(number), textOf(event, run!));
        if (text.length >= lengthOfPiece) break;
      }
      member.upTo = number;
      if (number === ring.last) {
        behind.delete(member);
        member.group.upToDate.add(member);
      }
      // Last: who is written to may ask for more at once.
      if (text !== "") {
        member.known = number;
        member.write(encoder.encode(text));
      }
    }
  };

  /** Tells the groups that want them the events from `first` on. */
  const flush = (wanting: ReadonlySet<EventGroup<Member>>, first: number) => {
    const { last } = ring;
    for (const group of wanting) {
      const bytes = group.upToDate.size === 0 ? undefined : encoder.encode(group.text);
      group.text = "";
      for (const member of bytes === undefined ? [] : [...group.upToDate]) {
        // One that caught up meanwhile has been told.
        if (member.gone || member.upTo >= first) continue;
        if (member.canWrite()) {
          member.upTo = member.known = last;
          member.write(bytes!);
        } else {
          member.upTo = first - 1;
          group.upToDate.delete(member);
          behind.add(member);
        }
      }
    }
    for (const member of behind) isKept(member);
  };

  /** Keeps an event, and adds it to what the groups that want it are told. */
  const add = (event: KeptEvent, wanting: Set<EventGroup<Member>>) => {
    ring.add(event);
    groups.forEachWanting(event, (group) => {
      group.text += toFrame(group.format, cursorOf(event.number), textOf(event, run!));
      wanting.add(group);
    });
  };

  /** Tells events that were read from the log. */
  const tellLogged = (events: readonly KeptEvent[]) => {
    ring.prune(clock.monotonic());
    const first = ring.last + 1;
    const wanting = new Set<EventGroup<Member>>();
    for (const event of events) add({ ...event, number: ring.last + 1 }, wanting);
    flush(wanting, first);
  };

  const tellPiece = () => {
    const keptAt = clock.monotonic();
    ring.prune(keptAt);
    const first = ring.last + 1;
    const wanting = new Set<EventGroup<Member>>();
    let length = 0;
    for (let count = 0; waitingJobs > 0 && count < eventsOfPiece; count++) {
      const change = waiting[next]!;
      for (const kind of kindsOf(change.change)) {
        const number = ring.last + 1;
        const event = toEvent(change, { index: told, kind, number, keptAt });
        add(event, wanting);
        length += lengthOf(event);
      }
      waitingJobs--;
      if (++told === change.change.jobs.length) {
        next++;
        told = 0;
      }
      if (length >= lengthOfPiece) break;
    }
    if (waitingJobs === 0) clearWaiting();
    flush(wanting, first);
  };

  const drain = () => {
    stopDraining = undefined;
    tellPiece();
    if (waitingJobs > 0) stopDraining = clock.setTimer(drain, 0);
  };

  /** Too much happens to be told: begins anew, and says so. */
  const lose = () => {
    clearWaiting();
    begin();
    behind.clear();
    for (const member of [...members]) {
      member.upTo = 0;
      member.group.upToDate.add(member);
      if (member.canWrite()) say(member, "gap", 0);
      else cut(member, "too slow: more happens than can be told");
    }
  };

  /** Tells all that events are missing between what they were told and what comes next. */
  const tellGap = () => {
    for (const member of [...members]) {
      if (behind.has(member)) {
        cut(member, "too slow: the events that come next are not kept any more");
      } else say(member, "gap", ring.last);
    }
  };

  let opening: Promise<void> | undefined;
  const open = async (log: EventLog) => {
    const reader: LogReader = {
      hear: tellLogged,
      missed: tellGap,
      restarted: () => members.size === 0 ? forget() : void start(log).then(tellGap, forget),
      firstPlace: () => ring.placeOf(ring.first),
    };
    const { run: name, place } = await log.open(reader);
    ring = createEventRing(place);
    run = name;
    for (const member of members) member.upTo = 0;
    behind.clear();
  };
  const start = (log: EventLog) => opening ??= open(log).finally(() => opening = undefined);

  /** Nobody who prepares need listen then. */
  const linger = () => {
    stopLingering();
    if (members.size === 0) stopLingering = clock.setTimer(forget, lingerMs);
  };

  return {
    get isOn() {
      return log === undefined ? run !== undefined : log.isOn;
    },
    prepare: log && (async () => {
      if (run === undefined) await start(log);
      linger();
      await log.readOn();
    }),
    publish(changes) {
      if (log !== undefined) return log.committed();
      if (run === undefined) return;
      for (const change of toTold(changes, clock.now(), workerOf)) {
        if (change.change.jobs.length === 0) continue;
        waiting.push(change);
        waitingJobs += change.change.jobs.length;
      }
      if (waitingJobs > mostWaiting) lose();
      else if (stopDraining === undefined && waitingJobs > 0) drain();
    },
    listen(listener) {
      if (members.size >= maxListeners) {
        throw new BusyError(`${members.size} listen to events, at most ${maxListeners} may`);
      }
      stopLingering();
      if (run === undefined) begin();
      ring.prune(clock.monotonic());
      const group = groups.join(listener.format, listener.filter);
      const start = startOf(listener.after, run!, ring);
      const { upTo } = start;
      const member: Member = { ...listener, group, upTo, known: upTo, gone: false };
      members.add(member);
      if (upTo < ring.last) behind.add(member);
      else group.upToDate.add(member);
      const cursor = cursorOf(upTo);
      // One at once: some servers hold back the head of an answer until it has a body.
      member.write(encoder.encode(toHeartbeat(member.format, cursor)));
      if (start.isGap) say(member, "gap", upTo);
      catchUp(member);
      return {
        cursor,
        drained: () => catchUp(member),
        beat() {
          if (member.gone) return;
          ring.prune(clock.monotonic());
          if (behind.has(member)) return catchUp(member), void isKept(member);
          if (!member.canWrite()) return;
          // What was not for it is behind it too: if it comes again, it need not be kept until then.
          if (member.known < ring.last) say(member, "mark", ring.last);
          else member.write(encoder.encode(toHeartbeat(member.format, cursorOf(ring.last))));
        },
        leave: () => leave(member),
      };
    },
    stop() {
      for (const member of [...members]) cut(member, "the broker stops");
      stopLingering();
      forget();
    },
  };
}

/** Where a listener begins. */
function startOf(
  after: string | undefined,
  run: string,
  { first, last, numberAt }: EventRing,
): { readonly upTo: number; readonly isGap: boolean } {
  if (after === undefined) return { upTo: last, isGap: false };
  const cursor = parseCursor(after);
  const number = cursor?.run === run ? numberAt(cursor.number) : undefined;
  return number === undefined ? { upTo: first - 1, isGap: true } : { upTo: number, isGap: false };
}

const encoder = new TextEncoder();

function toFrame(format: EventFormat, cursor: string, text: string): string {
  return format === "sse" ? `id: ${cursor}\ndata: ${text}\n\n` : `${text}\n`;
}

/** Says that the stream is alive, and in SSE how far it is: an event without data sets the id, and is not shown. */
function toHeartbeat(format: EventFormat, cursor: string): string {
  return format === "sse" ? `: heartbeat\nid: ${cursor}\n\n` : "\n";
}
