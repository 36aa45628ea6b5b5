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
  /** The items: the first one at 0, and behind the one at `n` those at `2n + 1` and `2n + 2`. */
  readonly items: readonly Item[];
  /** Adds an item. */
  add(item: Item): void;
  /** Takes the first item out. */
  shift(): Item | undefined;
  /** Takes the item at an index out. */
  remove(at: number): void;
  /** Moves the item at an index, whose position changed, to where it belongs. */
  settle(at: number): void;
  /** Takes all items out. */
  clear(): void;
}

/**
 * Creates a heap of some items, which must keep their positions while they are in it, or be settled.
 *
 * @param moved Told of the index of each item that was added or moved.
 */
export function createPositionHeap<Item extends { readonly position: Position }>(
  items: Iterable<Item> = [],
  moved: (item: Item, at: number) => void = () => {},
): PositionHeap<Item> {
  const heap = [...items];
  const isBefore = (a: Item, b: Item) => comparePositions(a.position, b.position) < 0;
  const place = (item: Item, at: number) => {
    heap[at] = item;
    moved(item, at);
  };
  const rise = (item: Item, from: number): number => {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(item, heap[parent]!)) break;
      place(heap[parent]!, at);
      at = parent;
    }
    return at;
  };
  const sink = (item: Item, from: number): number => {
    let at = from;
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, item)) break;
      place(heap[child]!, at);
      at = child;
    }
    return at;
  };
  const settle = (from: number) => {
    const item = heap[from]!;
    const at = rise(item, from);
    place(item, at === from ? sink(item, from) : at);
  };
  const remove = (at: number) => {
    const last = heap.pop()!;
    if (at === heap.length) return;
    heap[at] = last;
    settle(at);
  };
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) {
    const item = heap[at]!;
    place(item, sink(item, at));
  }
  heap.forEach(moved);
  return {
    get first() {
      return heap[0];
    },
    items: heap,
    add: (item) => settle(heap.push(item) - 1),
    shift() {
      const first = heap[0];
      if (first !== undefined) remove(0);
      return first;
    },
    remove,
    settle,
    clear: () => void (heap.length = 0),
  };
}
