/** Who is asked to claim jobs: for so many jobs as may be ready, and no more of them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Member, Subscriber } from "../../src/broker/engine/member.ts";
import {
  createMembers,
  type InFlightLimits,
  type Members,
} from "../../src/broker/engine/members.ts";
import type { ChangedJob } from "../../src/store/changes.ts";
import { toCreated } from "../../src/store/job-rules.ts";
import { newJob } from "../support/new-job.ts";

const noLimits: InFlightLimits = { globalInFlightLimit: 0, streamInFlightPercent: 100 };

const subscriber = (changes: Partial<Subscriber> = {}): Subscriber => ({
  queues: ["q"],
  prefetch: 10,
  worker: undefined,
  canWrite: () => true,
  deliver() {},
  end() {},
  ...changes,
});

const add = (members: Members, count: number, changes: Partial<Subscriber> = {}): Member[] =>
  Array.from({ length: count }, () => members.add(subscriber(changes), 0));

/** What is told of a job. */
const toTold = ({ id, seq, queue, type, traits }: ChangedJob): ChangedJob => {
  return { id, seq, queue, type, traits };
};
const jobsOf = (...told: readonly ChangedJob[]) =>
  told.map((job) => ({ ...toCreated(newJob, job, 0), ...job }));

let made = 0;
const jobs = (count: number) =>
  Array.from({ length: count }, () => {
    return toCreated(newJob, { id: `job-${++made}`, seq: made }, 0);
  });

const limits = (members: Members) => members.plan().map(({ limit }) => limit);

describe("a plan of claims", () => {
  it("has one subscriber for one job, whoever else waits", () => {
    const members = createMembers(noLimits);
    const [first] = add(members, 1000);
    members.addReady("q", 1);
    assert.deepEqual(members.plan(), [{ member: first, limit: 10 }]);
  });

  it("has as many as have room for the jobs, in the order in which they wait", () => {
    const members = createMembers(noLimits);
    const all = [
      ...add(members, 1, { prefetch: 2 }),
      ...add(members, 1, { prefetch: 3 }),
      ...add(members, 1, { prefetch: 1, queues: ["a", "q"] }),
      ...add(members, 3),
    ];
    members.addReady("q", 4);
    members.addReady("q", 2);
    assert.deepEqual(members.plan().map(({ member }) => all.indexOf(member)), [0, 1, 2]);
    members.addReady("q", 1);
    assert.deepEqual(members.plan().map(({ member }) => all.indexOf(member)), [0, 1, 2, 3]);
  });

  it("has as many readers of all queues as have room for the jobs of all queues", () => {
    const members = createMembers(noLimits);
    const all = add(members, 9, { queues: undefined, prefetch: 2 });
    const one = add(members, 1, { queues: ["a"] });
    members.addReady("a", 1);
    members.addReady("b", 2);
    members.addReady("c", 2);
    const asked = members.plan().map(({ member }) => member);
    // Nobody knows yet who of those that wait for `a` gets its job.
    assert.deepEqual(asked, [...all.slice(0, 3), ...one]);
    members.noneLeft(one[0]!);
    assert.deepEqual(members.plan().map(({ member }) => member), all.slice(0, 2));
    members.noneLeft(all[0]!);
    assert.equal(members.isAnyWaiting, false);
  });

  it("has at most 64 subscribers, of whom none takes more than 500 jobs", () => {
    const members = createMembers(noLimits);
    add(members, 100, { prefetch: 1000 });
    members.addReady("q", Infinity);
    assert.deepEqual(limits(members), new Array(64).fill(500));
  });

  it("leaves room in all for what is in flight, and gives nobody more than its share", () => {
    const members = createMembers({ globalInFlightLimit: 10, streamInFlightPercent: 40 });
    const [first] = add(members, 4);
    members.addReady("q", 100);
    assert.deepEqual(limits(members), [4, 4, 2]);
    members.hold(first!, jobs(3));
    assert.deepEqual(limits(members), [4, 3]);
    members.addReady("q", 100);
    assert.deepEqual(limits(members).reduce((sum, limit) => sum + limit), 7);
  });

  it("is empty when nothing may be ready, also after jobs have come and were taken", () => {
    const members = createMembers(noLimits);
    const [one] = add(members, 3);
    assert.deepEqual([members.isAnyWaiting, limits(members)], [false, []]);
    members.addReady("q", 2);
    assert.equal(members.isAnyWaiting, true);
    members.plan();
    members.noneLeft(one!);
    assert.deepEqual([members.isAnyWaiting, limits(members)], [false, []]);
  });

  it("is made again for what became ready while a claim was under way", () => {
    const members = createMembers(noLimits);
    const [one] = add(members, 3, { prefetch: 1 });
    members.addReady("q", 1);
    members.plan();
    members.addReady("q", 2); // The claim that was planned may not have seen these.
    members.noneLeft(one!);
    assert.equal(limits(members).length, 2);
    members.noneLeft(one!);
    assert.deepEqual(limits(members), []);
  });

  it("is empty for queues that nobody reads, until somebody comes to read them", () => {
    const members = createMembers(noLimits);
    add(members, 1);
    members.addReady("a", 5);
    members.addReady("b", 1);
    assert.deepEqual([members.isAnyWaiting, limits(members)], [false, []]);
    const [reader] = add(members, 1, { queues: ["x", "b"] });
    assert.equal(members.isAnyWaiting, true);
    assert.deepEqual(members.plan().map(({ member }) => member), [reader]);
    members.noneLeft(reader!);
    assert.equal(members.isAnyWaiting, false);
    const [any] = add(members, 1, { queues: undefined });
    assert.deepEqual(members.plan().map(({ member }) => member), [any]);
  });

  it("passes over who cannot be written to, and asks nobody when nobody can", () => {
    const members = createMembers(noLimits);
    let canWrite = true;
    const [slow] = add(members, 1, { canWrite: () => canWrite });
    const [next] = add(members, 1);
    members.addReady("q", 1);
    canWrite = false;
    assert.deepEqual(members.plan().map(({ member }) => member), [next]);
    members.remove(next!);
    assert.deepEqual([members.isAnyWaiting, limits(members)], [false, []]);
    canWrite = true;
    members.updateRoom(slow!);
    assert.deepEqual(members.plan().map(({ member }) => member), [slow]);
  });

  it("asks everybody in turn when nobody knows what there is", () => {
    const members = createMembers(noLimits);
    add(members, 1, { queues: ["a"] });
    add(members, 1, { queues: ["b", "c"] });
    add(members, 1, { queues: undefined });
    members.addUnknown();
    assert.equal(limits(members).length, 3);
  });

  it("puts who was served behind the others", () => {
    const members = createMembers(noLimits);
    const all = add(members, 3);
    const order: number[] = [];
    members.addReady("q", 1);
    for (let round = 0; round < 6; round++) {
      const { member } = members.plan()[0]!;
      order.push(all.indexOf(member));
      members.hold(member, jobs(1));
    }
    assert.deepEqual(order, [0, 1, 2, 0, 1, 2]);
  });
});

describe("who holds a job", () => {
  it("is known with all that is told of the job, until it is released or forgotten", () => {
    const members = createMembers(noLimits);
    const [one, two] = add(members, 2);
    const [a, b, c] = jobs(3).map(toTold);
    members.hold(one!, jobsOf(a!, b!));
    members.hold(two!, jobsOf(c!));
    const known = (id: string) => {
      const held = members.heldJob(id);
      return held && toTold(held);
    };
    assert.deepEqual(known(a!.id), a);
    members.update([{ ...a!, queue: "elsewhere" }, { ...a!, id: "nobody's" }]);
    assert.equal(known(a!.id)!.queue, "elsewhere");
    assert.equal(known("nobody's"), undefined);
    assert.deepEqual(members.release([{ id: a!.id }, { id: "nobody's" }]), ["nobody's"]);
    assert.deepEqual([known(a!.id), known(b!.id)], [undefined, b]);
    assert.deepEqual([...one!.held], [b!.id]);
    members.forget(one!);
    assert.deepEqual([known(b!.id), known(c!.id), one!.held.size], [undefined, c, 0]);
  });
});
