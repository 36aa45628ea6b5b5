/**
 * Jobs are changed, and go; queues are controlled: one step each, on the broker and on the model.
 *
 * @module
 */

import assert from "node:assert/strict";
import { toWire } from "./lives-arrivals.ts";
import { type LivesWorld, queues } from "./lives-world.ts";

/** A job is patched. */
export async function patch(world: LivesWorld): Promise<string> {
  const id = world.anyId();
  const job = world.model.jobs.get(id);
  const queue = world.maybe(2, () => world.random.pick(queues));
  const priority = world.maybe(2, () => world.random.int(3));
  const readyAt = world.maybe(
    2,
    () => world.maybe(2, () => world.model.now + world.random.int(3) * 400) ?? null,
  );
  const patch = { queue, priority, ready_at: readyAt };
  const { status } = await world.call("PATCH", `/jobs/${id}`, patch);
  const isOver = job !== undefined && ["completed", "dead"].includes(job.status);
  assert.equal(status, job === undefined ? 404 : isOver ? 422 : 200);
  if (status !== 200) return `${id}: refused`;
  job!.queue = queue ?? job!.queue;
  job!.priority = priority ?? job!.priority;
  if (readyAt !== undefined) world.model.reschedule(job!, readyAt);
  return `${id} ${JSON.stringify(patch)}`;
}

/** A job is deleted, perhaps with those that wait for it. */
export async function remove(world: LivesWorld): Promise<string> {
  const id = world.anyId();
  const cascade = world.random.once(3);
  const isThere = world.model.jobs.has(id);
  const dependents = world.model.dependentsOf(id).map((job) => job.id).sort();
  const { status, body } = await world.call(
    "DELETE",
    `/jobs/${id}${cascade ? "?cascade=true" : ""}`,
  );
  const isHeld = !cascade && dependents.length > 0;
  assert.equal(status, !isThere ? 404 : isHeld ? 409 : 204, id);
  if (isHeld) assert.deepEqual(body.dependents.sort(), dependents);
  else world.model.remove(id);
  return `${id} ${cascade ? "cascade" : ""} ${status}`;
}

/** The same of several. */
export async function removeMany(world: LivesWorld): Promise<string> {
  const ids = [...new Set([world.anyId(), world.anyId(), world.anyId()])]
    .filter((id) => world.model.jobs.has(id) || id.length === 25);
  if (ids.length === 0) return "nobody";
  const cascade = world.random.once(2);
  const outside = new Set(
    ids.flatMap((id) => world.model.dependentsOf(id)).map((job) => job.id)
      .filter((id) => !ids.includes(id)),
  );
  const isHeld = !cascade && outside.size > 0;
  const path = `/jobs?id=${ids}${cascade ? "&cascade=true" : ""}`;
  const { status, body } = await world.call("DELETE", path);
  assert.equal(status, isHeld ? 409 : 200, JSON.stringify(body));
  const before = world.model.jobs.size;
  if (isHeld) assert.deepEqual(body.dependents.sort(), [...outside].sort());
  else {
    for (const id of ids) world.model.remove(id);
    assert.equal(body.deleted, before - world.model.jobs.size);
  }
  return `${ids} ${cascade ? "cascade" : ""} ${status}`;
}

/** A job is to wait for others. */
export async function link(world: LivesWorld): Promise<string> {
  const blocked = world.pick(world.model.all("blocked"));
  const id = world.random.once(4) ? world.anyId() : blocked?.id ?? world.anyId();
  const job = world.model.jobs.get(id);
  const wishes = world.toWishes([...new Set([world.anyId(), world.anyId()])]);
  const { status } = await world.call("POST", `/jobs/${id}/dependencies`, {
    ids: toWire(wishes),
  });
  const what = `${id} ${JSON.stringify(wishes)} ${status}`;
  const links = job?.status === "blocked" ? world.model.toLinks(job, wishes) : undefined;
  assert.equal(status, job === undefined ? 404 : links === undefined ? 422 : 200, what);
  for (const [parent, onDead] of links ?? []) job!.waitsFor.set(parent, onDead);
  return what;
}

/** A job is to wait for some no longer. */
export async function unlink(world: LivesWorld): Promise<string> {
  const id = world.pick(world.model.all("blocked"))?.id ?? world.anyId();
  const job = world.model.jobs.get(id);
  const parents = world.maybe(
    2,
    () => [...job?.waitsFor.keys() ?? [], world.anyId()].slice(0, 2),
  );
  const path = `/jobs/${id}/dependencies${parents === undefined ? "" : `?id=${parents}`}`;
  const { status } = await world.call("DELETE", path);
  assert.equal(status, job === undefined ? 404 : job.status === "blocked" ? 200 : 422);
  if (status !== 200) return `${id} ${status}`;
  for (const parent of parents ?? [...job!.waitsFor.keys()]) world.model.free(job!, parent);
  return `${id} ${parents}`;
}

/** A queue is paused, resumed, limited, stopped or forgotten. */
export async function control(world: LivesWorld): Promise<string> {
  const queue = world.random.pick(queues);
  const set = world.model.queues.get(queue)!;
  if (world.random.once(8)) {
    const isBusy = world.model.all("scheduled", "ready", "in_flight", "blocked")
      .some((job) => job.queue === queue);
    const { status } = await world.call("DELETE", `/queues/${queue}`);
    if (isBusy) assert.equal(status, 409);
    else {
      assert.ok(status === 204 || status === 404);
      Object.assign(set, { paused: false, most: null });
    }
    return `forget ${queue} ${status}`;
  }
  // Mostly open, so that something happens.
  const paused = world.maybe(2, () => world.random.once(4));
  const stops = world.random.once(8);
  // What is given to somebody because of another limit may be taken from him at once.
  const most = stops
    ? undefined
    : world.maybe(2, () => world.random.once(2) ? null : 1 + world.random.int(3));
  const patch = { paused, max_in_flight: most, ...stops && { stop_running: true } };
  assert.equal((await world.call("PATCH", `/queues/${queue}`, patch)).status, 200);
  if (paused !== undefined) set.paused = paused;
  if (most !== undefined) set.most = most;
  for (const job of stops ? world.model.all("in_flight") : []) {
    if (job.queue === queue) world.model.handBack(job);
  }
  return `${queue} ${JSON.stringify(patch)}`;
}

const forceTimes = [undefined, undefined, 0, 500, 2000];

/** A job is cancelled. */
export async function cancel(world: LivesWorld): Promise<string> {
  const id = world.random.once(3) ? world.anyId() : world.aRun().id;
  const job = world.model.jobs.get(id);
  const forceMs = world.random.pick(forceTimes);
  const { status, body } = await world.call("POST", `/jobs/${id}/cancel`, {
    reason: "r",
    force_after_ms: forceMs,
  });
  assert.equal(status, job === undefined ? 404 : 200);
  if (job === undefined) return `${id} ${status}`;
  const before = job.status;
  const outcome = world.model.cancel(job, forceMs);
  // What is dead since it was cancelled is told so each time.
  if (before !== "dead") assert.equal(body.outcome, outcome);
  return `${id} in ${before} within ${forceMs}: ${outcome}`;
}

/** The same of several. */
export async function cancelMany(world: LivesWorld): Promise<string> {
  const queue = world.random.pick(queues);
  const tagged = world.random.once(2);
  const path = `/jobs/cancel?queue=${queue}${tagged ? "&tag=t" : "&status=in_flight,scheduled"}`;
  const open = world.model.all("scheduled", "ready", "in_flight", "blocked");
  const meant = open.filter((job) =>
    job.queue === queue &&
    (tagged ? job.tags.includes("t") : ["in_flight", "scheduled"].includes(job.status))
  ).sort((a, b) => a.place - b.place);
  const { status, body } = await world.call("POST", path, { force_after_ms: 1500 });
  assert.equal(status, 200, JSON.stringify(body));
  const counts = { cancelled: 0, requested: 0, finished: 0 };
  // One may have ended by the end of another.
  for (const job of meant) {
    if (world.model.jobs.get(job.id) === job) counts[world.model.cancel(job, 1500)]++;
  }
  assert.deepEqual(body, { cancelled: counts.cancelled, requested: counts.requested });
  return `${path}: ${JSON.stringify(counts)}`;
}

/** A finished job is tried again. */
export async function retry(world: LivesWorld): Promise<string> {
  const over = world.pick(world.model.all("dead", "completed"));
  const id = world.random.once(4) ? world.anyId() : over?.id ?? world.anyId();
  const job = world.model.jobs.get(id);
  const { status } = await world.call("POST", `/jobs/${id}/retry`);
  const isOver = job?.status === "dead" || job?.status === "completed";
  assert.equal(status, job === undefined ? 404 : isOver ? 200 : 409);
  if (status === 200) world.model.beginAnew(job!, 0);
  return `${id} ${status}`;
}
