/**
 * Stores with jobs under leases, and what their books say.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { JobRun } from "../../../src/protocol/ack.ts";
import type { JobRecord } from "../../../src/protocol/record.ts";
import { expireLeases } from "../../../src/store/expire-leases.ts";
import type { Renewal } from "../../../src/store/heartbeat.ts";
import type { LeaseMaker } from "../../../src/store/take-leases.ts";
import type { Transition } from "../../../src/store/transition.ts";
import { start, type TestStore } from "./test-store.ts";

export const leaseMs = 1000;
const graceMs = 100;
export const kept = '{"completed_ms":50,"dead_ms":50}';

let tokens = 0;
export const maker: LeaseMaker = {
  leaseMs: undefined,
  leaseMsOf: () => leaseMs,
  newToken: () => `token-${++tokens}`,
};

export function renewal(now: number, asked?: number): Renewal {
  return { leaseMs: asked, leaseMsOf: () => leaseMs, now };
}

/** Takes all jobs under leases. */
export const take = (store: TestStore) => store.take({ lease: maker });

/** A store with jobs that are under leases. */
export async function openTaken(
  open: () => Promise<TestStore>,
  ...ids: string[]
): Promise<{ readonly store: TestStore; tokenOf(id: string): string }> {
  const store = await open();
  await store.given(...ids.map((id) => ({ id, retention: kept })));
  const { results } = await take(store);
  store.changes();
  const { jobs } = results[0]!;
  return {
    store,
    tokenOf: (id) => jobs.find((job: JobRecord) => job.id === id)!.extra!.leaseToken!,
  };
}

/** Works off what ended by `now`. */
export function expire(
  store: TestStore,
  now: number,
  grace: number = graceMs,
): () => Transition<boolean> {
  return () => expireLeases({ ...store.terms(), now, graceMsOf: () => grace });
}

export const tokenRun = (id: string, token: string): JobRun => ({ id, proof: { token } });

/** What each lease is: `a until 1000`. Fails if the books say different things. */
export async function leasesIn(store: TestStore): Promise<string[]> {
  const odd = await store.all(
    `SELECT jobs.id, leases.token FROM jobs LEFT JOIN leases ON leases.job = jobs.seq
     WHERE (traits % 2 = 1) <> (leases.job IS NOT NULL) OR (leases.job IS NOT NULL AND status <> 2)`,
  );
  assert.deepEqual(odd, []);
  const orphans = await store.all("SELECT * FROM leases WHERE job NOT IN (SELECT seq FROM jobs)");
  assert.deepEqual(orphans, []);
  const found = await store.all(
    `SELECT jobs.id, leases.expires_at, leases.grace_until FROM leases JOIN jobs ON jobs.seq = leases.job ORDER BY id`,
  );
  return found.map(({ id, expires_at: at, grace_until: grace }) =>
    `${id} until ${Number(at) - start}${grace === null ? "" : `, grace ${Number(grace) - start}`}`
  );
}
