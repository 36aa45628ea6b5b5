/**
 * A heap of what has a position in the order of delivery: the first is at hand, and adding or taking one costs little
 * however many there are.
 *
 * @module
 */

import { comparePositions, type Position } from "./backlog.ts";

/** A heap. */
export interface PositionHeap<Item extends { readonly position: Position }> {
  /** The item with the first position; undefined if there is none. */
  readonly first: Item | undefined;
  /** Adds an item. */
  add(item: Item): void;
  /** Takes the first item out. */
  shift(): Item | undefined;
}

/** Creates a heap of some items, which must keep their positions while they are in it. */
export function createPositionHeap<Item extends { readonly position: Position }>(
  items: Iterable<Item>,
): PositionHeap<Item> {
  const heap = [...items];
  const isBefore = (a: number, b: number) =>
    comparePositions(heap[a]!.position, heap[b]!.position) < 0;
  const swap = (a: number, b: number) => {
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  };
  const sink = (from: number) => {
    for (let at = from;;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isBefore(child, first)) first = child;
      }
      if (first === at) return;
      swap(at, first);
      at = first;
    }
  };
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(at);
  return {
    get first() {
      return heap[0];
    },
    add(item) {
      let at = heap.push(item) - 1;
      while (at > 0 && isBefore(at, (at - 1) >> 1)) {
        swap(at, (at - 1) >> 1);
        at = (at - 1) >> 1;
      }
    },
    shift() {
      const first = heap[0];
      const last = heap.pop();
      if (heap.length > 0) {
        heap[0] = last!;
        sink(0);
      }
      return first;
    },
  };
}
