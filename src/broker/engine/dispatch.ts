/**
 * Who gets the next job.
 *
 * A subscriber is an open take stream, or a call that takes some jobs. It *has room* while it may hold more, and a queue *may have
 * jobs* while ready ones may be in it. Claims are made for those who have room and read such a queue. Nothing polls.
 *
 * | Event                                          | The subscriber has room | The queue may have jobs                |
 * | ---------------------------------------------- | ----------------------- | -------------------------------------- |
 * | subscribe                                      | yes                     | –                                      |
 * | a job became ready in the queue                | –                       | yes                                    |
 * | a claim left no job behind                     | –                       | no (unless one became ready meanwhile) |
 * | a claim filled it                              | no                      | –                                      |
 * | one of its jobs left flight, or its reader caught up | yes               | –                                      |
 *
 * @module
 */

import { createTurns } from "../../async/turns.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import type { Change } from "../../store/changes.ts";
import { claimJobs, claimRegistered } from "../../store/claim.ts";
import type { ClaimResult, ClaimSources } from "../../store/claim-builder.ts";
import { UnusableStoreError } from "../../store/unusable.ts";
import type { WorkerStatement } from "../../protocol/worker-statement.ts";
import { createAlongside } from "./alongside.ts";
import { createBacklogs } from "./backlogs.ts";
import type { Dispatcher, DispatcherOptions } from "./dispatcher.ts";
import { createGivingBack } from "./giving-back.ts";
import { answerTo, findForgotten } from "./holdings.ts";
import { createLatecomers } from "./latecomers.ts";
import { tellCancellations, tellHolders } from "./losses.ts";
import { type Claim, countOf, type Member } from "./member.ts";
import { anyNumber, createMembers, leavesFlight } from "./members.ts";
import { createOnlookers } from "./onlookers.ts";
import { createPermits } from "./permits.ts";
import { createRechecking } from "./rechecking.ts";
import { createSteer } from "./steer.ts";

/** Creates a dispatcher without subscribers. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, clock, logger, limits, gates, quiet, releaseTerms, broker, others } = options;
  const { expectOpening } = options;
  const permits = store.isShared
    ? createPermits({ store, clock, limits, broker, others }, {
      held: () => members.countOnStreams(),
      isAnyWaiting: () => members.isAnyWaiting,
    })
    : undefined;
  const members = createMembers(limits, permits?.room);
  const onlookers = createOnlookers(members);
  const steer = createSteer(members, quiet);
  const backlogs = createBacklogs(!store.isShared, clock);
  const latecomers = createLatecomers();
  /** Questions so far, on all streams: a late answer is not taken for that of another stream. */
  let questions = 0;
  /** The subscribers that say of which run of a worker they are. */
  const byRun = new Map<string, Member>();
  let dispatching = false;
  let stopped = false;

  const { release, giveBack, giveBackStrays } = createGivingBack({
    store,
    clock,
    logger,
    members,
    releaseTerms,
    isStopped: () => stopped,
    freed() {
      permits?.released();
      goOn();
    },
  });
  const rechecking = createRechecking({ store, clock, logger, members });

  const assign = (member: Member, jobs: readonly JobRecord[]) => {
    if (member.gone && member.subscriber.lease !== undefined) void giveBack(member, jobs);
    else if (member.gone) void release(member);
    else if (jobs.length === 0) return;
    else if (member.taking) deliver(member, jobs);
    else void giveBack(member, jobs); // It stopped while they were claimed.
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

  const claim = (claims: readonly Claim[], sources: ClaimSources) => {
    const requests = claims.map((
      { member: { subscriber: { queues, worker, lease }, holder }, limit },
    ) => (
      { queues, worker, lease, holder, limit }
    ));
    const all = { ...sources, gates: gates.forClaim() };
    const terms = { now: clock.now(), broker: broker() };
    return (store.isShared ? claimRegistered : claimJobs)(requests, all, terms);
  };

  /** Hands out what was claimed. */
  const handOut = (claims: readonly Claim[], results: readonly ClaimResult[]) => {
    // All hold what they got before anybody hears of it: who is written to may ask for more at once.
    let leased = 0;
    const handedOut = claims.map(({ member }, index) => {
      const { jobs, exhausted, holder } = results[index]!;
      if (member.subscriber.lease !== undefined) leased += jobs.length;
      if (exhausted) members.noneLeft(member);
      member.holder = holder;
      const rest = latecomers.sift(jobs);
      members.hold(member, rest);
      return { member, jobs: rest };
    });
    permits?.end(leased);
    const notices = latecomers.end();
    for (const { member, jobs } of handedOut) {
      assign(member, jobs);
      members.updateRoom(member);
    }
    if (notices.length > 0) tellCancellations(notices, members);
  };

  const dispatchOnce = async (claims: readonly Claim[]) => {
    latecomers.begin();
    const sources = backlogs.beginTake();
    gates.beginTake();
    permits?.begin(countOf(claims));
    const claimed = await store.write(() => claim(claims, sources));
    const opened = backlogs.endTake(claimed.updates, claimed.exhaustedBudgets);
    const openingAt = backlogs.nextOpening();
    if (openingAt < Infinity) expectOpening(openingAt);
    const again = gates.endTake(claimed.fullQueues);
    handOut(claims, claimed.results);
    wakeReaders([...opened, ...again]);
  };

  /** Ends the streams that asked for jobs, which cannot be taken. */
  const endAfter = async (error: unknown, claims: readonly Claim[]) => {
    logger.error("Cannot take jobs, ending the streams that asked", { error });
    for (const { member } of claims) {
      member.subscriber.end(error);
      await remove(member);
    }
  };

  /** Makes claims together. If that fails while the database can be used, each is made alone: one may be to blame. */
  const dispatchAll = async (claims: readonly Claim[]): Promise<void> => {
    try {
      await dispatchOnce(claims);
    } catch (error) {
      backlogs.abortTake();
      const isUnusable = error instanceof UnusableStoreError;
      if (isUnusable) permits?.failed();
      else permits?.end(0); // All of it was rolled back.
      if (isUnusable || claims.length === 1) return await endAfter(error, claims);
      for (const claim of claims.filter(({ member }) => !member.gone)) await dispatchAll([claim]);
    }
  };

  const alongside = createAlongside({ members, backlogs, permits, claim });

  /** How many jobs could be taken if there was no limit for all. */
  const countWanted = () => countOf(members.plan(Infinity));

  const dispatch = async () => {
    if (dispatching || alongside.isUnderWay) return; // It goes on when that is through.
    dispatching = true;
    const turns = createTurns(clock);
    for (;;) {
      const claims = members.plan();
      const isCut = members.isCut;
      const needsRoom = permits !== undefined && (isCut || claims.length === 0) &&
        members.isAnyWaiting && permits.mayGrow(isCut);
      if (claims.length === 0 && !needsRoom) break;
      try {
        if (needsRoom) {
          const wanted = countWanted();
          await permits.grow(wanted, isCut ? wanted : 1);
          continue;
        }
        onlookers.passOver(claims);
        await dispatchAll(claims);
      } catch (error) {
        await endAfter(error, members.plan(Infinity));
      }
      if (turns.isOver()) await turns.pause();
    }
    dispatching = false;
    onlookers.passOver([]);
    if (!members.isAnyWaiting) permits?.nobodyWaits();
  };

  /** Gives jobs to who waits for some. */
  const goOn = () => {
    if (members.isAnyWaiting) void dispatch();
    else permits?.nobodyWaits();
  };

  const remove = async (member: Member) => {
    if (member.gone) return;
    members.remove(member);
    onlookers.remove(member);
    if (!members.isAnyWaiting) permits?.nobodyWaits();
    const { run } = member.subscriber;
    if (run !== undefined && byRun.get(run) === member) byRun.delete(run);
    await release(member);
  };

  /** Ends the stream of a run that has another one now. */
  const end = (former: Member) => {
    former.subscriber.end();
    void remove(former);
  };

  const tell = async (member: Member, statement: WorkerStatement): Promise<readonly string[]> => {
    if (member.gone) return [];
    member.willing = statement.taking;
    member.prefetch = statement.prefetch ?? member.prefetch;
    steer.one(member);
    const forgotten = findForgotten(member, statement, members.heldJob);
    if (forgotten.length > 0) {
      const { worker } = member.subscriber;
      if (statement.taking) logger.warn("A worker forgot jobs", { worker, jobs: forgotten.length });
      await giveBack(member, forgotten);
    }
    goOn();
    return await answerTo(member, statement, { heldJob: members.heldJob, store, clock, logger });
  };

  /** Jobs may be ready in these queues, and nobody knows how many. */
  const wakeReaders = (queues: Iterable<string>) => {
    for (const queue of queues) addReady(queue, anyNumber);
    goOn();
  };

  /** So many jobs may be ready in a queue. Readers of one that is shut are woken when it opens. */
  const addReady = (queue: string, count: number, isSeen?: boolean) => {
    if (!gates.isShut(queue)) members.addReady(queue, count, isSeen);
  };

  /** Applies one change, and adds the queues that open by it; `isSeen` if a claim has seen it. */
  const applyChange = (change: Change, opened: string[], isSeen = false): void => {
    if (change.kind === "budgets") {
      const payable = change.refunded ? backlogs.refund(change.keys) : backlogs.reopen(change.keys);
      for (const queue of payable) addReady(queue, anyNumber);
    }
    if (change.kind === "config") {
      members.updateAll();
      permits?.limitChanged();
    }
    // A claim may have found nothing because of what was set before, and not because nothing was there.
    if (change.kind === "queues" && store.isShared) {
      backlogs.addHeard(change.settings.queue, undefined);
    }
    for (const queue of gates.apply(change)) opened.push(queue);
    if (change.kind !== "jobs") return;
    const untold = tellHolders(change, members);
    if (dispatching) latecomers.unwanted(untold);
    if (change.to === status.inFlight) {
      latecomers.taken(change.jobs);
      const isOther = change.fromQueue !== undefined || change.cause === "cancel-asked";
      if (isOther) members.update(change.jobs);
    } else if (leavesFlight(change)) {
      const unheld = members.release(change.jobs);
      if (unheld.length > 0) permits?.leasesEnded();
      // Perhaps one that was claimed in this commit, which its subscriber does not hold yet.
      if (dispatching) latecomers.left(unheld);
    }
    if (change.to !== status.ready) return;
    for (const [queue, count] of backlogs.addReady(change.jobs)) addReady(queue, count, isSeen);
  };

  const endAll = async () => {
    await Promise.all([...members.all].map((member) => {
      member.subscriber.end();
      return remove(member);
    }));
  };

  return {
    subscribe(subscriber) {
      const { run } = subscriber;
      const former = run === undefined ? undefined : byRun.get(run);
      if (former !== undefined) end(former);
      const member = members.add(subscriber, clock.now());
      if (quiet.size > 0) steer.one(member);
      onlookers.add(member);
      if (run !== undefined) {
        byRun.set(run, member);
        others().connected(run, member.since);
      }
      // Others may have stored jobs, and somebody who comes once does not hear later that there is room.
      if (store.isShared) members.addUnknown();
      if (subscriber.lease !== undefined) permits?.reopen();
      void dispatch();
      return {
        drained() {
          members.updateRoom(member);
          goOn();
        },
        ask: () => member.asked = ++questions,
        tell: (statement) => tell(member, statement),
        unsubscribe: () => remove(member),
      };
    },
    notice: (run) => byRun.get(run)?.subscriber.heard?.(),
    tell(run, statement) {
      const member = byRun.get(run);
      return member && tell(member, statement);
    },
    claimAlongside: (changes) => alongside.begin(changes, dispatching),
    abandonAlongside() {
      alongside.forget();
      goOn();
    },
    applyChanges(changes) {
      const { claims, claimed } = alongside.end(changes);
      // What the claim found goes first: it does not know of the jobs with budgets that became ready in its commit.
      if (claimed !== undefined) {
        backlogs.endTake(claimed.updates, []);
        gates.endTake(claimed.fullQueues);
      }
      const opened: string[] = [];
      // The claim saw what they did: it was the last in the transaction.
      for (const change of changes) applyChange(change, opened, claimed !== undefined);
      if (claimed !== undefined) handOut(claims, claimed.results);
      // Only now: the claim alongside did not see that they opened.
      for (const queue of opened) addReady(queue, anyNumber);
      permits?.released();
      goOn();
    },
    reload(all) {
      backlogs.replace(all);
      for (const { queue } of all) addReady(queue, anyNumber);
      goOn();
    },
    hear({ ready, budgeted, left, lost, cancel, changes, runs, hasRoom }) {
      for (const [run, at] of runs) {
        const former = byRun.get(run);
        if (former !== undefined && former.since <= at) end(former);
      }
      const opened: string[] = [];
      for (const change of changes) applyChange(change, opened);
      for (const [queue, count] of backlogs.addReady(budgeted)) addReady(queue, count);
      for (const [queue, { first, count }] of ready) {
        backlogs.addHeard(queue, first);
        addReady(queue, count);
      }
      for (const queue of opened) addReady(queue, anyNumber);
      tellCancellations(cancel, members);
      if (left.length > 0 || hasRoom) permits?.reopen();
      void rechecking.some(left, lost).then((freed) => {
        if (freed) permits?.released();
        if (freed) goOn();
      });
      goOn();
    },
    async recheck() {
      await rechecking.all();
      backlogs.doubt();
      permits?.reopen();
      permits?.released();
      members.addUnknown();
      goOn();
    },
    async tidy() {
      if (await giveBackStrays(broker())) permits?.settled();
    },
    giveRoom: async (share, from) => void (await permits?.giveBack(share, from) && goOn()),
    begin: () => permits?.grow(0, 0) ?? Promise.resolve(),
    restart: () => permits?.reset(),
    adopt: members.adopt,
    steered() {
      steer.all();
      if (members.isAnyWaiting) void dispatch();
    },
    tellStop: steer.stop,
    subscribers: () => members.all,
    takenJob: members.heldJob,
    remind: (notices) => void tellCancellations(notices, members),
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
