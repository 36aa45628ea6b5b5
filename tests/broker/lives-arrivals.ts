/**
 * Jobs come, and begin anew: one step each, on the broker and on the model.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Answer } from "../support/send.ts";
import type { IdWish, ModelJob, OnDead, Wish } from "./lives-model.ts";
import { type LivesWorld, onDeads, queues, type Sketch } from "./lives-world.ts";

const names = ["n1", "n2", "n3", "n4", "n5"];

/** Some jobs come, which may wait for each other and for those that are there. */
export async function enqueue(world: LivesWorld): Promise<string> {
  const count = world.random.pick([1, 1, 2, 4]);
  const drafts = Array.from({ length: count }, () => {
    const others = world.random.once(2) ? world.someIds(6).slice(-4) : [];
    const items = [...Array(count).keys()].filter(() => world.random.once(6));
    const wishes: Wish[] = [
      ...world.toWishes(others),
      ...items.map((item) => ({ item, onDead: world.random.pick(onDeads) })),
    ];
    return { sketch: world.sketch(), wishes };
  });
  const links = drafts.map(({ wishes }) =>
    wishes.map((wish) => "id" in wish ? world.model.toLink(wish.id, wish.onDead) : true)
  );
  const leadsBack = (at: number, seen: readonly number[]): boolean =>
    seen.includes(at) ||
    drafts[at]!.wishes.some((wish) => "item" in wish && leadsBack(wish.item, [...seen, at]));
  const isRefused = links.flat().includes("refused") ||
    drafts.some((_, at) => leadsBack(at, []));
  const { status, body } = await world.call("POST", "/jobs/bulk", {
    jobs: drafts.map(({ sketch, wishes }) => toBody(sketch, wishes)),
  });
  assert.equal(status, isRefused ? 422 : 201, JSON.stringify(body));
  if (isRefused) return "refused";
  const ids: string[] = body.jobs.map(({ id }: { id: string }) => id);
  for (const [at, { sketch, wishes }] of drafts.entries()) {
    const open = wishes.filter((_, index) => links[at]![index]);
    const waitsFor = new Map(
      open.map((wish) => ["id" in wish ? wish.id : ids[wish.item]!, wish.onDead]),
    );
    add(world, ids[at]!, sketch, waitsFor);
  }
  return `${ids} ${JSON.stringify(drafts)}`;
}

/** A call of `PUT /jobs/{id}`. */
interface Put {
  readonly id: string;
  readonly sketch: Sketch;
  /** What it waits for; undefined if nothing is said of it. */
  readonly wishes: readonly IdWish[] | undefined;
  /** Whether a member of the body is given. */
  has(name: string): boolean;
  readonly answer: Answer;
}

/** A job is put by its id, mostly over one that is there. */
export async function put(world: LivesWorld): Promise<string> {
  const { random, model, host } = world;
  const id = random.once(3) ? world.anyId() : random.pick(names);
  const sketch = world.sketch();
  const keeps = random.once(6);
  const wishes = world.maybe(3, () => world.toWishes(world.someIds().slice(-3)));
  const given = Object.entries(toBody(sketch, [])).filter(([name]) =>
    ["type", "payload"].includes(name) || !random.once(3)
  );
  const answer = await host.call("PUT", `/jobs/${id}`, {
    ...Object.fromEntries(given),
    ...wishes !== undefined && { depends_on: toWire(wishes) },
    ...keeps && { on_conflict: "keep" },
  });
  const has = (name: string) => given.some(([key]) => key === name);
  const call = { id, sketch, wishes, has, answer };
  const job = model.jobs.get(id);
  if (job === undefined) putNew(world, call);
  else if (!keeps) putOver(world, job, call);
  else assert.deepEqual([answer.status, answer.body.duplicate], [200, true]);
  const how = keeps ? ", if it is not there" : "";
  return `${id}${how} ${answer.status} ${JSON.stringify(given)} ${JSON.stringify(wishes)}`;
}

function putNew(world: LivesWorld, { id, sketch, wishes = [], has, answer }: Put): void {
  const links = wishes.map((wish) => world.model.toLink(wish.id, wish.onDead));
  const isMade = id.length === 25;
  const isSelf = wishes.some((wish) => wish.id === id);
  if (isMade || (has("queue") && (isSelf || links.includes("refused")))) {
    return assert.equal(answer.status, 422);
  }
  assert.equal(answer.status, has("queue") ? 201 : 400);
  if (!has("queue")) return;
  const open = wishes.filter((_, at) => links[at]);
  add(world, id, {
    ...sketch,
    ...!has("priority") && { priority: 32_768 },
    ...!has("delay_ms") && { delayMs: 0 },
    ...!has("retry_limit") && { retryLimit: null },
    ...!has("tags") && { tags: [] },
    ...!has("retention") && { deadMs: null, completedMs: null },
  }, new Map(open.map((wish) => [wish.id, wish.onDead])));
}

function putOver({ model }: LivesWorld, job: ModelJob, { sketch, wishes, has, answer }: Put): void {
  const links = wishes && model.toLinks(job, wishes);
  const isRefused = wishes !== undefined && links === undefined;
  assert.equal(answer.status, isRefused ? 422 : 200, answer.body.error);
  if (isRefused) return;
  if (links !== undefined) {
    job.waitsFor.clear();
    for (const [parent, onDead] of links) job.waitsFor.set(parent, onDead);
  }
  const { queue, priority, retryLimit, deadMs, completedMs, tags, payload } = sketch;
  Object.assign(
    job,
    { payload },
    has("queue") && { queue },
    has("priority") && { priority },
    has("retry_limit") && { retryLimit },
    has("tags") && { tags },
    has("retention") && { deadMs, completedMs },
  );
  model.beginAnew(job, has("delay_ms") ? sketch.delayMs : 0);
}

/** A job begins anew, whatever it is. */
export async function requeue(world: LivesWorld): Promise<string> {
  const id = world.anyId();
  const job = world.model.jobs.get(id);
  const queue = world.maybe(2, () => world.random.pick(queues));
  const priority = world.maybe(4, () => world.random.int(3));
  const delayMs = world.maybe(4, () => world.random.int(3) * 600);
  const payload = world.maybe(4, () => world.nextPayload());
  const body = { queue, priority, delay_ms: delayMs, payload };
  const { status } = await world.call("POST", `/jobs/${id}/requeue`, body);
  const what = `${id} (${job?.status}) ${JSON.stringify(body)}`;
  assert.equal(status, job === undefined ? 404 : 200, what);
  if (job === undefined) return what;
  job.queue = queue ?? job.queue;
  job.priority = priority ?? job.priority;
  job.payload = payload ?? job.payload;
  world.model.beginAnew(job, delayMs ?? 0);
  return what;
}

export function toBody(sketch: Sketch, wishes: readonly Wish[]): object {
  const { queue, priority, delayMs, retryLimit, deadMs, completedMs, tags, payload } = sketch;
  return {
    type: "t",
    queue,
    priority,
    payload,
    tags,
    ...delayMs > 0 && { delay_ms: delayMs },
    ...retryLimit !== null && { retry_limit: retryLimit },
    ...(deadMs !== null || completedMs !== null) && {
      retention: {
        ...deadMs !== null && { dead_ms: deadMs },
        ...completedMs !== null && { completed_ms: completedMs },
      },
    },
    ...wishes.length > 0 && { depends_on: toWire(wishes) },
  };
}

export function add(
  world: LivesWorld,
  id: string,
  { delayMs, ...sketch }: Sketch,
  waitsFor: Map<string, OnDead>,
): void {
  const blank = {
    readyAt: 0,
    purgeAt: null,
    attempts: 0,
    deliveries: 0,
    lease: null,
    stream: null,
    unwanted: null,
  };
  const place = world.model.nextPlace();
  world.model.add({ id, place, status: "ready", ...blank, ...sketch, waitsFor }, delayMs);
}

/** What a job is to wait for, as it goes over the wire. */
export function toWire(wishes: readonly Wish[]): object[] {
  return wishes.map(({ onDead, ...which }) => ({ ...which, on_dead: onDead }));
}
