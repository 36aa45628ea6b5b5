/**
 * In which order a worker asks its queues for jobs. A broker gives the most urgent job of all the queues that it is asked
 * for; with an order the worker asks for one queue after the other, and takes from the first that has any.
 *
 * | order           | asks                                                                                      |
 * | --------------- | ----------------------------------------------------------------------------------------- |
 * | `"ordered"`     | always from the first: a later queue only when the earlier ones have nothing              |
 * | `"round-robin"` | beginning after the queue that was asked last, for one job each                           |
 * | `"shuffled"`    | the same, over the queues in a random order of this worker's own                          |
 * | `{ weights }`   | in a random order each time, one of twice the weight is first twice as often, one job each |
 *
 * @module
 */

import type { Random } from "../async/clock.ts";

/** Says which queues are asked, time after time. */
export interface QueueOrder {
  /**
   * How many jobs are taken of a queue at a time, at most; undefined is as many as there is room for.
   */
  readonly atOnce: number | undefined;
  /** The queues in the order in which they are asked now, each at most once. */
  next(): readonly string[];
  /** The last queue that was asked: it had jobs, or none of them had any. */
  asked(queue: string): void;
}

/** Makes an order of your own over a worker's queues, with its source of random numbers. */
export type QueueOrderFactory = (queues: readonly string[], random: Random) => QueueOrder;

/** One of the orders, or one of your own. */
export type QueueOrderOption =
  | "ordered"
  | "round-robin"
  | "shuffled"
  | {
    /** How often each queue is first, in relation to the others; above 0. A queue that is left out has 1. */
    readonly weights: Readonly<Record<string, number>>;
  }
  | QueueOrderFactory;

/**
 * Makes the order over some queues.
 *
 * @throws {TypeError} If there is no such order, or a weight for no queue.
 * @throws {RangeError} If a weight is not above 0.
 */
export function toQueueOrder(
  order: QueueOrderOption,
  queues: readonly string[],
  random: Random,
): QueueOrder {
  if (typeof order === "function") return order(queues, random);
  if (typeof order === "object") return weighted(queues, order.weights, random);
  switch (order) {
    case "ordered":
      return { atOnce: undefined, next: () => queues, asked() {} };
    case "round-robin":
      return roundRobin(queues);
    case "shuffled":
      return roundRobin(shuffle(queues, random));
    default:
      throw new TypeError(
        `Cannot use 'order' '${order}': expected 'ordered', 'round-robin', 'shuffled', weights or a function`,
      );
  }
}

function roundRobin(queues: readonly string[]): QueueOrder {
  let from = 0;
  return {
    atOnce: 1,
    next: () => [...queues.slice(from), ...queues.slice(0, from)],
    asked(queue) {
      from = (queues.indexOf(queue) + 1) % queues.length;
    },
  };
}

function shuffle(queues: readonly string[], random: Random): string[] {
  const shuffled = [...queues];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.min(Math.floor(random() * (last + 1)), last);
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}

function weighted(
  queues: readonly string[],
  weights: Readonly<Record<string, number>>,
  random: Random,
): QueueOrder {
  for (const [queue, weight] of Object.entries(weights)) {
    if (!queues.includes(queue)) {
      throw new TypeError(`Cannot weigh queue '${queue}': expected one of the worker's queues`);
    }
    if (!(weight > 0 && weight < Infinity)) {
      throw new RangeError(
        `Cannot use weight ${weight} of queue '${queue}': expected a finite number above 0`,
      );
    }
  }
  // The first of n waiting times, each exponential with its weight as rate, is each one's in relation to its weight.
  const waitOf = (queue: string) => -Math.log(1 - random()) / (weights[queue] ?? 1);
  return {
    atOnce: 1,
    next() {
      const waits = queues.map((queue) => ({ queue, wait: waitOf(queue) }));
      return waits.sort((one, other) => one.wait - other.wait).map(({ queue }) => queue);
    },
    asked() {},
  };
}
