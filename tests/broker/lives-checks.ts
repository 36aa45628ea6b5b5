/**
 * Whether a broker is as a model says: what its answers show, and what is in its tables.
 *
 * @module
 */

import assert from "node:assert/strict";
import { statusNames } from "../../src/protocol/status.ts";
import { traits } from "../../src/store/traits.ts";
import type { LivesHost } from "./lives-host.ts";
import type { LivesModel, ModelJob } from "./lives-model.ts";

const sorted = (ids: Iterable<string>) => [...ids].sort().join();

/** Compares all that can be seen. */
export async function compare(host: LivesHost, model: LivesModel): Promise<void> {
  const { body } = await host.call("GET", "/jobs?limit=2000");
  const shown = body.jobs.map((job: Record<string, string[]>) =>
    [
      `${job["id"]} in ${job["queue"]} at ${job["priority"]}: ${job["status"]}`,
      `attempts ${job["attempts"]}, ready at ${job["ready_at"]}, payload ${job["payload"]}`,
      `with ${job["worker_id"]} until ${job["lease_expires_at"]}, tags ${job["tags"] ?? ""}`,
      `after ${sorted(job["depends_on"] ?? [])}, before ${sorted(job["dependents"] ?? [])}`,
    ].join("; ")
  );
  assert.deepEqual(shown, inPlace(model).map((job) => show(job, model)));
  await compareRows(host, model);
  await compareCounts(host, model);
  await compareOrphans(host);
}

function inPlace(model: LivesModel): ModelJob[] {
  return model.all().sort((a, b) => a.place - b.place);
}

function show(job: ModelJob, model: LivesModel): string {
  const { lease } = job;
  const dependents = model.dependentsOf(job.id).map(({ id }) => id);
  return [
    `${job.id} in ${job.queue} at ${job.priority}: ${job.status}`,
    `attempts ${job.attempts}, ready at ${job.readyAt}, payload ${job.payload}`,
    `with ${lease?.worker} until ${lease?.expiresAt}, tags ${job.tags}`,
    `after ${sorted(job.waitsFor.keys())}, before ${sorted(dependents)}`,
  ].join("; ");
}

/** What no answer shows: deliveries, tokens, the period of grace, what becomes of whom, when a job goes. */
async function compareRows(host: LivesHost, model: LivesModel): Promise<void> {
  const jobs = await host.rows(
    `SELECT id, deliveries, purge_at, (holder IS NOT NULL) AS held, token, grace_until
     FROM jobs LEFT JOIN leases ON job = seq ORDER BY seq`,
  );
  assert.deepEqual(
    jobs.map(({ id, deliveries, purge_at, held, token, grace_until }) =>
      [id, deliveries, purge_at, held, token, grace_until].join(" ")
    ),
    inPlace(model).map(({ id, deliveries, purgeAt, stream, lease }) =>
      [id, deliveries, purgeAt, stream === null ? 0 : 1, lease?.token, lease?.graceUntil].join(" ")
    ),
  );
  const unwanted = await host.rows(
    `SELECT id, force_at FROM cancellations JOIN jobs ON seq = job ORDER BY seq`,
  );
  assert.deepEqual(
    unwanted.map(({ id, force_at }) => `${id} ${force_at ?? Infinity}`),
    inPlace(model).flatMap(({ id, unwanted }) =>
      unwanted === null ? [] : [`${id} ${unwanted.forceAt}`]
    ),
  );
  const links = await host.rows(
    `SELECT parents.id AS parent, children.id AS child, state FROM dependencies
     LEFT JOIN jobs AS parents ON parents.seq = parent
     LEFT JOIN jobs AS children ON children.seq = job WHERE state < 3`,
  );
  const onDeads = ["stay", "cancel", "run"];
  assert.deepEqual(
    links.map(({ parent, child, state }) => `${child} ${parent} ${onDeads[Number(state)]}`).sort(),
    model.all().flatMap(({ id, waitsFor }) =>
      [...waitsFor].map(([parent, onDead]) => `${id} ${parent} ${onDead}`)
    ).sort(),
  );
}

async function compareCounts(host: LivesHost, model: LivesModel): Promise<void> {
  const counts = new Map<string, number>();
  for (const { queue, status } of model.all()) {
    counts.set(`${queue} ${status}`, (counts.get(`${queue} ${status}`) ?? 0) + 1);
  }
  const sums = statusNames.map((name) => `sum(${name}) AS ${name}`).join();
  const counted = await host.rows(`SELECT queue, ${sums} FROM job_counts GROUP BY queue`);
  for (const { queue, ...row } of counted) {
    for (const [status, count] of Object.entries(row)) {
      const expected = counts.get(`${queue} ${status}`) ?? 0;
      counts.delete(`${queue} ${status}`);
      assert.equal(Number(count), expected, `count of ${status} in ${queue}`);
    }
  }
  assert.deepEqual([...counts], [], "what is not counted");
  const dead = model.all("dead").length;
  const [failures] = await host.rows("SELECT coalesce(sum(jobs), 0) AS jobs FROM failure_counts");
  assert.equal(Number(failures!["jobs"]), dead, "dead jobs in groups");
  const settings = await host.rows(
    "SELECT queue, paused, max_in_flight, in_flight FROM queue_settings",
  );
  for (const [queue, { paused, most }] of model.queues) {
    const set = settings.find((row) => row["queue"] === queue);
    assert.deepEqual(
      [set?.["paused"] === 1, set?.["max_in_flight"] ?? null],
      [paused, most],
      queue,
    );
    if (most !== null) assert.equal(Number(set!["in_flight"]), model.inFlight(queue), queue);
  }
}

/** Rows of jobs that are not there, and bits that say something else than the tables. */
const oddities = [
  "SELECT job FROM leases WHERE job NOT IN (SELECT seq FROM jobs WHERE status = 2)",
  "SELECT job FROM cancellations WHERE job NOT IN (SELECT seq FROM jobs WHERE status = 2)",
  "SELECT job FROM dependencies WHERE job NOT IN (SELECT seq FROM jobs)",
  "SELECT job FROM failures WHERE job NOT IN (SELECT seq FROM jobs WHERE status = 4)",
  "SELECT seq FROM jobs WHERE status = 4 AND seq NOT IN (SELECT job FROM failures)",
  "SELECT job FROM job_tags WHERE job NOT IN (SELECT seq FROM jobs)",
  "SELECT job FROM job_meta WHERE job NOT IN (SELECT seq FROM jobs)",
  `SELECT seq FROM jobs WHERE traits & ${traits.resulted} <> 0
     AND (status <> 3 OR seq NOT IN (SELECT job FROM results))`,
  "SELECT job FROM children WHERE job NOT IN (SELECT seq FROM jobs)",
  "SELECT job FROM job_progress WHERE job NOT IN (SELECT seq FROM jobs)",
  "SELECT job_id FROM errors WHERE job_id NOT IN (SELECT id FROM jobs)",
  "SELECT parent FROM settlements",
  ...[
    [traits.leased, "SELECT job FROM leases", "="],
    [traits.tagged, "SELECT job FROM job_tags", "="],
    [traits.unwanted, "SELECT job FROM cancellations", "="],
    [traits.described, "SELECT job FROM job_meta", "="],
    [traits.grouped, "SELECT job FROM failures", "="],
    // These two may stay when their last row went.
    [traits.dependent, "SELECT job FROM dependencies", "<"],
    [traits.awaited, "SELECT parent FROM dependencies WHERE state < 3", "<"],
  ].map(([trait, rows, how]) =>
    `SELECT id FROM jobs WHERE ((traits & ${trait}) <> 0) ${
      how === "=" ? "<>" : "<"
    } (seq IN (${rows}))`
  ),
];

async function compareOrphans(host: LivesHost): Promise<void> {
  for (const sql of oddities) assert.deepEqual(await host.rows(sql), [], sql);
}
