/** The calls on tags: docs/protocol.md, section 15.1. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const job = { type: "t", queue: "q", payload: null };

describe("tags", () => {
  it("are shown by all answers with the job, and by none without", () =>
    withBroker(async ({ broker, take, clock }) => {
      const { body } = await send(broker, "POST", "/jobs", { ...job, tags: ["a"] });
      assert.deepEqual(body.tags, ["a"]);
      const bulk = await send(broker, "POST", "/jobs/bulk", {
        jobs: [{ ...job, tags: ["b", "c"] }, job],
      });
      const shown = bulk.body.jobs.map(({ tags }: { tags?: string[] }) => tags);
      assert.deepEqual(shown, [["b", "c"], undefined]);
      const listed = (await send(broker, "GET", "/jobs")).body.jobs;
      assert.deepEqual(listed.map(({ tags }: { tags?: string[] }) => tags), [
        ["a"],
        ["b", "c"],
        undefined,
      ]);
      const stream = await take({ prefetch: 0 });
      await clock.settle();
      assert.deepEqual(stream.jobs.map(({ tags }) => tags), [["a"], ["b", "c"], undefined]);
      const { id } = body;
      const patched = await send(broker, "PATCH", `/jobs/${id}`, { priority: 3 });
      assert.deepEqual(patched.body.tags, ["a"]);
      const released = await send(broker, "POST", `/jobs/${id}/release`, {});
      assert.deepEqual(released.body.tags, ["a"]);
      await clock.settle();
      const failed = await send(broker, "POST", `/jobs/${id}/failure`, { message: "m" });
      assert.deepEqual(failed.body.tags, ["a"]);
    }));

  it("of a job that was there are those that it has, for duplicates and folded jobs", () =>
    withBroker(async ({ broker }) => {
      const batch = { key: "b", when: "true", fold: "$new" };
      for (const grouping of [{ unique_key: "k" }, { batch }]) {
        const first = await send(broker, "POST", "/jobs", { ...job, ...grouping, tags: ["a"] });
        const second = await send(broker, "POST", "/jobs", { ...job, ...grouping, tags: ["b"] });
        assert.deepEqual([second.body.id, second.body.tags], [first.body.id, ["a"]]);
      }
      assert.deepEqual((await send(broker, "GET", "/tags")).body.tags, [{ tag: "a", count: 2 }]);
    }));

  it("of a repeated enqueue are stored once and shown again", () =>
    withBroker(async ({ broker }) => {
      const enqueue = async () => {
        const response = await broker.fetch(
          new Request("http://broker/jobs", {
            method: "POST",
            headers: { "content-type": "application/json", "idempotency-key": "k" },
            body: JSON.stringify({ ...job, tags: ["a"] }),
          }),
        );
        return await response.json();
      };
      const first = await enqueue();
      assert.deepEqual(await enqueue(), first);
      assert.deepEqual(first.tags, ["a"]);
      assert.deepEqual((await send(broker, "GET", "/tags")).body.tags, [{ tag: "a", count: 1 }]);
    }));

  it("are refused by name when they cannot be", () =>
    withBroker(async ({ broker }) => {
      const { body: { id } } = await send(broker, "POST", "/jobs", job);
      const megabyte = "x".repeat(2 ** 20);
      const cases: [tags: unknown, status: number, error: RegExp][] = [
        [[megabyte], 400, /^tag "x{60}…" has 1048576 characters, at most 200 are accepted$/],
        [["a,b"], 400, /^tag "a,b" must not contain ','$/],
        [[""], 400, /^tag "" must not be empty$/],
        [[7], 400, /tags\[0\]: expected a text, got 7/],
        ["a", 400, /tags: expected a list, got "a"/],
        [
          Array.from({ length: 21 }, (_, at) => `${at}`),
          422,
          /^a job with 21 tags, it may have 20$/,
        ],
      ];
      for (const [tags, status, error] of cases) {
        const calls = [
          await send(broker, "POST", "/jobs", { ...job, tags }),
          await send(broker, "POST", `/jobs/${id}/tags`, { tags }),
        ];
        for (const answer of calls) {
          assert.equal(answer.status, status, answer.body.error);
          assert.match(answer.body.error, error);
        }
        const patched = await send(broker, "PATCH", `/jobs/${id}`, { tags });
        assert.match(patched.body.error, error);
      }
      assert.deepEqual((await send(broker, "GET", "/tags")).body.tags, []);
      assert.equal((await send(broker, "POST", `/jobs/${id}/tags`, {})).status, 400);
      const missing = await send(broker, "DELETE", `/jobs/${id}/tags`);
      assert.deepEqual([missing.status, missing.body.error.slice(0, 16)], [
        400,
        "'tag' is missing",
      ]);
      const none = "/jobs/0000000000000000000000000/tags";
      const notFound = { status: 404, body: { error: "job not found" } };
      assert.deepEqual(await send(broker, "POST", none, { tags: ["a"] }), notFound);
      assert.deepEqual(await send(broker, "DELETE", `${none}?tag=a`), notFound);
    }));

  it("are limited by what the job has already", () =>
    withBroker(async ({ broker }) => {
      const tags = Array.from({ length: 19 }, (_, at) => `${at}`);
      const { body: { id } } = await send(broker, "POST", "/jobs", { ...job, tags });
      const add = (tags: string[]) => send(broker, "POST", `/jobs/${id}/tags`, { tags });
      assert.equal((await add(["x", "y"])).status, 422);
      assert.equal((await add(["x", "1"])).body.tags.length, 20);
    }));

  it("are replaced by a patch, of one job and of many", () =>
    withBroker(async ({ broker }) => {
      const first = (await send(broker, "POST", "/jobs", { ...job, tags: ["a", "b"] })).body.id;
      const second = (await send(broker, "POST", "/jobs", { ...job, tags: ["b"] })).body.id;
      const patched = await send(broker, "PATCH", `/jobs/${first}`, { tags: ["c", "b", "c"] });
      assert.deepEqual(patched.body.tags, ["c", "b"]);
      const inOrder = (await send(broker, "GET", "/tags/b")).body.jobs;
      assert.deepEqual(inOrder.map(({ id }: { id: string }) => id), [second, first]);
      assert.equal((await send(broker, "PATCH", "/jobs?tag=b", { tags: ["d"] })).body.patched, 2);
      assert.deepEqual((await send(broker, "GET", "/tags")).body.tags, [{ tag: "d", count: 2 }]);
      const cleared = await send(broker, "PATCH", `/jobs/${first}`, { tags: null });
      assert.equal("tags" in cleared.body, false);
      assert.equal((await send(broker, "GET", "/jobs?tag=d")).body.jobs.length, 1);
    }));

  it("are in the templates of cron entries, and on the jobs of these", () =>
    withBroker(async ({ broker, clock }) => {
      const entry = { name: "e", expression: "* * * * *", job: { ...job, tags: ["c", "c", "d"] } };
      const put = await send(broker, "PUT", "/crons/g", {
        entries: [entry, {
          ...entry,
          name: "plain",
          job,
        }],
      });
      assert.deepEqual(put.body.entries.map(({ job }: { job: { tags?: string[] } }) => job.tags), [
        ["c", "d"],
        undefined,
      ]);
      await clock.advance(60_000);
      assert.equal((await send(broker, "GET", "/jobs/count?tag=d")).body.count, 1);
      const bad = { ...entry, job: { ...job, tags: ["*"] } };
      const refused = await send(broker, "PUT", "/crons/g", { entries: [bad] });
      assert.deepEqual(refused, {
        status: 400,
        body: { error: `tag "*" must not contain '*' (reserved)` },
      });
    }));

  it("filter listings, counts and changes of many", () =>
    withBroker(async ({ broker }) => {
      for (const tags of [["a"], ["a", "b"], ["b", "c"], []]) {
        await send(broker, "POST", "/jobs", { ...job, tags });
      }
      const count = async (query: string) =>
        (await send(broker, "GET", `/jobs/count?${query}`)).body.count;
      assert.deepEqual(
        [await count("tag=a"), await count("tag=a,c"), await count("tag=x"), await count("tag=")],
        [2, 3, 0, 4],
      );
      assert.equal(await count("tag=b&queue=other"), 0);
      const page = await send(broker, "GET", "/jobs?tag=c,a&limit=2");
      assert.equal(page.body.jobs.length, 2);
      assert.match(page.body.pages.next, /&limit=2&tag=a,c$/);
      assert.equal((await send(broker, "GET", page.body.pages.next)).body.jobs.length, 1);
      assert.equal((await send(broker, "PATCH", "/jobs?tag=b", { priority: 1 })).body.patched, 2);
      assert.equal((await send(broker, "DELETE", "/jobs?tag=a")).body.deleted, 2);
      assert.deepEqual(await count(""), 2);
      assert.deepEqual((await send(broker, "GET", "/tags")).body.tags, [
        { tag: "b", count: 1 },
        { tag: "c", count: 1 },
      ]);
    }));

  it("are listed most used first, page by page", () =>
    withBroker(async ({ broker }) => {
      for (const tags of [["a", "é x"], ["é x", "c"], ["é x", "d"]]) {
        await send(broker, "POST", "/jobs", { ...job, tags });
      }
      const all: object[] = [];
      for (let next: string | null = "/tags?limit=2"; next !== null;) {
        const { body } = await send(broker, "GET", next);
        all.push(...body.tags);
        next = body.pages.next;
      }
      assert.deepEqual(all, [
        { tag: "é x", count: 3 },
        { tag: "a", count: 1 },
        { tag: "c", count: 1 },
        { tag: "d", count: 1 },
      ]);
      for (const query of ["limit=0", "min=x", "from=a", "from=,a", "offset=1"]) {
        assert.equal((await send(broker, "GET", `/tags?${query}`)).status, 400, query);
      }
    }));

  it("are gone after a reset", () =>
    withBroker(async ({ broker }) => {
      await send(broker, "POST", "/jobs", { ...job, tags: ["a"] });
      assert.equal((await send(broker, "POST", "/reset")).status, 204);
      assert.deepEqual((await send(broker, "GET", "/tags")).body.tags, []);
    }));

  it("page through their jobs in both directions", () =>
    withBroker(async ({ broker }) => {
      for (let at = 0; at < 5; at++) {
        await send(broker, "POST", "/jobs", { ...job, payload: at, tags: ["a"] });
      }
      const payloads = ({ body }: { body: { jobs: { payload: number }[] } }) =>
        body.jobs.map(({ payload }) => payload);
      const first = await send(broker, "GET", "/tags/a?limit=2");
      assert.deepEqual([payloads(first), first.body.pages.prev], [[0, 1], null]);
      const second = await send(broker, "GET", first.body.pages.next);
      assert.deepEqual(payloads(second), [2, 3]);
      assert.deepEqual(payloads(await send(broker, "GET", second.body.pages.prev)), [1, 0]);
      assert.deepEqual(payloads(await send(broker, "GET", "/tags/a?order=desc&limit=2")), [4, 3]);
    }));
});
