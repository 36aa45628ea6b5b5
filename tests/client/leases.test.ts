import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createLeases, type TakeFrame } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { createScript, json } from "./script.ts";
import { formats } from "../support/formats.ts";

for (const format of ["json", "msgpack"] as const) {
  describe(`createLeases, ${format}`, () => {
    it("takes jobs that are reported with the tokens of their leases", () =>
      withBroker(async ({ broker, clock }) => {
        const client = createClient({ fetch: broker.fetch, format: formats[format] });
        const leases = createLeases({ fetch: broker.fetch, format: formats[format] });
        await client.enqueueMany(Array.from({ length: 5 }, () => job({ payload: [] })));
        const jobs = await leases.take({ queues: ["q"], count: 5, leaseMs: 500, workerId: "w" });
        const [first, second, third, ...rest] = jobs;
        assert.deepEqual([first!.payload, first!.workerId, first!.deliveries], [[], "w", 1]);
        assert.equal(first!.leaseExpiresAt, clock.now() + 500);
        const wrong = { ...first!, leaseToken: "x" };
        const refused = { status: 409, reason: "other_worker" };
        await assert.rejects(client.success(wrong), refused);
        await assert.rejects(client.failure(wrong, { message: "m" }), refused);
        await assert.rejects(client.release(wrong), refused);
        assert.deepEqual(await client.successMany([wrong, second!]), {
          notFound: [first!.id],
          stale: [first!.id],
          refused: [{ id: first!.id, reason: "other_worker" }],
        });
        await client.success(first!);
        assert.equal((await client.failure(third!, { message: "m" })).status, "scheduled");
        assert.deepEqual(await client.releaseMany(rest), { notFound: [] });
      }));

    it("renews leases, and says why it cannot", () =>
      withBroker(async ({ broker, client, clock }) => {
        const leases = createLeases({ fetch: broker.fetch, format: formats[format] });
        await client.enqueueMany([job(), job()]);
        const [first, second] = await leases.take({ count: 2 });
        const progress = { value: 0.5, message: "half" };
        const news = { leaseMs: 5000, payload: { at: 3 }, progress };
        const renewed = await leases.heartbeat(first!, news);
        assert.equal(renewed.leaseExpiresAt, clock.now() + 5000);
        assert.deepEqual(renewed.progress, progress);
        assert.deepEqual((await client.get(first!.id)).payload, { at: 3 });
        assert.equal((await leases.heartbeat(first!.id, { progress: 1 })).progress, 1);
        const wrong = { ...second!, leaseToken: "x" };
        await assert.rejects(leases.heartbeat(wrong), { code: "refused", reason: "other_worker" });
        await assert.rejects(leases.heartbeat("0"), {
          code: "not_found",
          message: "job '0' not found",
        });
        assert.deepEqual(await leases.heartbeatMany([first!, wrong, "0"], { leaseMs: 7 }), {
          jobs: [{ id: first!.id, leaseExpiresAt: clock.now() + 7 }],
          notFound: ["0"],
          refused: [{ id: second!.id, reason: "other_worker" }],
        });
        await assert.rejects(leases.heartbeat(first!, { leaseMs: 0 }), RangeError);
      }));

    it("takes jobs from their workers", () =>
      withBroker(async ({ broker, client }) => {
        const leases = createLeases({ fetch: broker.fetch, format: formats[format] });
        await client.enqueueMany([job(), job()]);
        const [first, second] = await leases.take({ count: 2 });
        assert.equal((await leases.timeout(first!.id)).status, "ready");
        await assert.rejects(leases.timeout(first!.id), { reason: "not_running" });
        await assert.rejects(leases.heartbeat(first!), { reason: "not_running" });
        assert.deepEqual(await leases.timeoutMany([second!.id, first!.id, "0"]), {
          timedOut: 0,
          notFound: ["0"],
          refused: [{ id: first!.id, reason: "not_running" }],
        });
        assert.deepEqual(await leases.timeoutMany([second!.id]), { timedOut: 1, notFound: [] });
        assert.deepEqual(await leases.timeoutMany([]), { timedOut: 0, notFound: [] });
      }));

    it("waits for jobs", () =>
      withBroker(async ({ broker, client, clock }) => {
        const leases = createLeases({ fetch: broker.fetch, format: formats[format] });
        const taking = leases.take({ waitMs: 1000 });
        await clock.settle();
        const { id } = await client.enqueue(job());
        assert.deepEqual((await taking).map(({ id }) => id), [id]);
        assert.deepEqual(await leases.take(), []);
      }));

    for (const way of ["directly", "by the protocol"] as const) {
      it(`has streams with leases that tell what is lost, ${way}`, () =>
        withBroker(async ({ broker, clock }) => {
          const fetch = way === "directly"
            ? broker.fetch
            : (request: Request) => broker.fetch(request);
          const client = createClient({ fetch, format: formats[format] });
          const leases = createLeases({ fetch, format: formats[format] });
          const { id } = await client.enqueue(job());
          const stream = await client.take({ leaseMs: 1000, prefetch: 2, workerId: "w" });
          const frames: TakeFrame[] = [];
          const reading = (async () => {
            for await (const frame of stream.frames()) {
              if (frame.kind !== "heartbeat") frames.push(frame);
            }
          })();
          await clock.settle();
          const [first] = frames;
          assert.ok(first?.kind === "jobs");
          assert.deepEqual(first.jobs.map(({ id, workerId }) => [id, workerId]), [[id, "w"]]);
          assert.equal((await leases.heartbeat(first.jobs[0]!)).leaseExpiresAt, clock.now() + 1000);
          await clock.advance(1000);
          assert.deepEqual(frames[1], { kind: "lost", ids: [id] });
          await client.success(first.jobs[0]!);
          await stream.close();
          await reading;
        }));
    }
  });
}

describe("createLeases with a server that knows no leases", () => {
  it("says that it has no such endpoint", async () => {
    const answers = [
      () => new Response(null, { status: 405, headers: { allow: "GET" } }),
      () => json({ error: "not found" }, 404),
      () =>
        new Response("nothing here", { status: 404, headers: { "content-type": "text/plain" } }),
    ];
    for (const answer of answers) {
      const { fetch } = createScript(answer());
      const leases = createLeases({ url: "http://127.0.0.1:1", fetch });
      await assert.rejects(leases.take(), {
        name: "NotFoundError",
        message: /^The server has no endpoint 'POST \/jobs\/take', which a Millrace broker has: /,
      });
    }
  });

  it("refuses options that cannot be sent", async () => {
    const { fetch } = createScript();
    const leases = createLeases({ url: "http://127.0.0.1:1", fetch });
    await assert.rejects(leases.take({ queues: [] }), TypeError);
    await assert.rejects(leases.take({ leaseMs: 0 }), RangeError);
    await assert.rejects(leases.take({ count: -1 }), RangeError);
    const client = createClient({ url: "http://127.0.0.1:1", fetch });
    await assert.rejects(client.take({ leaseMs: 0 }), RangeError);
  });
});
