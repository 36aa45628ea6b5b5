/**
 * The position of the first ready job without budgets of each queue, so that taking jobs from any queue reads only the
 * queues whose turn it is.
 *
 * A position may be one before the first job, and a queue that is known may be empty; but no ready job stands before the
 * known position of its queue, or in a queue that is not known.
 *
 * @module
 */

import { comparePositions, front, type Position } from "./backlog.ts";
import { listReadyQueues } from "./counts.ts";
import { createPositionHeap } from "./position-heap.ts";
import type { Transition } from "./transition.ts";

/** The head of a queue. */
export interface QueueHead {
  readonly queue: string;
  readonly position: Position;
}

/** The heads of all queues. */
export interface QueueHeads {
  /** The position of a queue; undefined when it has no ready job. */
  of(queue: string): Position | undefined;
  /** How many queues are known. */
  readonly size: number;
  /** The heads, first ones first. None may be put or removed before the last was asked for. */
  inOrder(): Iterable<QueueHead>;
}

/** Heads that can be changed. */
export interface MutableQueueHeads extends QueueHeads {
  /** A job is ready in a queue. */
  add(queue: string, position: Position): void;
  /** The first job of a queue stands here; undefined when none is left. */
  set(queue: string, position: Position | undefined): void;
  /** Forgets all. */
  clear(): void;
}

/** A place in the heap; `at` is its index. */
interface Slot {
  readonly queue: string;
  position: Position;
  at: number;
}

/** Creates heads of no queue. */
export function createQueueHeads(): MutableQueueHeads {
  const slots = new Map<string, Slot>();
  const heap: Slot[] = [];

  const place = (slot: Slot, at: number) => {
    heap[at] = slot;
    slot.at = at;
  };
  /** Moves a slot towards the front or the back of the heap, to where it belongs. */
  const settle = (slot: Slot) => {
    let { at } = slot;
    while (at > 0) {
      const parent = heap[(at - 1) >> 1]!;
      if (comparePositions(parent.position, slot.position) <= 0) break;
      place(parent, at);
      at = (at - 1) >> 1;
    }
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right && comparePositions(right.position, heap[child]!.position) < 0) child++;
      const next = heap[child]!;
      if (next === slot || comparePositions(slot.position, next.position) <= 0) break;
      place(next, at);
      at = child;
    }
    place(slot, at);
  };
  const insert = (queue: string, position: Position) => {
    const slot: Slot = { queue, position, at: heap.length };
    slots.set(queue, slot);
    heap.push(slot);
    settle(slot);
  };
  const remove = (slot: Slot) => {
    slots.delete(slot.queue);
    const last = heap.pop()!;
    if (last === slot) return;
    place(last, slot.at);
    settle(last);
  };

  return {
    of: (queue) => slots.get(queue)?.position,
    get size() {
      return heap.length;
    },
    *inOrder() {
      const frontier = createPositionHeap(heap.slice(0, 1));
      for (let slot = frontier.shift(); slot !== undefined; slot = frontier.shift()) {
        for (const at of [2 * slot.at + 1, 2 * slot.at + 2]) {
          const child = heap[at];
          if (child !== undefined) frontier.add(child);
        }
        yield slot;
      }
    },
    add(queue, position) {
      const slot = slots.get(queue);
      if (slot === undefined) insert(queue, position);
      else if (comparePositions(position, slot.position) < 0) {
        slot.position = position;
        settle(slot);
      }
    },
    set(queue, position) {
      const slot = slots.get(queue);
      if (position === undefined) {
        if (slot !== undefined) remove(slot);
      } else if (slot === undefined) insert(queue, position);
      else {
        slot.position = position;
        settle(slot);
      }
    },
    clear() {
      slots.clear();
      heap.length = 0;
    },
  };
}

/** Heads as the database has them: exact in which queues there are, and with the front as the position of each. */
export function* readQueueHeads(): Transition<QueueHeads> {
  const heads = createQueueHeads();
  for (const queue of yield* listReadyQueues()) heads.add(queue, front);
  return heads;
}
