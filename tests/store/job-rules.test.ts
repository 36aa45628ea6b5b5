import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultSettings as settings } from "../../src/broker/engine/settings.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import { status } from "../../src/protocol/status.ts";
import { toCompleted, toCreated, toFailed, toPatched } from "../../src/store/job-rules.ts";
import { newJob } from "../support/new-job.ts";

const now = 1_000_000;
const record = (changes: Partial<JobRecord> = {}): JobRecord => ({
  ...toCreated(newJob, { id: "id", seq: 1 }, now),
  status: status.inFlight,
  dequeuedAt: now,
  ...changes,
});
const rules = { now, jitter: 0, defaults: settings };

describe("toCreated", () => {
  it("is ready now unless it is due later, and keeps a past instant", () => {
    assert.equal(toCreated(newJob, { id: "id", seq: 1 }, now).readyAt, now);
    assert.equal(
      toCreated({ ...newJob, readyAt: 1 }, { id: "id", seq: 1 }, now).status,
      status.ready,
    );
    assert.equal(toCreated({ ...newJob, readyAt: 1 }, { id: "id", seq: 1 }, now).readyAt, 1);
    assert.equal(
      toCreated({ ...newJob, readyAt: now + 1 }, { id: "id", seq: 1 }, now).status,
      status.scheduled,
    );
  });

  it("keeps the payload in the format it came in", () => {
    assert.equal(toCreated(newJob, { id: "id", seq: 1 }, now).payloadJson, "1");
    const packed = toCreated(
      { ...newJob, payload: new Uint8Array([1]) },
      { id: "id", seq: 1 },
      now,
    );
    assert.deepEqual([packed.payloadJson, packed.payloadPack], [null, new Uint8Array([1])]);
  });
});

describe("toCompleted", () => {
  it("keeps nothing by default, and what the job's retention says otherwise", () => {
    assert.equal(toCompleted(record(), { now, defaults: settings }), undefined);
    const kept = toCompleted(record({ retention: '{"completed_ms":60000}' }), {
      now,
      defaults: settings,
    })!;
    assert.deepEqual([kept.status, kept.completedAt, kept.purgeAt], [
      status.completed,
      now,
      now + 60_000,
    ]);
    const forced = { ...settings, defaultCompletedRetentionMs: 5 };
    assert.equal(
      toCompleted(record({ retention: '{"completed_ms":0}' }), { now, defaults: forced }),
      undefined,
    );
    assert.equal(
      toCompleted(record({ retention: "{}" }), { now, defaults: forced })!.purgeAt,
      now + 5,
    );
  });
});

describe("toFailed", () => {
  const fail = (job: JobRecord, failure = {}) => toFailed(job, { message: "m", ...failure }, rules);

  it("retries by the backoff until the limit is passed", () => {
    const first = fail(record({ retryLimit: 1 }));
    assert.deepEqual(
      [first.job.status, first.job.attempts, first.job.failedAt, first.job.readyAt],
      [status.scheduled, 1, now, now + 16_000],
    );
    const second = fail(record({ retryLimit: 1, attempts: 1 }));
    assert.deepEqual([second.job.status, second.deleted], [status.dead, false]);
    assert.equal(second.job.purgeAt, now + settings.defaultDeadRetentionMs);
  });

  it("lets 'kill' beat 'retryAt', and 'retryAt' the limit", () => {
    assert.equal(fail(record(), { kill: true, retryAt: 5 }).job.status, status.dead);
    const again = fail(record({ retryLimit: 0 }), { retryAt: 5 });
    assert.deepEqual([again.job.status, again.job.readyAt], [status.scheduled, 5]);
  });

  it("deletes a dead job that is not to be kept", () => {
    const gone = fail(record({ retention: '{"dead_ms":0}' }), { kill: true });
    assert.deepEqual([gone.deleted, gone.job.status, gone.job.purgeAt], [true, status.dead, null]);
  });

  it("uses the job's own backoff", () => {
    const own = record({ backoff: '{"exponent":1,"base_ms":200,"jitter_ms":0}' });
    assert.equal(fail(own).job.readyAt, now + 1200);
  });
});

describe("toPatched", () => {
  const waiting = record({ status: status.ready, readyAt: 5 });
  const scheduled = record({ status: status.scheduled, readyAt: now + 9 });

  it("moves between ready and scheduled by 'readyAt' alone", () => {
    assert.equal(toPatched(waiting, { readyAt: now + 1 }, now).status, status.scheduled);
    assert.equal(toPatched(waiting, { readyAt: null }, now).readyAt, 5);
    const due = toPatched(scheduled, { readyAt: null }, now);
    assert.deepEqual([due.status, due.readyAt], [status.ready, now]);
    assert.equal(toPatched(scheduled, { readyAt: 1 }, now).status, status.ready);
    assert.equal(toPatched(scheduled, { priority: 1 }, now).status, status.scheduled);
  });

  it("leaves a running job running", () => {
    const running = toPatched(record(), { readyAt: now + 60_000 }, now);
    assert.deepEqual([running.status, running.readyAt], [status.inFlight, now + 60_000]);
  });

  it("merges the retention member by member", () => {
    const both = record({ retention: '{"completed_ms":1,"dead_ms":2}' });
    const merge = (retention: object | null) => toPatched(both, { retention }, now).retention;
    assert.equal(merge({ deadMs: null }), '{"completed_ms":1}');
    assert.equal(merge({ deadMs: 7 }), '{"completed_ms":1,"dead_ms":7}');
    assert.equal(merge({}), '{"completed_ms":1,"dead_ms":2}');
    assert.equal(merge({ completedMs: null, deadMs: null }), null);
    assert.equal(merge(null), null);
  });

  it("clears with null and keeps with undefined", () => {
    const full = record({ retryLimit: 3, backoff: "{}" });
    assert.equal(toPatched(full, {}, now).retryLimit, 3);
    assert.equal(toPatched(full, { retryLimit: null }, now).retryLimit, null);
    assert.equal(toPatched(full, { backoff: null }, now).backoff, null);
  });
});
