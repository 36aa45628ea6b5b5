/**
 * Runs a limited number of items at a time; the others wait. An item costs the same however many wait or run.
 *
 * @module
 */

/** Runs items, so many at a time, in the order in which they came. */
export interface Pool<Item> {
  /** How many run now. */
  readonly running: number;
  /** How many wait. */
  readonly waiting: number;
  /** The one that waits longest. */
  readonly next: Item | undefined;
  /** Runs an item as soon as there is room; at once if there is. */
  add(item: Item): void;
  /** Counts an item that runs as done, though it goes on. A second time does nothing. */
  letGo(item: Item): void;
  /** Gives the items that wait, in order, and forgets them; what runs goes on. */
  clear(): readonly Item[];
  /** Begins no more items; what runs goes on. */
  pause(): void;
  /** Begins items again. */
  resume(): void;
  /** Resolves as soon as nothing runs and nothing waits for room; at once if that is now. */
  idle(): Promise<void>;
}

/** How many started items the list keeps at its front before it is cut; a list that is never empty must be. */
const compactAt = 1024;

/**
 * Creates a pool.
 *
 * @param size How many items run at a time at most; an integer of 1 or more.
 * @param run What is done with an item; must not throw, and its promise must not be rejected.
 */
export function createPool<Item>(size: number, run: (item: Item) => Promise<void>): Pool<Item> {
  let running = 0;
  let room = size;
  let waiting: Item[] = [];
  let head = 0;
  /** Those that go on and do not count. */
  const free = new Set<Item>();
  let idle: PromiseWithResolvers<void> | undefined;

  const start = (item: Item) => {
    running++;
    void run(item).then(() => {
      if (free.size === 0 || !free.delete(item)) done();
    });
  };

  const done = () => {
    running--;
    if (head < waiting.length && running < room) startNext();
    else if (running === 0) {
      idle?.resolve();
      idle = undefined;
    }
  };

  const startNext = () => {
    const item = waiting[head++]!;
    if (head === compactAt) {
      waiting = waiting.slice(head);
      head = 0;
    }
    start(item);
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return waiting.length - head;
    },
    get next() {
      return waiting[head];
    },
    add(item) {
      if (running < room) start(item);
      else waiting.push(item);
    },
    letGo(item) {
      if (free.has(item)) return;
      free.add(item);
      done();
    },
    clear() {
      const rest = waiting.slice(head);
      waiting = [];
      head = 0;
      return rest;
    },
    pause() {
      room = 0;
    },
    resume() {
      room = size;
      while (head < waiting.length && running < room) startNext();
    },
    idle() {
      if (running === 0) return Promise.resolve();
      idle ??= Promise.withResolvers();
      return idle.promise;
    },
  };
}
