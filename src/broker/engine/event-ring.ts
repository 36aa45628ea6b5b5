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
  /** Forgets what is too old at `now`, by the monotonic clock in ms. */
  prune(now: number): void;
}

/** Creates a ring without events. */
export function createEventRing(): EventRing {
  let events: (KeptEvent | undefined)[] = [];
  /** The index of the first one that is kept: those before it are forgotten. */
  let head = 0;
  let last = 0;
  let length = 0;

  const dropFirst = () => {
    length -= lengthOf(events[head]!);
    events[head++] = undefined;
    if (head < 1024 || head * 2 < events.length) return;
    events = events.slice(head);
    head = 0;
  };

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
    at: (number) => events[head + number - (last - (events.length - head) + 1)]!,
    prune(now) {
      while (head < events.length && now - events[head]!.keptAt > maxAgeMs) dropFirst();
    },
  };
}
