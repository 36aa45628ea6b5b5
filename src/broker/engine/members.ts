/**
 * The subscribers of a dispatcher: what each holds, who has room, who waits.
 *
 * @module
 */

import type { JobRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import type { Change, JobsChange } from "../../store/changes.ts";

/** Jobs of one claim for one subscriber at most: bounds a chunk, and how long a transaction holds the loop. */
const claimSize = 500;

/** What reads jobs: an open take stream. */
export interface Subscriber {
  /** The queues it reads; all of them when undefined. */
  readonly queues: readonly string[] | undefined;
  /** How many jobs it may hold unfinished. */
  readonly prefetch: number;
  /** What its worker calls itself, if it says so. */
  readonly worker: string | undefined;
  /** Whether it can be written to now: a reader that is slow to read gets nothing more. */
  canWrite(): boolean;
  /** Gets jobs, already in flight. */
  deliver(jobs: readonly JobRecord[]): void;
  /** The broker ends the stream. */
  end(): void;
}

/** A subscriber and what it has. */
export interface Member {
  readonly subscriber: Subscriber;
  /** The ids of the jobs that it holds. */
  readonly held: Set<string>;
  /** The row of `holders` that stands for it, once it has got a job. */
  holder: number | undefined;
  /** Whether ready jobs may be there for it. */
  mayHaveJobs: boolean;
  /** Whether it has left. */
  gone: boolean;
}

/** What one member may claim. */
export interface Claim {
  readonly member: Member;
  readonly limit: number;
}

/** The subscribers. */
export interface Members {
  /** All of them. */
  readonly all: ReadonlySet<Member>;
  /** Whether somebody may have jobs and has room. */
  readonly isAnyWaiting: boolean;
  add(subscriber: Subscriber): Member;
  remove(member: Member): void;
  /** A member waits from now on, if it may have jobs and has room; if not, it waits no more. */
  markWaiting(member: Member): void;
  /** Jobs may be ready in these queues, in any when undefined: those that read them may have jobs. */
  markReaders(queues?: ReadonlySet<string>): void;
  /** What waiting members may claim now, longest wait first. They are not waiting any more. */
  plan(): Claim[];
  /** What members may claim that get room by changes which are not applied yet. */
  planFreed(changes: readonly Change[]): Claim[];
  /** A member holds these jobs from now on. */
  hold(member: Member, jobs: readonly JobRecord[]): void;
  /** Which of these jobs a member holds. */
  heldBy(member: Member, ids: readonly string[]): string[];
  /** These jobs are in flight no more; who held them has room again. Gives the ids of those that nobody held. */
  release(jobs: readonly Pick<JobRecord, "id">[]): readonly string[];
  /** A member that is gone holds none of these any more. */
  forget(member: Member, ids: readonly string[]): void;
}

/** Creates an empty set of subscribers that together may hold `limit` jobs; 0 is any number. */
export function createMembers(limit: number): Members {
  const all = new Set<Member>();
  /** In the order they are served: who was served goes to the end. */
  const waiting = new Set<Member>();
  /** Who holds each job. */
  const inFlight = new Map<string, Member>();

  const roomOf = ({ subscriber, held, gone }: Member, freed = 0) =>
    gone || !subscriber.canWrite()
      ? 0
      : Math.min(subscriber.prefetch - held.size + freed, claimSize);

  const markWaiting = (member: Member) => {
    if (member.mayHaveJobs && roomOf(member) > 0) waiting.add(member);
    else waiting.delete(member); // Or it would keep its turn until it has room again.
  };

  const countFreed = (changes: readonly Change[]): Map<Member, number> => {
    const freed = new Map<Member, number>();
    for (const change of changes) {
      if (!leavesFlight(change)) continue;
      for (const { id } of change.jobs) {
        const member = inFlight.get(id);
        if (member !== undefined) freed.set(member, (freed.get(member) ?? 0) + 1);
      }
    }
    return freed;
  };

  return {
    all,
    get isAnyWaiting() {
      return waiting.size > 0;
    },
    add(subscriber) {
      const member: Member = {
        subscriber,
        held: new Set(),
        holder: undefined,
        mayHaveJobs: true,
        gone: false,
      };
      all.add(member);
      markWaiting(member);
      return member;
    },
    remove(member) {
      member.gone = true;
      all.delete(member);
      waiting.delete(member);
    },
    markWaiting,
    markReaders(queues) {
      for (const member of all) {
        if (member.mayHaveJobs) continue;
        const reads = member.subscriber.queues;
        if (queues && reads && !reads.some((queue) => queues.has(queue))) continue;
        member.mayHaveJobs = true;
        markWaiting(member);
      }
    },
    plan() {
      const claims: Claim[] = [];
      let left = limit === 0 ? Infinity : limit - inFlight.size;
      for (const member of waiting) {
        if (left <= 0) break;
        const wanted = Math.min(roomOf(member), left);
        waiting.delete(member);
        if (wanted <= 0) continue;
        claims.push({ member, limit: wanted });
        left -= wanted;
      }
      return claims;
    },
    planFreed(changes) {
      const freed = countFreed(changes);
      let left = limit === 0 ? Infinity : limit - inFlight.size;
      for (const count of freed.values()) left += count;
      const claims: Claim[] = [];
      for (const [member, count] of freed) {
        const wanted = member.mayHaveJobs ? Math.min(roomOf(member, count), left) : 0;
        if (wanted <= 0) continue;
        claims.push({ member, limit: wanted });
        left -= wanted;
      }
      return claims;
    },
    hold(member, jobs) {
      for (const { id } of jobs) {
        inFlight.set(id, member);
        member.held.add(id);
      }
    },
    heldBy: (member, ids) => ids.filter((id) => inFlight.get(id) === member),
    release(jobs) {
      const unheld: string[] = [];
      for (const { id } of jobs) {
        const member = inFlight.get(id);
        if (member === undefined) {
          unheld.push(id);
          continue;
        }
        inFlight.delete(id);
        member.held.delete(id);
        markWaiting(member);
      }
      return unheld;
    },
    forget(member, ids) {
      for (const id of ids) if (inFlight.get(id) === member) inFlight.delete(id);
    },
  };
}

/** Whether a change makes jobs leave flight. */
export function leavesFlight(change: Change): change is JobsChange {
  return change.kind === "jobs" && change.from === status.inFlight &&
    change.to !== status.inFlight;
}
