/**
 * Who gets the next job.
 *
 * A subscriber is an open take stream. It *may have jobs* while ready jobs may be there for it, and it is *waiting* while
 * it may have jobs and has room. Only waiting subscribers cost anything: when a claim leaves no job behind, the subscriber
 * sleeps until a job becomes ready in one of its queues, and one without room sleeps until one of its jobs leaves
 * flight. Nothing polls.
 *
 * | Event                                                  | may have jobs                          | waiting        |
 * | ------------------------------------------------------ | -------------------------------------- | -------------- |
 * | subscribe                                              | yes                                    | yes            |
 * | a job became ready in one of its queues                | yes                                    | if it has room |
 * | a claim left no job behind                             | no (unless one became ready meanwhile) | no             |
 * | a claim filled it                                      | –                                      | no             |
 * | one of its jobs left flight, or its reader caught up   | –                                      | if it may have jobs |
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import type { Backlog } from "../../store/backlog.ts";
import type { Change } from "../../store/changes.ts";
import { claimJobs } from "../../store/claim.ts";
import type { ClaimResult } from "../../store/claim-builder.ts";
import { releaseHolder } from "../../store/finish.ts";
import type { Store } from "../../store/store.ts";
import type { Transition } from "../../store/transition.ts";
import { createBacklogs } from "./backlogs.ts";
import {
  type Claim,
  createMembers,
  leavesFlight,
  type Member,
  type Subscriber,
} from "./members.ts";

/** How long to wait before jobs of a vanished subscriber are given back again after the store failed, in ms. */
const retryMs = 1000;

/** What a subscriber gets when it subscribes. */
export interface Subscription {
  /** The subscriber can be written to again. */
  drained(): void;
  /** Removes the subscriber and gives its unfinished jobs back. A second call does nothing. */
  unsubscribe(): Promise<void>;
}

/** Gives ready jobs to subscribers. */
export interface Dispatcher {
  /** Adds a subscriber. */
  subscribe(subscriber: Subscriber): Subscription;
  /**
   * Claims jobs for subscribers whose jobs leave flight by these changes, in the same transaction, in the simple case:
   * no other subscriber waits, and no ready job draws on budgets. The jobs are handed out when
   * {@linkcode Dispatcher.applyChanges} gets the same changes, and forgotten if it never does.
   */
  claimAlongside(changes: readonly Change[]): Transition<void> | undefined;
  /** Applies what a commit changed: frees room, and wakes each subscriber once. */
  applyChanges(changes: readonly Change[]): void;
  /** Replaces all known backlogs with these. */
  reload(backlogs: readonly Omit<Backlog, "from">[]): void;
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
  /** How many jobs may be in flight; 0 for any number. */
  readonly limit: number;
  /** The row of `brokers` that stands for this broker. */
  broker(): number;
  /** Told that a budget opens at `at` by itself, in ms since the epoch. */
  expectOpening(at: number): void;
}

/** Creates a dispatcher without subscribers. */
export function createDispatcher(
  { store, clock, logger, limit, broker, expectOpening }: DispatcherOptions,
): Dispatcher {
  const members = createMembers(limit);
  const backlogs = createBacklogs();
  /** What was claimed alongside a commit that may still fail. */
  let accompanying:
    | {
      readonly changes: readonly Change[];
      readonly claims: readonly Claim[];
      readonly results: readonly ClaimResult[];
    }
    | undefined;
  /** What left flight since it was claimed, by the claim that is under way: it is not handed out any more. */
  const leftEarly = new Set<string>();
  let wakes = 0;
  let dispatching = false;
  let stopped = false;

  const assign = (member: Member, jobs: readonly JobRecord[]) => {
    if (member.gone) void release(member);
    else if (jobs.length > 0) deliver(member, jobs);
  };

  /** Jobs that cannot be written go back at once. The claims of other subscribers go on. */
  const deliver = (member: Member, jobs: readonly JobRecord[]) => {
    try {
      member.subscriber.deliver(jobs);
    } catch (error) {
      logger.error("Cannot write jobs to a stream, ending it", { error });
      member.subscriber.end();
      void remove(member);
    }
  };

  const claim = (claims: readonly Claim[], open: readonly Backlog[]) => {
    const requests = claims.map(({ member: { subscriber, holder }, limit }) => {
      return { queues: subscriber.queues, worker: subscriber.worker, holder, limit };
    });
    return claimJobs(requests, open, { now: clock.now(), broker: broker() });
  };

  /** Hands out what was claimed; `sawAll` says that no job became ready since. */
  const handOut = (claims: readonly Claim[], results: readonly ClaimResult[], sawAll: boolean) => {
    // All hold what they got before anybody hears of it: who is written to may ask for more at once.
    const handedOut = claims.map(({ member }, index) => {
      const { jobs, exhausted, holder } = results[index]!;
      if (exhausted && sawAll) member.mayHaveJobs = false;
      member.holder = holder;
      const rest = leftEarly.size === 0 ? jobs : jobs.filter(({ id }) => !leftEarly.has(id));
      members.hold(member, rest);
      return { member, jobs: rest };
    });
    leftEarly.clear();
    for (const { member, jobs } of handedOut) {
      assign(member, jobs);
      members.markWaiting(member);
    }
  };

  const dispatchOnce = async (claims: readonly Claim[]) => {
    const wakesBefore = wakes;
    leftEarly.clear();
    const open = backlogs.beginTake();
    const claimed = await store.write(() => claim(claims, open));
    const opened = backlogs.endTake(claimed.updates, claimed.exhaustedBudgets);
    const openingAt = backlogs.nextOpening();
    if (openingAt < Infinity) expectOpening(openingAt);
    handOut(claims, claimed.results, wakes === wakesBefore);
    wakeReaders(opened);
  };

  function* claimFor(changes: readonly Change[], claims: readonly Claim[]): Transition<void> {
    const { results } = yield* claim(claims, []);
    accompanying = { changes, claims, results };
  }

  const dispatch = async () => {
    if (dispatching) return;
    dispatching = true;
    for (let claims = members.plan(); claims.length > 0; claims = members.plan()) {
      try {
        await dispatchOnce(claims);
      } catch (error) {
        backlogs.abortTake();
        logger.error("Cannot take jobs, ending the streams that asked", { error });
        for (const { member } of claims) {
          member.subscriber.end();
          await remove(member);
        }
      }
    }
    dispatching = false;
  };

  /** Gives back all that a subscriber holds, however often the store fails meanwhile. */
  const release = async (member: Member) => {
    const { holder } = member;
    const ids = [...member.held];
    member.held.clear();
    if (holder === undefined) return; // It never got a job.
    for (let released = false; !released;) {
      try {
        await store.write(() => releaseHolder(holder, members.heldBy(member, ids)));
        released = true;
      } catch (error) {
        if (stopped) break; // The next start recovers them.
        logger.error("Cannot give jobs back, trying again", { error, jobs: ids.length });
        await new Promise<void>((resolve) => clock.setTimer(resolve, retryMs));
      }
    }
    members.forget(member, ids);
    if (members.isAnyWaiting) void dispatch();
  };

  const remove = async (member: Member) => {
    if (member.gone) return;
    members.remove(member);
    await release(member);
  };

  /** Jobs may be ready in these queues; in any, when undefined. */
  const markReaders = (queues?: ReadonlySet<string>) => {
    wakes++;
    members.markReaders(queues);
  };

  const wakeReaders = (queues: ReadonlySet<string>) => {
    if (queues.size === 0) return;
    markReaders(queues);
    if (members.isAnyWaiting) void dispatch();
  };

  /** Gives the queues where there may be jobs now. */
  const applyChange = (change: Change): Set<string> | undefined => {
    if (change.kind === "jobs") {
      if (change.to === status.inFlight) {
        for (const { id } of leftEarly.size > 0 ? change.jobs : []) leftEarly.delete(id);
      } else if (leavesFlight(change)) {
        const unheld = members.release(change.jobs);
        // Perhaps one that was claimed in this commit, which its subscriber does not hold yet.
        for (const id of dispatching ? unheld : []) leftEarly.add(id);
      }
      return change.to === status.ready ? backlogs.addReady(change.jobs) : undefined;
    }
    if (change.kind !== "budgets") return undefined;
    return change.refunded ? backlogs.refund(change.keys) : backlogs.reopen(change.keys);
  };

  const endAll = async () => {
    await Promise.all([...members.all].map((member) => {
      member.subscriber.end();
      return remove(member);
    }));
  };

  return {
    subscribe(subscriber) {
      const member = members.add(subscriber);
      void dispatch();
      return {
        drained() {
          members.markWaiting(member);
          void dispatch();
        },
        unsubscribe: () => remove(member),
      };
    },
    claimAlongside(changes) {
      accompanying = undefined;
      // Subscribers who wait go first. On a shared database, the changes are known too late.
      const isSimple = !dispatching && !members.isAnyWaiting && !store.isShared &&
        backlogs.isEmpty();
      if (!isSimple) return undefined;
      const claims = members.planFreed(changes);
      if (claims.length === 0 || changes.some(addsBudgeted)) return undefined;
      return claimFor(changes, claims);
    },
    applyChanges(changes) {
      let queues: Set<string> | undefined;
      for (const change of changes) {
        const more = applyChange(change);
        if (more === undefined || more.size === 0) continue;
        if (queues === undefined) queues = more;
        else for (const queue of more) queues.add(queue);
      }
      if (queues !== undefined) markReaders(queues);
      if (accompanying?.changes === changes) {
        // It was the last in the transaction, so it saw all that became ready by these changes, but for jobs with budgets.
        handOut(accompanying.claims, accompanying.results, backlogs.isEmpty());
      }
      accompanying = undefined;
      if (members.isAnyWaiting) void dispatch();
    },
    reload(all) {
      backlogs.replace(all);
      markReaders();
      if (members.isAnyWaiting) void dispatch();
    },
    nextOpening() {
      const at = backlogs.nextOpening();
      return at === Infinity ? undefined : at;
    },
    openDue: (now) => wakeReaders(backlogs.reopenDue(now)),
    endAll,
    async stop() {
      stopped = true;
      await endAll();
    },
  };
}

/** Whether a change brings ready jobs that draw on budgets: no backlog is known of them before it is applied. */
function addsBudgeted(change: Change): boolean {
  return change.kind === "jobs" && change.to === status.ready &&
    change.jobs.some(({ budgets }) => budgets !== null);
}
