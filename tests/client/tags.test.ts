import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTags, defineJob, type Job, NotFoundError } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { formats } from "../support/formats.ts";

describe("createTags()", () => {
  for (const format of ["json", "msgpack"] as const) {
    it(`adds, removes, lists and finds by tags, in ${format}`, () =>
      withBroker(async ({ broker, client }) => {
        const tags = createTags({ fetch: broker.fetch, format: formats[format] });
        const first = await client.enqueue(job({ tags: ["a"], payload: 1 }));
        assert.deepEqual(first.tags, ["a"]);
        const second = await client.enqueue(job({ tags: ["ü b"], payload: 2 }));
        assert.deepEqual(await tags.add(first.id, ["ü b", "c"]), ["a", "ü b", "c"]);
        assert.deepEqual(await tags.remove(first.id, "c"), ["a", "ü b"]);
        assert.deepEqual(await tags.top(), [{ tag: "ü b", count: 2 }, { tag: "a", count: 1 }]);
        assert.deepEqual(await tags.top({ min: 2, limit: 1 }), [{ tag: "ü b", count: 2 }]);
        const from = { tag: "ü b", count: 2 };
        assert.deepEqual(await tags.top({ from }), [{ tag: "a", count: 1 }]);
        const listed: Job[] = [];
        for await (const job of tags.jobs("ü b", { limit: 1 })) listed.push(job);
        assert.deepEqual(listed.map(({ id }) => id), [second.id, first.id]);
        assert.equal(await client.count({ tag: ["a", "x"] }), 1);
        for (const { id } of [second, first]) await tags.track(id);
        const page = await tags.tracked({ limit: 1 });
        assert.deepEqual([page.jobs[0]!.id, page.jobs[0]!.tracked, page.expired], [
          second.id,
          true,
          [],
        ]);
        assert.equal(await client.count({ tracked: true }), 2);
        await client.delete(second.id);
        assert.deepEqual((await tags.tracked()).expired, [second.id]);
        await tags.untrack(second.id);
        const last = await tags.tracked();
        assert.deepEqual([last.jobs.map(({ id }) => id), last.expired], [[first.id], []]);
        assert.equal(await client.count({ tag: [] }), 0);
      }));
  }

  it("says of a server without tags that it has none, and of a job that it is missing", () =>
    withBroker(async ({ broker }) => {
      const missing = "0000000000000000000000000";
      const ours = createTags({ fetch: broker.fetch });
      await assert.rejects(ours.add(missing, "a"), {
        message: `job '${missing}' not found`,
        status: 404,
      });
      for (
        const answer of [
          () => new Response("404 page not found", { status: 404 }),
          () => Response.json({ error: "not found" }, { status: 404 }),
        ]
      ) {
        const foreign = createTags({ fetch: () => Promise.resolve(answer()) });
        await assert.rejects(
          foreign.add(missing, "a"),
          (error) =>
            error instanceof NotFoundError &&
            /^The server has no endpoint 'POST \/jobs\/\{id\}\/tags', which a Millrace broker has/
              .test(error.message),
        );
      }
    }));
});

describe("the tags of a definition", () => {
  it("are those of its jobs, unless an enqueue has its own", async () => {
    const crawl = defineJob({ type: "crawl", queue: "q", tags: ["crawl"] });
    assert.deepEqual((await crawl.toRequest(null)).tags, ["crawl"]);
    assert.deepEqual((await crawl.toRequest(null, { tags: [] })).tags, []);
  });
});
