/**
 * Jobs that wait for others, in short words, and what has to hold of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { DependencyRequest } from "../../../src/protocol/dependency-request.ts";
import { linkStates } from "../../../src/store/dependencies-table.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { hasPending, settlePending } from "../../../src/store/settle.ts";
import { traits } from "../../../src/store/traits.ts";
import { type JobSketch, type TestStore } from "./test-store.ts";

/** A job to wait for: `a`, `a cancel`, `#0 run as name`. */
export function on(text: string): DependencyRequest {
  const [, item, id, onDead = "stay", name = null] =
    /^(?:#(\d+)|(\w+))(?: (stay|cancel|run))?(?: as (\w+))?$/.exec(text)!;
  return {
    id: id ?? null,
    item: item === undefined ? null : Number(item),
    onDead: onDead as DependencyRequest["onDead"],
    name,
  };
}

/** Jobs: `b: a, c cancel`. */
export function sketch(text: string): JobSketch {
  const [id, list = ""] = text.split(": ");
  return { id: id!, dependsOn: list === "" ? [] : list.split(", ").map(on) };
}

export const given = (store: TestStore, ...texts: string[]) => store.given(...texts.map(sketch));
export const kept = '{"completed_ms":50,"dead_ms":50}';
export const ids = (text: string) => text === "" ? [] : text.split(" ");

/** What is known of jobs since they were taken, as the dispatcher knows it. */
export async function takeAll(store: TestStore) {
  const { results } = await store.take();
  const taken = new Map(results[0]!.jobs.map((job) => [job.id, job]));
  return (id: string) => taken.get(id);
}

/** Completes jobs that were taken. */
export const complete = (store: TestStore, text: string, changes: object = {}) =>
  store.write(() =>
    completeJobs(ids(text).map((id) => ({ id })), { ...store.terms(), ...changes })
  );
export const kill = (store: TestStore, id: string) =>
  store.write(() => failJob({ id }, { message: "m", kill: true }, store.terms()));

export async function settleAll(store: TestStore): Promise<number> {
  let pieces = 0;
  for (; await store.read(hasPending()); pieces++) {
    await store.write(() => settlePending(store.terms()));
  }
  return pieces;
}

/** Blocked jobs have open rows, and nobody else has one; those who are waited for are there, and marked. */
export async function demandConsistent(store: TestStore): Promise<void> {
  const open = await store.all(
    `SELECT parent, job FROM dependencies WHERE state < ${linkStates.done}`,
  );
  const jobs = await store.all("SELECT seq, status, traits FROM jobs");
  const bySeq = new Map(jobs.map((job) => [job["seq"], job]));
  const waiting = new Set(open.map(({ job }) => job));
  for (const { seq, status } of jobs) assert.equal(status === 5, waiting.has(seq!), `job ${seq}`);
  for (const { parent } of open) {
    assert.ok(((bySeq.get(parent!)!["traits"] as number) & traits.awaited) !== 0);
  }
}
