/**
 * Who subscribes to a dispatcher, and what each has.
 *
 * @module
 */

import type { JobRecord } from "../../protocol/record.ts";
import type { CancelNotice } from "../../protocol/frames-control.ts";
import type { TakenJob } from "../../store/finish.ts";
import type { LeaseMaker } from "../../store/take-leases.ts";

/** What reads jobs: an open take stream, or a call that takes some. */
export interface Subscriber {
  /** The queues it reads; all of them when undefined. */
  readonly queues: readonly string[] | undefined;
  /** How many jobs it may hold unfinished, until its worker says another number. */
  readonly prefetch: number;
  /** What its worker calls itself, if it says so. */
  readonly worker: string | undefined;
  /** What its worker says of itself, as it says it (`worker-about.ts`). */
  readonly about?: string | undefined;
  /** Whether it is no stream, but a call that takes some jobs. */
  readonly isOnce?: boolean | undefined;
  /** The run of its worker, if it says so: of each run there is one subscriber. */
  readonly run?: string | undefined;
  /** How the leases are made that its jobs are delivered under; undefined if it holds them as long as it is there. */
  readonly lease?: LeaseMaker | undefined;
  /** Whether it can be written to now: a reader that is slow to read gets nothing more. */
  canWrite(): boolean;
  /** Gets jobs, already in flight. */
  deliver(jobs: readonly JobRecord[]): void;
  /** Jobs that it has, by their ids, are taken from it, or will be. */
  lost?(ids: readonly string[]): void;
  /** Its worker is to stop; missing if it does not understand that. */
  stop?: (() => void) | undefined;
  /** Jobs that it has are to be cancelled. */
  cancel?(notices: readonly CancelNotice[]): void;
  /** It looks once: nothing is there for it. */
  passedOver?(): void;
  /** Its worker has said something. */
  heard?(): void;
  /**
   * The broker ends the stream.
   *
   * @param error Why, if the broker could not go on.
   */
  end(error?: unknown): void;
}

/** A subscriber and what it has. */
export interface Member {
  readonly subscriber: Subscriber;
  /** The ids of the jobs that it holds. */
  readonly held: Set<string>;
  /** The row of `holders` that stands for it, once it has got a job. */
  holder: number | undefined;
  /** When it came, in ms since the epoch. */
  readonly since: number;
  /** Its place among those who have room: lower ones are served first. Undefined when it has none. */
  turn: number | undefined;
  /** How many jobs it may hold unfinished. */
  prefetch: number;
  /** Whether its worker says that it takes jobs. */
  willing: boolean;
  /** Whether it is given jobs: its worker takes some, and is not quiet. */
  taking: boolean;
  /** The number of the last question to its worker, 0 if there was none: they are counted over all streams. */
  asked: number;
  /** Whether it has left. */
  gone: boolean;
}

/** What one member may claim. */
export interface Claim {
  readonly member: Member;
  readonly limit: number;
}

/** A job in flight, and who holds it. */
export interface HeldJob extends TakenJob {
  readonly member: Member;
  /** The number of the last question to its worker when the job was delivered. */
  readonly asked: number;
}

/** Stands for who has jobs under leases and has no stream. */
export const nobody: Member = {
  subscriber: {
    queues: undefined,
    prefetch: 0,
    worker: undefined,
    canWrite: () => false,
    deliver() {},
    end() {},
  },
  held: new Set(),
  since: 0,
  prefetch: 0,
  holder: undefined,
  turn: undefined,
  willing: false,
  taking: false,
  asked: 0,
  gone: true,
};

/** How many jobs claims may take all together. */
export function countOf(claims: readonly Claim[]): number {
  return claims.reduce((sum, { limit }) => sum + limit, 0);
}
