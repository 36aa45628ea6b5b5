/**
 * The last events, for those who were away for a moment and for those who read slowly. Bounded by their number, their bytes
 * and their age.
 *
 * @module
 */

import type { EventKind } from "../../protocol/events.ts";

/** How many events are kept at most. */
const maxEvents = 50_000;
/** How many characters their texts have together, about. */
const maxLength = 16 * 1024 * 1024;
/** How long, in ms. */
const maxAgeMs = 300_000;

/** Something that happened to a job. */
export interface KeptEvent {
  /** Grows by one from event to event. */
  readonly number: number;
  /** Where it stands for cursors: its number, or a greater one where events of several brokers are numbered. */
  readonly place: number;
  readonly kind: EventKind;
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly fromQueue: string | undefined;
  readonly worker: string | undefined;
  readonly tags: readonly string[] | undefined;
  readonly tracked: boolean;
  /** The code of the status that the job has now; undefined if it is stored no more. */
  readonly status: number | undefined;
  /** In ms since the epoch. */
  readonly at: number;
  /** When it was kept, by the monotonic clock in ms. */
  readonly keptAt: number;
  /** What the wire says of it, once somebody wanted it. */
  text: string | undefined;
}

/** How many characters an event has on the wire, about. */
export function lengthOf({ type, queue, tags }: KeptEvent): number {
  const length = 180 + type.length + queue.length;
  return tags === undefined ? length : tags.reduce((sum, tag) => sum + tag.length + 3, length);
}

/** The last events. */
export interface EventRing {
  /** The number of the first event that is kept; one more than the last if none is. */
  readonly first: number;
  /** The number of the last event that there was; 0 before the first. */
  readonly last: number;
  add(event: KeptEvent): void;
  /** The event of a number from the first to the last. */
  at(number: number): KeptEvent;
  /** The place of the event of a number; for the one before the first, of what was there last before it. */
  placeOf(number: number): number;
  /** The number of the last event up to a place; undefined if the ring has forgotten what comes behind it, or is not so far. */
  numberAt(place: number): number | undefined;
  /** Forgets what is too old at `now`, by the monotonic clock in ms. */
  prune(now: number): void;
}

/** Creates a ring without events; the first one will come behind `start`. */
export function createEventRing(start = 0): EventRing {
  let events: (KeptEvent | undefined)[] = [];
  /** The index of the first one that is kept: those before it are forgotten. */
  let head = 0;
  let last = 0;
  let length = 0;
  /** The place before the first event. */
  let before = start;

  const dropFirst = () => {
    length -= lengthOf(events[head]!);
    before = events[head]!.place;
    events[head++] = undefined;
    if (head < 1024 || head * 2 < events.length) return;
    events = events.slice(head);
    head = 0;
  };

  const placeAt = (index: number) => index < head ? before : events[index]!.place;
  const indexOf = (number: number) => number - last + events.length - 1;

  return {
    get first() {
      return last - (events.length - head) + 1;
    },
    get last() {
      return last;
    },
    add(event) {
      events.push(event);
      last = event.number;
      length += lengthOf(event);
      while (events.length - head > maxEvents || length > maxLength) dropFirst();
    },
    at: (number) => events[indexOf(number)]!,
    placeOf: (number) => placeAt(indexOf(number)),
    numberAt(place) {
      if (place < before || place > placeAt(events.length - 1)) return undefined;
      let low = head - 1;
      let high = events.length - 1;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (placeAt(middle) <= place) low = middle;
        else high = middle - 1;
      }
      return low + last - events.length + 1;
    },
    prune(now) {
      while (head < events.length && now - events[head]!.keptAt > maxAgeMs) dropFirst();
    },
  };
}
