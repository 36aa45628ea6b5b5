/** Lists without large payloads, batches that take jobs in, and what a token may do. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createInsight, createTags } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { withCallers } from "../support/callers.ts";
import { formats } from "../support/formats.ts";
import { send } from "../support/send.ts";

for (const format of ["json", "msgpack"] as const) {
  describe(`payloads that are too large for a list, ${format}`, () => {
    it("are left out, and their sizes are told", () =>
      withBroker(async ({ broker }) => {
        const client = createClient({ fetch: broker.fetch, format: formats[format] });
        const insight = createInsight({ fetch: broker.fetch, format: formats[format] });
        const payloads = [null, "a".repeat(98), "b".repeat(200), "c".repeat(100_000)];
        await client.enqueueMany(payloads.map((payload) => job({ payload })));
        const list = async (maxPayloadBytes: number) =>
          (await Array.fromAsync(insight.jobs({ maxPayloadBytes, limit: 2 })))
            .map(({ payload, payloadBytes }) => payloadBytes ?? payload);
        // A text has two quotes in JSON; in MessagePack one to five bytes stand before it.
        const [small, large] = format === "json" ? [202, 100_002] : [202, 100_005];
        assert.deepEqual(await list(100), [null, "a".repeat(98), small, large]);
        assert.deepEqual((await list(0))[0], format === "json" ? 4 : 1);
        assert.deepEqual(await list(1_000_000), payloads);
        const jobs = await Array.fromAsync(insight.jobs({ maxPayloadBytes: 100 }));
        assert.equal(Object.hasOwn(jobs[3]!, "payload"), false);
        assert.equal(Object.hasOwn(jobs[0]!, "payload"), true);
      }));

    it("are found by what is in them all the same", () =>
      withBroker(async ({ broker }) => {
        const client = createClient({ fetch: broker.fetch, format: formats[format] });
        const insight = createInsight({ fetch: broker.fetch, format: formats[format] });
        await client.enqueueMany([job({ payload: "c".repeat(100_000) }), job({ payload: "d" })]);
        const filter = 'startswith("c")';
        const found = await Array.fromAsync(insight.jobs({ filter, maxPayloadBytes: 0 }));
        assert.equal(found.length, 1);
        assert.equal(found[0]!.payload, undefined);
      }));
  });

  describe(`batches, ${format}`, () => {
    it("are listed while they take jobs in, page by page", () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const insight = createInsight({ fetch: broker.fetch, format: formats[format] });
        const batch = (key: string) => ({ key, when: "true", fold: "$existing + $new" });
        const one = await client.enqueue(job({ payload: [1], batch: batch("b,é") }));
        await client.enqueue(job({ payload: [2], batch: batch("b,é") }));
        const later = await client.enqueue(
          job({ payload: [1], delayMs: 5000, batch: { ...batch("a"), collect: true } }),
        );
        const gone = await client.enqueue(job({ payload: [1], batch: batch("c") }));
        await client.cancel(gone.id);
        const { type, queue } = job();
        const common = { type, queue, when: "true", fold: "$existing + $new" };
        const pages = [];
        for await (const page of insight.batches({ limit: 1 }).pages()) pages.push(page.batches);
        assert.deepEqual(pages, [
          [{
            ...common,
            key: "a",
            jobId: later.id,
            status: "scheduled",
            readyAt: clock.now() + 5000,
            payloadBytes: 3,
          }],
          [{
            ...common,
            key: "b,é",
            jobId: one.id,
            status: "ready",
            readyAt: clock.now(),
            payloadBytes: 5,
          }],
        ]);
        const last = await Array.fromAsync(insight.batches({ order: "desc", from: "b" }));
        assert.deepEqual(last.map(({ key }) => key), ["a"]);
        const taken = await take({ prefetch: 0 });
        await clock.advance(0);
        assert.equal(taken.jobs.length, 1);
        const open = await Array.fromAsync(insight.batches());
        assert.deepEqual(open.map(({ key }) => key), ["a"]);
        await taken.close();
      }));
  });

  describe(`the ages of queues, ${format}`, () => {
    it("are told of those that have ready jobs, to who asks for them", () =>
      withBroker(async ({ broker, client, clock }) => {
        const insight = createInsight({ fetch: broker.fetch, format: formats[format] });
        const since = clock.now();
        await client.enqueue(job({ queue: "a" }));
        await client.enqueue(job({ queue: "b", delayMs: 60_000 }));
        await clock.advance(5000);
        await client.enqueueMany([job({ queue: "a" }), job({ queue: "c", priority: 9 })]);
        const ages = async (age: boolean) =>
          (await Array.fromAsync(insight.queues({ limit: 1, age })))
            .map(({ oldestReadyAt }) => oldestReadyAt);
        assert.deepEqual(await ages(true), [since, undefined, since + 5000]);
        assert.deepEqual(await ages(false), [undefined, undefined, undefined]);
        assert.equal((await insight.queue("a", { age: true })).oldestReadyAt, since);
        assert.equal(Object.hasOwn(await insight.queue("a"), "oldestReadyAt"), false);
        const { body } = await send(broker, "GET", "/queues?detail=true&age=true&limit=1");
        const { pages } = body as { pages: { self: string } };
        assert.equal(pages.self, "/queues?detail=true&limit=1&age=true");
      }));
  });

  describe(`who calls, ${format}`, () => {
    it("is told what it may do, also if that is little", () =>
      withCallers({
        viewer: { scopes: ["read"], queues: ["mail.*"], callsPerSecond: 2.5 },
        scraper: { scopes: ["metrics"], types: ["a"], uniqueKeys: ["k*"], leastPriority: 7 },
      }, async ({ broker }) => {
        const as = (token: string) =>
          createInsight({ fetch: broker.fetch, token, format: formats[format] });
        assert.deepEqual(defined(await as("viewer").whoAmI()), {
          name: "viewer",
          scopes: ["read"],
          queues: ["mail.*"],
          callsPerSecond: 2.5,
        });
        assert.deepEqual(defined(await as("scraper").whoAmI()), {
          name: "scraper",
          scopes: ["metrics"],
          types: ["a"],
          uniqueKeys: ["k*"],
          leastPriority: 7,
        });
        await assert.rejects(as("nobody").whoAmI(), { code: "refused", status: 401 });
      }));

    it("may do everything where nobody is asked for a token", () =>
      withBroker(async ({ broker }) => {
        const insight = createInsight({ fetch: broker.fetch, format: formats[format] });
        assert.deepEqual(defined(await insight.whoAmI()), {
          scopes: ["read", "metrics", "enqueue", "work", "manage", "admin"],
        });
      }));
  });
}

describe("the calls besides the list", () => {
  for (
    const path of ["/queues/q/next?limit=5&", "/tracked?", "/tags/t?", "/jobs?"] as const
  ) {
    it(`leave out what is large: GET ${path}max_payload=`, () =>
      withBroker(async ({ broker, client }) => {
        const { id } = await client.enqueue(job({ payload: "a".repeat(70_000), tags: ["t"] }));
        await createTags({ fetch: broker.fetch }).track(id);
        for (const [most, name] of [[80_000, "payload"], [60_000, "payload_bytes"]]) {
          const { body } = await send(broker, "GET", `${path}max_payload=${most}`);
          const { jobs, pages } = body as { jobs: [object]; pages?: { self: string } };
          assert.deepEqual(
            Object.keys(jobs[0]).filter((key) => key.startsWith("payload")),
            [name],
          );
          if (pages !== undefined) assert.ok(pages.self.endsWith(`&max_payload=${most}`));
        }
      }));
  }

  it("leave it out of one job", () =>
    withBroker(async ({ broker, client }) => {
      const { id } = await client.enqueue(job({ payload: "abc" }));
      const get = async (query: string) =>
        (await send(broker, "GET", `/jobs/${id}${query}`)).body as Record<string, unknown>;
      assert.equal((await get("?max_payload=4"))["payload_bytes"], 5);
      assert.equal((await get("?max_payload=5"))["payload"], "abc");
      assert.equal((await get("?other=5"))["payload"], "abc");
    }));
});

describe("other queries", () => {
  it("are refused, and the links of a page keep what was asked", () =>
    withBroker(async ({ broker, client }) => {
      await client.enqueueMany([job(), job()]);
      const answer = await send(broker, "GET", "/jobs?limit=1&max_payload=0");
      const { pages } = answer.body as { pages: { next: string } };
      assert.match(pages.next, /&max_payload=0$/);
      for (
        const path of ["/jobs?max_payload=-1", "/jobs?max_payload=", "/batches?status=ready"]
      ) {
        assert.equal((await send(broker, "GET", path)).status, 400, path);
      }
      const foreign = createInsight({
        url: "http://foreign",
        fetch: () => Promise.resolve(Response.json({ error: "not found" }, { status: 404 })),
      });
      await assert.rejects(foreign.whoAmI(), { code: "not_found", message: /Millrace broker/ });
      assert.throws(() => foreign.jobs({ maxPayloadBytes: -1 }), RangeError);
    }));
});

/** Without members that are undefined. */
function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}
