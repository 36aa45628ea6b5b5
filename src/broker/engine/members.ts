/**
 * The subscribers of a dispatcher: what each holds, who has room, and in which queues jobs may be ready.
 *
 * A queue *may have jobs* from when one becomes ready until a claim finds none that is left. It is `pending` while a
 * reader of just some queues, this one among them, has room. So waking costs as much as there are jobs to hand out, however
 * many readers and queues there are.
 *
 * @module
 */

import type { JobRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import type { Change, ChangedJob, JobsChange } from "../../store/changes.ts";
import { type Claim, type HeldJob, type Member, nobody, type Subscriber } from "./member.ts";
import type { Settings } from "./settings.ts";
import type { TakenJob } from "../../store/finish.ts";
import { planAlongside, planFreed } from "./alongside-plans.ts";

/** Jobs of one claim for one subscriber at most: bounds a chunk, and how long a transaction holds the loop. */
const claimSize = 500;

/** Subscribers that one transaction serves at most. */
const claimsAtOnce = 64;

/** How many jobs there may be where nobody knows. */
export const anyNumber: number = 2 ** 31;

/** Stands for every queue that nobody knows of; no queue has this name. */
const unknownQueue = "";

/** How many jobs may be in flight; looked at each time, as it may change. */
export type InFlightLimits = Pick<Settings, "globalInFlightLimit" | "streamInFlightPercent">;

/** The subscribers. */
export interface Members {
  /** All of them. */
  readonly all: ReadonlySet<Member>;
  /** Whether somebody has room, and may have jobs. */
  readonly isAnyWaiting: boolean;
  /** Adds one that comes at `since`, in ms since the epoch. */
  add(subscriber: Subscriber, since: number): Member;
  remove(member: Member): void;
  /** What a member holds, or what its reader has read, changed: it has room from now on, or has none. */
  updateRoom(member: Member): void;
  /** What they may hold is something else, perhaps. */
  updateAll(): void;
  /**
   * So many jobs at most may be ready in a queue, besides those that may be there already; `isSeen` if the claims that were
   * planned see them.
   */
  addReady(queue: string, count: number, isSeen?: boolean): void;
  /** Jobs may be ready in queues that nobody knows of. */
  addUnknown(): void;
  /**
   * What members with room may claim now, longest wait first.
   *
   * @param most How many jobs all together at most; default as many as limits allow.
   */
  plan(most?: number): Claim[];
  /** Whether the last plan gave somebody fewer than he asks for who comes once: a stream gets the rest later. */
  readonly isCut: boolean;
  /** What members may claim that get room by changes which are not applied yet. */
  planFreed(changes: readonly Change[]): Claim[];
  /**
   * The same, and what members may claim that have room for what becomes ready by these changes: the claims of a commit that
   * takes so long that a second one is to be saved.
   */
  planAlongside(changes: readonly Change[]): Claim[];
  /** How many jobs in flight belong to streams of this broker, and are under no leases. */
  countOnStreams(): number;
  /** A claim left nothing behind in the queues of a member, but for what became ready since the last `plan`. */
  noneLeft(member: Member): void;
  /** A member holds these jobs from now on. */
  hold(member: Member, jobs: readonly JobRecord[]): void;
  /** All jobs that members hold. */
  heldJobs(): Iterable<HeldJob>;
  /** What is known of a job that a member holds. */
  heldJob(id: string): HeldJob | undefined;
  /** Jobs in flight changed: they may be in other queues now. */
  update(jobs: readonly ChangedJob[]): void;
  /** These jobs are in flight no more; who held them has room again. Gives the ids of those that nobody held. */
  release(jobs: readonly Pick<JobRecord, "id">[]): readonly string[];
  /** A member that is gone holds nothing any more. */
  forget(member: Member): void;
  /** Jobs are in flight that no member has. */
  adopt(jobs: readonly TakenJob[]): void;
  /** What a member that is gone holds is in flight, and no member has it. */
  disown(member: Member): void;
  /** Whether jobs may be ready for a member. */
  mayHaveJobs(member: Member): boolean;
}

/**
 * Creates an empty set of subscribers.
 *
 * @param roomOfAll How many more jobs may be in flight, where that is not for this broker to count.
 */
export function createMembers(limits: InFlightLimits, roomOfAll?: () => number): Members {
  const all = new Set<Member>();
  /** Who holds each job. */
  const inFlight = new Map<string, HeldJob>();
  /** Those that have room, by the queues they read, in the order they are served. */
  const readers = new Map<string, Set<Member>>();
  const readersOfAll = new Set<Member>();
  /** How many jobs each queue may have at most, and all of them together. */
  const ready = new Map<string, number>();
  let readyInAll = 0;
  /** Queues of those that have readers of their own with room. Some may have none any more. */
  const pending = new Set<string>();
  /** As `ready`, of what became ready since the last plan. */
  const fresh = new Map<string, number>();
  const mostHeld = () => {
    const { globalInFlightLimit: total, streamInFlightPercent: percent } = limits;
    return total === 0 ? Infinity : Math.max(1, Math.ceil(total * percent / 100));
  };
  let turns = 0;

  const roomOf = ({ subscriber, prefetch, held, taking, gone }: Member, freed = 0) =>
    gone || !taking || !subscriber.canWrite()
      ? 0
      : Math.min(Math.min(prefetch, mostHeld()) - held.size + freed, claimSize);

  let onStreams = 0;
  let isCut = false;
  const count = ({ subscriber }: Member, by: number) => {
    if (subscriber.lease === undefined) onStreams += by;
  };

  const roomInAll = () => {
    if (roomOfAll !== undefined) return roomOfAll();
    const { globalInFlightLimit: total } = limits;
    return total === 0 ? Infinity : total - inFlight.size;
  };

  const enter = (member: Member) => {
    member.turn = turns++;
    const { queues } = member.subscriber;
    if (queues === undefined) readersOfAll.add(member);
    for (const queue of queues ?? []) {
      const set = readers.get(queue);
      if (set === undefined) readers.set(queue, new Set([member]));
      else set.add(member);
      if (ready.has(queue)) pending.add(queue);
    }
  };

  const leave = (member: Member) => {
    if (member.turn === undefined) return;
    member.turn = undefined;
    readersOfAll.delete(member);
    for (const queue of member.subscriber.queues ?? []) {
      const set = readers.get(queue);
      set?.delete(member);
      if (set?.size === 0) readers.delete(queue);
    }
  };

  const updateRoom = (member: Member) => {
    if (roomOf(member) <= 0) leave(member);
    else if (member.turn === undefined) enter(member);
  };

  const mayHaveJobs = ({ subscriber: { queues } }: Member) =>
    queues === undefined ? ready.size > 0 : queues.some((queue) => ready.has(queue));

  /** Chooses members, longest wait first, until they have room for so many jobs. */
  const choose = (candidates: Iterable<Member>, count: number, chosen: Set<Member>) => {
    let wanted = count;
    for (const member of candidates) {
      if (wanted <= 0 || chosen.size >= 2 * claimsAtOnce) return;
      const room = roomOf(member);
      wanted -= room;
      if (room > 0) chosen.add(member);
      else leave(member); // Its reader has become slow.
    }
  };

  const parts = { readers, readersOfAll, choose, roomOf, roomInAll, mayHaveJobs };
  const countFreed = (changes: readonly Change[]): Map<Member, number> => {
    const freed = new Map<Member, number>();
    for (const change of changes) {
      if (!leavesFlight(change)) continue;
      for (const { id } of change.jobs) {
        const member = inFlight.get(id)?.member;
        if (member !== undefined) freed.set(member, (freed.get(member) ?? 0) + 1);
      }
    }
    return freed;
  };

  const setReady = (queue: string, count: number) => {
    readyInAll += count - (ready.get(queue) ?? 0);
    if (count > 0) ready.set(queue, count);
    else ready.delete(queue);
  };

  const addReady = (queue: string, count: number, isSeen = false) => {
    setReady(queue, (ready.get(queue) ?? 0) + count);
    if (!isSeen) fresh.set(queue, (fresh.get(queue) ?? 0) + count);
    if (readers.has(queue)) pending.add(queue);
  };

  /** These jobs are nobody's any more. Gives the ids of those that were nobody's before. */
  const drop = (jobs: readonly Pick<JobRecord, "id">[]): readonly string[] => {
    const unheld: string[] = [];
    for (const { id } of jobs) {
      const held = inFlight.get(id);
      if (held === undefined) {
        unheld.push(id);
        continue;
      }
      inFlight.delete(id);
      if (held.member.held.delete(id)) count(held.member, -1);
      updateRoom(held.member);
    }
    return unheld;
  };

  return {
    all,
    get isAnyWaiting() {
      if (readersOfAll.size > 0 && ready.size > 0) return true;
      for (const queue of pending) {
        if (readers.has(queue) && ready.has(queue)) return true;
        pending.delete(queue);
      }
      return false;
    },
    add(subscriber, since) {
      const member: Member = {
        subscriber,
        since,
        held: new Set(),
        holder: undefined,
        turn: undefined,
        prefetch: subscriber.prefetch,
        willing: true,
        taking: true,
        asked: 0,
        gone: false,
      };
      all.add(member);
      updateRoom(member);
      return member;
    },
    remove(member) {
      member.gone = true;
      all.delete(member);
      leave(member);
    },
    updateRoom,
    updateAll() {
      for (const member of all) updateRoom(member);
    },
    addReady,
    addUnknown() {
      addReady(unknownQueue, anyNumber);
      for (const { subscriber: { queues } } of all) {
        for (const queue of queues ?? []) addReady(queue, anyNumber);
      }
    },
    get isCut() {
      return isCut;
    },
    plan(most = roomInAll()) {
      fresh.clear();
      isCut = false;
      let left = most;
      if (left <= 0) return [];
      const chosen = new Set<Member>();
      choose(readersOfAll, readyInAll, chosen);
      for (const queue of pending) {
        const own = readers.get(queue);
        const count = ready.get(queue);
        if (own === undefined || count === undefined) pending.delete(queue);
        else choose(own, count, chosen);
      }
      const claims: Claim[] = [];
      for (const member of [...chosen].sort((a, b) => a.turn! - b.turn!)) {
        const room = roomOf(member);
        const limit = Math.min(room, left);
        if (limit < room && member.subscriber.lease !== undefined) isCut = true;
        if (limit <= 0 || claims.length === claimsAtOnce) break;
        claims.push({ member, limit });
        left -= limit;
      }
      return claims;
    },
    planFreed(changes) {
      fresh.clear();
      return planFreed(countFreed(changes), parts);
    },
    planAlongside(changes) {
      fresh.clear();
      return planAlongside(changes, countFreed(changes), parts).slice(0, claimsAtOnce);
    },
    countOnStreams: () => onStreams,
    noneLeft({ subscriber: { queues } }) {
      for (const queue of queues ?? []) setReady(queue, fresh.get(queue) ?? 0);
      if (queues !== undefined) return;
      ready.clear();
      readyInAll = 0;
      for (const [queue, count] of fresh) setReady(queue, count);
    },
    hold(member, jobs) {
      const { asked } = member;
      // One that another broker has given back, which was not told yet, is no more whose it was.
      if (roomOfAll !== undefined) drop(jobs);
      count(member, jobs.length);
      for (const job of jobs) {
        const { id, seq, queue, type, traits, deliveries, dequeuedAt } = job;
        const isPlain = job.failedAt === null && job.retention === null && job.budgets === null;
        inFlight.set(id, {
          member,
          asked,
          id,
          seq,
          queue,
          type,
          traits,
          deliveries,
          dequeuedAt,
          isPlain,
        });
        member.held.add(id);
      }
      if (jobs.length > 0) leave(member); // Who was served goes to the end.
      updateRoom(member);
    },
    heldJobs: () => inFlight.values(),
    heldJob: (id) => inFlight.get(id),
    update(jobs) {
      for (const { id, seq, queue, type, traits } of jobs) {
        const held = inFlight.get(id);
        if (held !== undefined) inFlight.set(id, { ...held, seq, queue, type, traits });
      }
    },
    release: drop,
    forget(member) {
      count(member, -member.held.size);
      for (const id of member.held) inFlight.delete(id);
      member.held.clear();
    },
    adopt(jobs) {
      for (const job of jobs) inFlight.set(job.id, { ...job, member: nobody, asked: 0 });
    },
    disown(member) {
      for (const id of member.held) inFlight.set(id, { ...inFlight.get(id)!, member: nobody });
      member.held.clear();
    },
    mayHaveJobs,
  };
}

/** Whether a change makes jobs leave flight. */
export function leavesFlight(change: Change): change is JobsChange {
  return change.kind === "jobs" && change.from === status.inFlight &&
    change.to !== status.inFlight;
}
