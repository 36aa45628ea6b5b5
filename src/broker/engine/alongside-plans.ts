/**
 * Who may claim jobs in the transaction of changes that are not applied yet: who gets room by them, and who waits for what becomes
 * ready by them.
 *
 * @module
 */

import { status } from "../../protocol/status.ts";
import type { Change, ReadyJob } from "../../store/changes.ts";

/** What is asked of a subscriber. */
interface Candidate {
  readonly subscriber: { readonly queues: readonly string[] | undefined };
  /** Its place among those who have room; undefined when it has none. */
  readonly turn: number | undefined;
}

/** What one of them may claim. */
interface Plan<Member> {
  readonly member: Member;
  readonly limit: number;
}

/** The members as they are now. */
export interface AlongsideParts<Member> {
  /** Those that have room, by the queues they read, and those that read all. */
  readonly readers: ReadonlyMap<string, ReadonlySet<Member>>;
  readonly readersOfAll: ReadonlySet<Member>;
  /** Chooses some until they have room for so many jobs. */
  choose(candidates: Iterable<Member>, count: number, chosen: Set<Member>): void;
  /** How many jobs a member may take once so many of its are gone. */
  roomOf(member: Member, freed?: number): number;
  roomInAll(): number;
  mayHaveJobs(member: Member): boolean;
}

/** Plans claims of those who get room: of so many jobs each. */
export function planFreed<Member extends Candidate>(
  freed: ReadonlyMap<Member, number>,
  parts: AlongsideParts<Member>,
): Plan<Member>[] {
  return toPlans([...freed.keys()].filter(parts.mayHaveJobs), freed, parts);
}

/** The same, and of those who have room for what becomes ready. Who waits goes first, longest wait first. */
export function planAlongside<Member extends Candidate>(
  changes: readonly Change[],
  freed: ReadonlyMap<Member, number>,
  parts: AlongsideParts<Member>,
): Plan<Member>[] {
  const { readers, readersOfAll, choose, mayHaveJobs } = parts;
  const added = countAdded(changes);
  const chosen = new Set<Member>();
  let all = 0;
  for (const [queue, count] of added) {
    all += count;
    choose(readers.get(queue) ?? [], count, chosen);
  }
  choose(readersOfAll, all, chosen);
  const reads = ({ subscriber: { queues } }: Member) =>
    queues === undefined ? added.size > 0 : queues.some((queue) => added.has(queue));
  for (const member of freed.keys()) {
    if (mayHaveJobs(member) || reads(member)) chosen.add(member);
  }
  const inOrder = [...chosen].sort((a, b) => (a.turn ?? Infinity) - (b.turn ?? Infinity));
  return toPlans(inOrder, freed, parts);
}

function toPlans<Member extends Candidate>(
  members: readonly Member[],
  freed: ReadonlyMap<Member, number>,
  { roomOf, roomInAll }: AlongsideParts<Member>,
): Plan<Member>[] {
  let left = roomInAll();
  for (const count of freed.values()) left += count;
  const plans: Plan<Member>[] = [];
  for (const member of members) {
    const limit = Math.min(roomOf(member, freed.get(member)), left);
    if (limit <= 0) continue;
    plans.push({ member, limit });
    left -= limit;
  }
  return plans;
}

/** How many jobs without budgets become ready in each queue. */
function countAdded(changes: readonly Change[]): Map<string, number> {
  const added = new Map<string, number>();
  for (const change of changes) {
    if (change.kind !== "jobs" || change.to !== status.ready) continue;
    for (const { queue, budgets } of change.jobs as readonly ReadyJob[]) {
      if (budgets === null) added.set(queue, (added.get(queue) ?? 0) + 1);
    }
  }
  return added;
}
