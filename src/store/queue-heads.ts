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
  const heap = createPositionHeap<Slot>([], (slot, at) => void (slot.at = at));

  const insert = (queue: string, position: Position) => {
    const slot: Slot = { queue, position, at: 0 };
    slots.set(queue, slot);
    heap.add(slot);
  };
  const moveTo = (slot: Slot, position: Position) => {
    slot.position = position;
    heap.settle(slot.at);
  };

  return {
    of: (queue) => slots.get(queue)?.position,
    get size() {
      return slots.size;
    },
    *inOrder() {
      const frontier = createPositionHeap(heap.items.slice(0, 1));
      for (let slot = frontier.shift(); slot !== undefined; slot = frontier.shift()) {
        for (const at of [2 * slot.at + 1, 2 * slot.at + 2]) {
          const child = heap.items[at];
          if (child !== undefined) frontier.add(child);
        }
        yield slot;
      }
    },
    add(queue, position) {
      const slot = slots.get(queue);
      if (slot === undefined) insert(queue, position);
      else if (comparePositions(position, slot.position) < 0) moveTo(slot, position);
    },
    set(queue, position) {
      const slot = slots.get(queue);
      if (position === undefined) {
        if (slot !== undefined) heap.remove(slot.at);
        slots.delete(queue);
      } else if (slot === undefined) insert(queue, position);
      else moveTo(slot, position);
    },
    clear() {
      slots.clear();
      heap.clear();
    },
  };
}

/**
 * Heads as the database has them: exact in which queues there are, and with the front as the position of each.
 *
 * @param added Queues in which jobs became ready in this transaction, and are not counted yet.
 */
export function* readQueueHeads(added: Iterable<string> = []): Transition<QueueHeads> {
  const heads = createQueueHeads();
  for (const queue of added) heads.add(queue, front);
  for (const queue of yield* listReadyQueues()) heads.add(queue, front);
  return heads;
}
