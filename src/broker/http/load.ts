/**
 * How much the broker has at work. What is too much is refused at once, before memory grows: the caller may try again
 * later.
 *
 * @module
 */

import { Refusal } from "./refusal.ts";

/** The place of a call that only waits. */
export interface Waiting {
  /** What it waited for has so many bytes, and lies here until it was read. */
  hold(bytes: number): void;
  /** It waits no more. A second call does nothing. */
  end(): void;
}

/** What one call has at work. */
export interface CallLoad {
  /**
   * The call holds so many more bytes of its body.
   *
   * @throws {Refusal} 503, if all calls together hold too many.
   */
  hold(bytes: number): void;
  /**
   * The call only waits from now on, which is no work.
   *
   * @throws {Refusal} 503, if too many wait.
   */
  wait(): Waiting;
  /**
   * The call is done, but what it holds, and an answer, have to lie here until the answer was read.
   *
   * @param bytes How much it is besides what it holds.
   * @param mayRefuse Whether the answer may be thrown away: the call has changed nothing.
   * @returns What ends that.
   * @throws {Refusal} 503, if it may be, and all calls together hold too many bytes.
   */
  answer(bytes: number, mayRefuse: boolean): () => void;
  /** The call is answered. A second call does nothing. */
  end(): void;
}

/** The load of a broker. */
export interface Load {
  /**
   * A call begins.
   *
   * @throws {Refusal} 503, if too many are at work.
   */
  begin(): CallLoad;
  /** What a call has that is no work. */
  readonly idle: CallLoad;
}

/** The limits of a broker's load. */
export interface LoadLimits {
  /** How many calls may be at work. */
  readonly maxCalls: number;
  /** How many may only wait. */
  readonly maxWaiting: number;
  /** How many bytes of bodies and answers may be held together. */
  readonly maxHeldBytes: number;
}

/** What all calls have at work. */
interface Totals {
  readonly limits: LoadLimits;
  calls: number;
  waiting: number;
  heldBytes: number;
}

/** Creates the load of a broker. */
export function createLoad(limits: LoadLimits): Load {
  const totals = { limits, calls: 0, waiting: 0, heldBytes: 0 };
  return {
    begin() {
      const { calls, limits: { maxCalls } } = totals;
      if (calls >= maxCalls) throw new Refusal(503, `busy: ${calls} calls are at work`);
      totals.calls++;
      return new OneCall(totals);
    },
    idle: { hold() {}, wait: () => beginWaiting(totals), answer: () => () => {}, end() {} },
  };
}

function beginWaiting(totals: Totals): Waiting {
  const { waiting, limits: { maxWaiting } } = totals;
  if (waiting >= maxWaiting) throw new Refusal(503, `busy: ${waiting} calls wait`);
  totals.waiting++;
  let held = 0;
  return {
    hold(bytes) {
      held += bytes;
      totals.heldBytes += bytes;
    },
    end: once(() => {
      totals.waiting--;
      totals.heldBytes -= held;
    }),
  };
}

/** A class, as there is one for each call. */
class OneCall implements CallLoad {
  readonly #totals: Totals;
  #own = 0;
  #isOver = false;

  constructor(totals: Totals) {
    this.#totals = totals;
  }

  hold(bytes: number): void {
    this.#demandRoom(bytes);
    this.#own += bytes;
    this.#totals.heldBytes += bytes;
  }

  wait(): Waiting {
    const waiting = beginWaiting(this.#totals);
    this.end();
    return waiting;
  }

  answer(bytes: number, mayRefuse: boolean): () => void {
    if (mayRefuse) this.#demandRoom(bytes);
    const held = this.#own + bytes;
    this.end();
    this.#totals.heldBytes += held;
    return once(() => void (this.#totals.heldBytes -= held));
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#totals.calls--;
    this.#totals.heldBytes -= this.#own;
  }

  #demandRoom(bytes: number): void {
    const { heldBytes, limits: { maxHeldBytes } } = this.#totals;
    // One alone may hold more: no body is larger than what is read.
    if (heldBytes > this.#own && heldBytes + bytes > maxHeldBytes) {
      throw new Refusal(503, `busy: bodies of ${heldBytes} bytes are at work`);
    }
  }
}

function once(run: () => void): () => void {
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    run();
  };
}
