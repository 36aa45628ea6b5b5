/**
 * A counting limiter: so many at a time, the others wait in line. Its cost per item does not grow with the line or
 * with how many run.
 *
 * @module
 */

/** Runs items, so many at a time, in the order in which they came. */
export interface Pool<Item> {
  /** How many run now. */
  readonly running: number;
  /** How many wait in line. */
  readonly waiting: number;
  /** Runs an item as soon as there is room; at once if there is. */
  add(item: Item): void;
  /** Empties the line and gives what was in it; what runs goes on. */
  clear(): readonly Item[];
  /** Resolves as soon as nothing runs and nothing waits; at once if that is now. */
  idle(): Promise<void>;
}

/** How many places at the front of the line are left empty before it moves up; a line that never empties must. */
const compactAt = 1024;

/**
 * Creates a pool.
 *
 * @param size How many items run at a time at most; an integer of 1 or more.
 * @param run What is done with an item; must not throw, and its promise must not be rejected.
 */
export function createPool<Item>(size: number, run: (item: Item) => Promise<void>): Pool<Item> {
  let running = 0;
  let line: Item[] = [];
  let head = 0;
  let idle: PromiseWithResolvers<void> | undefined;

  const start = (item: Item) => {
    running++;
    void run(item).then(done);
  };

  const done = () => {
    running--;
    if (head < line.length) {
      const item = line[head++]!;
      if (head === compactAt) {
        line = line.slice(head);
        head = 0;
      }
      start(item);
    } else if (running === 0) {
      idle?.resolve();
      idle = undefined;
    }
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return line.length - head;
    },
    add(item) {
      if (running < size) start(item);
      else line.push(item);
    },
    clear() {
      const rest = line.slice(head);
      line = [];
      head = 0;
      return rest;
    },
    idle() {
      if (running === 0) return Promise.resolve();
      idle ??= Promise.withResolvers();
      return idle.promise;
    },
  };
}
