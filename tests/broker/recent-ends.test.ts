/** What a broker remembers of runs that ended. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRecentEnds } from "../../src/broker/engine/recent-ends.ts";
import { toCreated } from "../../src/store/job-rules.ts";
import { toJobId } from "../../src/store/job-key.ts";
import { newJob } from "../support/new-job.ts";

const idOf = (at: number) => toJobId(630_000_000_000_000 + at, "0123456789abc");

describe("the memory of runs that ended", () => {
  it("has most of the last successes, and none that never was", () => {
    const ends = createRecentEnds();
    for (let at = 0; at < 50_000; at++) ends.succeeded({ id: idOf(at), delivery: 1 + at % 3 });
    let found = 0;
    for (let at = 40_000; at < 50_000; at++) {
      if (ends.hasSucceeded({ id: idOf(at), delivery: 1 + at % 3 })) found++;
      assert.equal(ends.hasSucceeded({ id: idOf(at), delivery: 1 + (at + 1) % 3 }), false);
      assert.equal(ends.hasSucceeded({ id: idOf(at) }), false);
    }
    assert.ok(found > 9000, `${found} of 10,000`);
    for (let at = 50_000; at < 150_000; at++) {
      assert.equal(ends.hasSucceeded({ id: idOf(at), delivery: 1 }), false);
    }
  });

  it("has at least 5000 other ends, and twice as many at most", () => {
    const ends = createRecentEnds();
    const job = toCreated(newJob, { id: "x", seq: 1 }, 0);
    for (let at = 0; at < 30_000; at++) {
      ends.ended({ id: idOf(at), delivery: 1 }, { kind: "failed", job });
    }
    let found = 0;
    for (let at = 0; at < 30_000; at++) {
      const run = { id: idOf(at), delivery: 1 };
      if (ends.find("failed", run) === undefined) continue;
      found++;
      assert.equal(ends.find("released", run), undefined);
      assert.equal(ends.find("failed", { ...run, delivery: 2 }), undefined);
    }
    assert.ok(found >= 5000 && found <= 10_000, `${found}`);
    assert.equal(ends.find("failed", { id: idOf(29_999), delivery: 1 })?.job, job);
  });

  it("has no more jobs because many were stored with a success", () => {
    const ends = createRecentEnds();
    const job = toCreated(newJob, { id: "x", seq: 1 }, 0);
    const stored = new Array(1000).fill({ job, duplicate: false, folded: false });
    for (let at = 0; at < 30; at++) {
      ends.ended({ id: idOf(at), delivery: 1 }, { kind: "enqueued", job, stored });
    }
    const found = Array.from(
      { length: 30 },
      (_, at) => ends.find("enqueued", { id: idOf(at), delivery: 1 }),
    ).filter((end) => end !== undefined);
    assert.ok(found.length >= 4 && found.length <= 10, `${found.length}`);
    assert.equal(ends.find("enqueued", { id: idOf(29), delivery: 1 })?.stored, stored);
  });
});
