import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import type { Clock } from "../../src/async/clock.ts";
import { PayloadError } from "../../src/errors.ts";
import { defineJob } from "../../src/jobs/define-job.ts";
import type { StandardSchema } from "../../src/jobs/standard-schema.ts";

const names = { type: "resize", queue: "images" };
const at1000: Clock = {
  now: () => 1000,
  monotonic: () => 0,
  setTimer: () => () => {},
  defer: () => {},
};

/** The same schema in three libraries: a day that travels as a text, and becomes a number. */
const libraries: Record<string, StandardSchema<{ day: string }, { day: number }>> = {
  Valibot: v.object({ day: v.pipe(v.string(), v.transform(Number)) }),
  Zod: z.object({ day: z.string().transform(Number) }),
  ArkType: type({ day: type("string").pipe(Number) }),
};

for (const [library, payload] of Object.entries(libraries)) {
  describe(`defineJob with ${library}`, () => {
    const job = defineJob({ ...names, payload });

    it("sends the payload as it was given", async () => {
      const { payload } = await job.toRequest({ day: "5" });
      assert.deepEqual(payload, { day: "5" });
    });

    it("gives the handler what the schema makes of it", async () => {
      assert.deepEqual(await job.parse({ day: "5" }), { day: 5 });
    });

    it("tells type, place and reason of a payload that does not fit", async () => {
      const bad = { day: 5 } as unknown as { day: string };
      for (
        const check of [async () => await job.toRequest(bad), async () => await job.parse(bad)]
      ) {
        await assert.rejects(check, (error) => {
          assert.ok(error instanceof PayloadError);
          assert.match(error.message, /^Payload of 'resize' does not fit: day: .*string/);
          return true;
        });
      }
    });
  });
}

describe("defineJob", () => {
  it("waits for an asynchronous schema", async () => {
    const payload = v.pipeAsync(
      v.string(),
      v.checkAsync((text) => Promise.resolve(text !== "bad"), "is bad"),
    );
    const job = defineJob({ ...names, payload });
    assert.equal((await job.toRequest("good")).payload, "good");
    await assert.rejects(async () => await job.parse("bad"), {
      name: "PayloadError",
      message: "Payload of 'resize' does not fit: is bad",
    });
  });

  it("checks nothing without a schema", async () => {
    const job = defineJob<{ file: string }>(names);
    assert.deepEqual(await job.toRequest({ file: "a" }), {
      ...names,
      payload: { file: "a" },
      priority: undefined,
      readyAt: undefined,
      retryLimit: undefined,
      backoff: undefined,
      retention: undefined,
      uniqueKey: undefined,
      uniqueWhile: undefined,
      meta: undefined,
      batch: undefined,
      budgets: undefined,
      tags: undefined,
      dependsOn: undefined,
    });
    assert.equal(await job.parse(7), 7);
  });

  it("makes unique keys and batches of payloads", async () => {
    const job = defineJob<{ user: string; items: string[] }>({
      ...names,
      uniqueKey: ({ user }) => user === "" ? undefined : `welcome ${user}`,
      uniqueWhile: "active",
      budgets: [{ key: "smtp", cost: 2 }],
    });
    const request = await job.toRequest({ user: "ada", items: [] });
    assert.deepEqual([request.uniqueKey, request.uniqueWhile], ["welcome ada", "active"]);
    assert.deepEqual(request.budgets, [{ key: "smtp", cost: 2 }]);
    const free = await job.toRequest({ user: "", items: [] });
    assert.deepEqual([free.uniqueKey, free.uniqueWhile], [undefined, undefined]);
    const own = await job.toRequest({ user: "", items: [] }, {
      uniqueKey: "k",
      uniqueWhile: "exists",
      budgets: [],
    });
    assert.deepEqual([own.uniqueKey, own.uniqueWhile, own.budgets], ["k", "exists", []]);

    const batch = { when: "true", fold: "$existing | .items += $new.items" };
    const folded = defineJob<{ user: string; items: string[] }>({
      ...names,
      batch: { ...batch, key: ({ user }) => user === "" ? undefined : user },
    });
    assert.deepEqual((await folded.toRequest({ user: "ada", items: [] })).batch, {
      ...batch,
      key: "ada",
    });
    assert.equal((await folded.toRequest({ user: "", items: [] })).batch, undefined);
    const fixed = defineJob({ ...names, batch: { ...batch, key: "all" } });
    assert.equal((await fixed.toRequest(1)).batch?.key, "all");
  });

  it("lets the settings of a call beat those of the definition", async () => {
    const job = defineJob({ ...names, priority: 1, retryLimit: 2, delay: "1s" });
    const defaults = await job.toRequest(null, {}, at1000);
    assert.deepEqual([defaults.priority, defaults.retryLimit, defaults.readyAt], [1, 2, 2000]);
    const own = await job.toRequest(null, { priority: 0, retryLimit: 0, delay: 0 }, at1000);
    assert.deepEqual([own.priority, own.retryLimit, own.readyAt], [0, 0, 1000]);
    assert.equal((await job.toRequest(null, { readyAt: 5 }, at1000)).readyAt, 5);
  });

  it("refuses both delay and readyAt", () => {
    const job = defineJob(names);
    assert.throws(() => job.toRequest(null, { delay: 1, readyAt: 1 }), TypeError);
  });

  it("refuses settings that cannot be sent, when the job is defined", () => {
    assert.throws(() => defineJob({ type: "a,b", queue: "q" }), {
      name: "TypeError",
      message: "Cannot define job \"a,b\": type must not contain ','",
    });
    assert.throws(() => defineJob({ type: "t", queue: "" }), TypeError);
    assert.throws(() => defineJob({ ...names, delay: "soon" as "1s" }), TypeError);
    assert.throws(() => defineJob({ ...names, timeout: -1 }), RangeError);
    assert.throws(() => defineJob({ ...names, priority: 65536 }), RangeError);
    assert.throws(() => defineJob({ ...names, retryLimit: NaN }), RangeError);
  });

  it("reads its timeout as a duration", () => {
    assert.equal(defineJob({ ...names, timeout: "1.5m" }).timeoutMs, 90_000);
    assert.equal(defineJob(names).timeoutMs, undefined);
  });
});
