/** Payloads that a definition lifts, and those that fit no shape. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { defineJob, liftFrom } from "../../src/client/mod.ts";
import { handle } from "../../src/worker/mod.ts";
import { setUp } from "./run-one.ts";
import { wireJob } from "./scripted-broker.ts";

const options = {
  type: "mail",
  queue: "q",
  payload: v.object({
    to: v.array(v.string()),
    kind: v.pipe(v.string(), v.transform((kind) => kind.toUpperCase())),
  }),
};
const lists = liftFrom(v.object({ to: v.array(v.string()) }), ({ to }) => ({ to, kind: "news" }));
const single = liftFrom(
  v.object({ to: v.pipe(v.string(), v.transform((to) => to.trim())) }),
  ({ to }) => Promise.resolve({ to: [to], kind: "news" }),
);

/** Runs jobs with these payloads, and gives what the handler got and what failed. */
async function run(definition: ReturnType<typeof defineJob<never, unknown>>, payloads: unknown[]) {
  const got: unknown[] = [];
  const handlers = [handle(definition, (payload) => {
    got.push(payload);
  })];
  const { deliver, failures } = await setUp({ handlers });
  for (const [at, payload] of payloads.entries()) {
    await deliver(wireJob(`job${at}`, { type: "mail", payload }));
  }
  return { got, failures };
}

describe("payloads of an older shape", () => {
  it("are lifted to the one of today, which makes of them what it makes of others", async () => {
    const mail = defineJob({ ...options, older: [lists, single] });
    const { got, failures } = await run(mail as never, [
      { to: ["a"], kind: "bill" },
      { to: ["b"] },
      { to: " c " },
    ]);
    assert.deepEqual(failures, []);
    assert.deepEqual(got, [
      { to: ["a"], kind: "BILL" },
      { to: ["b"], kind: "NEWS" },
      { to: ["c"], kind: "NEWS" },
    ]);
  });

  it("are not taken for today's when they are enqueued", async () => {
    const mail = defineJob({ ...options, older: [lists] });
    await assert.rejects(async () => await mail.toRequest({ to: ["b"] } as never), {
      code: "payload",
    });
  });

  it("that are lifted to what does not fit are told of", async () => {
    const mail = defineJob({
      ...options,
      older: [liftFrom(v.object({ to: v.string() }), () => ({ to: 5 } as never))],
    });
    const { failures } = await run(mail as never, [{ to: "x" }]);
    assert.match(failures[0]!.message, /^Payload of 'mail' does not fit: to: /);
  });
});

describe("payloads of no shape", () => {
  it("are tried again, as another worker may know a newer one; the reason names each shape", async () => {
    const mail = defineJob({ ...options, older: [lists, single] });
    const { got, failures } = await run(mail as never, [{ to: 7 }]);
    assert.deepEqual(got, []);
    const [{ kill, error_type, message }] = failures as [typeof failures[number]];
    assert.deepEqual([kill, error_type], [false, "PayloadError"]);
    assert.match(
      message,
      /^Payload of 'mail' does not fit: to: .*; kind: .*; older shape 1: to: .*; older shape 2: to: /,
    );
  });

  it("are dead at once if the definition says so", async () => {
    const mail = defineJob({ ...options, unfit: "dead" });
    const { failures } = await run(mail as never, [{ to: 7 }]);
    assert.deepEqual([failures[0]!.kill, failures[0]!.error_type], [true, "PayloadError"]);
  });

  it("cannot be told to be anything else", () => {
    assert.throws(() => defineJob({ ...options, unfit: "ignore" as never }), {
      name: "TypeError",
      message: "Cannot define job \"mail\": 'unfit' is \"ignore\", expected 'retry' or 'dead'",
    });
  });
});
