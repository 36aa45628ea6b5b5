/**
 * What gives ready jobs to subscribers, and what it is made from. How it does that: `dispatch.ts`.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import type { CancelNotice } from "../../protocol/frames-control.ts";
import type { WorkerStatement } from "../../protocol/worker-statement.ts";
import type { Backlog } from "../../store/backlog.ts";
import type { Change } from "../../store/changes.ts";
import type { TakenJob } from "../../store/finish.ts";
import type { ReleaseTerms } from "../../store/release.ts";
import type { Store } from "../../store/store.ts";
import type { Transition } from "../../store/transition.ts";
import type { Gates } from "./gates.ts";
import type { HeldJob, Member, Subscriber } from "./member.ts";
import type { InFlightLimits } from "./members.ts";
import type { Heard } from "./heard.ts";
import type { News } from "./news.ts";
import type { Subscription } from "./subscription.ts";

/** Gives ready jobs to subscribers. */
export interface Dispatcher {
  /** Adds a subscriber. One with a run replaces the one that has the same. */
  subscribe(subscriber: Subscriber): Subscription;
  /** The run of a worker lives: it has said something. */
  notice(run: string): void;
  /** The run of a worker says what it does and holds, as {@linkcode Subscription.tell}; undefined if it has no stream. */
  tell(run: string, statement: WorkerStatement): Promise<readonly string[]> | undefined;
  /**
   * Claims jobs for subscribers whose jobs leave flight by these changes, in the same transaction, in the simple case:
   * no other subscriber waits, and no ready job draws on budgets; on a shared database, where a commit takes long, also for
   * who waits for what becomes ready by them. The jobs are handed out when {@linkcode Dispatcher.applyChanges} gets the same.
   */
  claimAlongside(changes: readonly Change[]): Transition<void> | undefined;
  /** What was claimed alongside was not committed. */
  abandonAlongside(): void;
  /** Applies what a commit changed: frees room, and wakes each subscriber once. */
  applyChanges(changes: readonly Change[]): void;
  /** Replaces all known backlogs with these. */
  reload(backlogs: readonly Backlog[]): void;
  /** Does what follows from the news of other brokers. */
  hear(heard: Heard): void;
  /** Looks whether subscribers still hold what they seem to, and for jobs that nobody told of. */
  recheck(): Promise<void>;
  /** Gives back what was taken for nobody. Call now and then. */
  tidy(): Promise<void>;
  /** Another broker (`from`), with this share of the limit for all, wants more of it. */
  giveRoom(share: number, from: number): Promise<void>;
  /** Gets this broker its first share of the limit for all. */
  begin(): Promise<void>;
  /** The broker has another row than before. */
  restart(): void;
  /** Jobs are in flight under leases, since before the broker was started. */
  adopt(jobs: readonly TakenJob[]): void;
  /** Other workers are quiet than before. */
  steered(): void;
  /** Tells a worker to stop, on its streams here. */
  tellStop(worker: string): void;
  /** Who is subscribed now. */
  subscribers(): Iterable<Member>;
  /** What is known of a job in flight that a subscriber holds. */
  takenJob(id: string): HeldJob | undefined;
  /** Tells the subscribers of this broker that jobs of theirs are to be cancelled. */
  remind(notices: readonly CancelNotice[]): void;
  /** When a budget opens by itself, in ms since the epoch; undefined when none does. */
  nextOpening(): number | undefined;
  /** Opens the budgets that are due by `now`. */
  openDue(now: number): void;
  /** Ends every stream and gives their jobs back. */
  endAll(): Promise<void>;
  /** Ends every stream for good. */
  stop(): Promise<void>;
}

/** What a dispatcher is made from. */
export interface DispatcherOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: InFlightLimits;
  /** Which queues are paused, or full. */
  readonly gates: Gates;
  /** The names of workers that get no jobs. */
  readonly quiet: ReadonlySet<string>;
  /** What giving jobs back depends on, now. */
  releaseTerms(): ReleaseTerms;
  /** The row of `brokers` that stands for this broker. */
  broker(): number;
  /** The other brokers on the database. */
  others(): Others;
  /** Told that a budget opens at `at` by itself, in ms since the epoch. */
  expectOpening(at: number): void;
}

/** What a dispatcher has to do with other brokers. */
export interface Others extends Pick<News, "ask" | "connected" | "tellRoom" | "tellLogged"> {
  /** How many there are. */
  countOthers(): Promise<number>;
}
