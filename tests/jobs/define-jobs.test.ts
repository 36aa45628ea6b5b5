/** Definitions in groups. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { defineJob, defineJobs } from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";

const payload = v.object({ to: v.string() });

describe("defineJobs", () => {
  it("names the jobs, and gives them what all have", async () => {
    const jobs = defineJobs({
      mail: { payload, priority: ({ to }) => to.length, retryLimit: 1 },
      resize: { type: "resize-v2", queue: "images" },
      sweep: defineJob<void>({ type: "sweep", queue: "nightly" }),
    }, { queue: "default", prefix: "shop.", retryLimit: 5, tags: ["shop"] });
    assert.deepEqual(
      Object.values(jobs).map(({ type, queue }) => [type, queue]),
      [["shop.mail", "default"], ["resize-v2", "images"], ["sweep", "nightly"]],
    );
    const mail = await jobs.mail.toRequest({ to: "ada" });
    assert.deepEqual([mail.priority, mail.retryLimit, mail.tags], [3, 1, ["shop"]]);
    assert.equal((await jobs.resize.toRequest(1)).retryLimit, 5);
    assert.equal((await jobs.sweep.toRequest()).retryLimit, undefined);
  });

  it("are enqueued by name", () =>
    withBroker(async ({ client }) => {
      const jobs = defineJobs({ mail: { payload } }, { queue: "default" });
      assert.equal((await client.enqueue(jobs.mail, { to: "ada" })).type, "mail");
      await assert.rejects(client.enqueue(jobs.mail, { to: 5 } as never), { code: "payload" });
    }));

  it("refuses a job without queue, and two of one type", () => {
    assert.throws(() => defineJobs({ mail: { payload } }), {
      name: "TypeError",
      message: "Cannot define job 'mail' without 'queue': give it or the group one",
    });
    assert.throws(() => defineJobs({ a: { type: "b" }, b: {} }, { queue: "q" }), {
      name: "TypeError",
      message: "Cannot define jobs 'a' and 'b' of one type 'b': expected one for each type",
    });
    assert.throws(() => defineJobs({ "a,b": {} }, { queue: "q" }), /type must not contain ','/);
  });
});
