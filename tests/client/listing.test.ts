import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient } from "../../src/client/mod.ts";
import { createScript, json, wireJob } from "./script.ts";

const page = (ids: string[], next: string | null, prev: string | null = null) =>
  json({ jobs: ids.map((id) => wireJob({ id, payload: 1 })), pages: { self: "/", next, prev } });

describe("list", () => {
  it("requests the links of the server unchanged", async () => {
    const { fetch, sent } = createScript(
      page(["a", "b"], "/jobs?from=b&anything=%7e,x"),
      page([], "/jobs?from=c"),
      page(["d"], null),
    );
    const client = createClient({ url: "http://h/base", fetch });
    const jobs = await Array.fromAsync(
      client.list({ queue: "q", limit: 2, order: "desc", from: "0" }),
    );
    assert.deepEqual(jobs.map(({ id }) => id), ["a", "b", "d"]);
    assert.deepEqual(sent.map(({ call }) => call), [
      "GET /base/jobs?from=0&order=desc&limit=2&queue=q",
      "GET /base/jobs?from=b&anything=%7e,x",
      "GET /base/jobs?from=c",
    ]);
  });

  it("fetches a page only when it is read", async () => {
    const { fetch, sent } = createScript(page(["a", "b"], "/jobs?from=b"));
    for await (const job of createClient({ fetch }).list()) {
      if (job.id === "b") break;
    }
    assert.equal(sent.length, 1);
  });

  it("starts from the first page each time it is gone through", async () => {
    const { fetch } = createScript(page(["a"], null), page(["b"], null));
    const listing = createClient({ fetch }).list();
    assert.equal((await Array.fromAsync(listing))[0]!.id, "a");
    assert.equal((await Array.fromAsync(listing))[0]!.id, "b");
  });

  it("gives pages", async () => {
    const { fetch } = createScript(page(["a"], "/jobs?from=a"), page(["b"], null));
    const pages = await Array.fromAsync(createClient({ fetch }).list().pages());
    assert.deepEqual(pages.map(({ jobs }) => jobs.map(({ id }) => id)), [["a"], ["b"]]);
  });

  it("refuses a limit or a filter that is not allowed", async () => {
    const client = createClient({ fetch: createScript().fetch });
    await assert.rejects(client.page({ limit: 0 }), RangeError);
    await assert.rejects(client.page({ queue: "a,b" }), TypeError);
    await assert.rejects(Array.fromAsync(client.list({ limit: 2001 })), RangeError);
  });

  it("follows no link away from the server", async () => {
    const { fetch } = createScript(page(["a"], "https://elsewhere.example/jobs"));
    await assert.rejects(Array.fromAsync(createClient({ fetch }).list()), {
      name: "ProtocolError",
    });
  });
});

describe("page", () => {
  it("leads to the next and to the previous page", async () => {
    const { fetch, sent } = createScript(
      page(["b"], "/jobs?n", "/jobs?p"),
      page(["c"], null, "/jobs?q"),
      page(["a"], null, null),
    );
    const first = await createClient({ fetch }).page({ from: "a" });
    assert.deepEqual([first.hasPrev, first.hasNext], [true, true]);
    const next = await first.next();
    assert.deepEqual([next?.jobs[0]?.id, next?.hasNext], ["c", false]);
    assert.equal(await next?.next(), undefined);
    assert.equal((await first.prev())?.jobs[0]?.id, "a");
    assert.deepEqual(sent.map(({ call }) => call), [
      "GET /jobs?from=a",
      "GET /jobs?n",
      "GET /jobs?p",
    ]);
  });
});

describe("errors", () => {
  it("lists the failures of a job along the links", async () => {
    const record = (attempt: number) => ({ attempt, message: "m", dequeued_at: 1, failed_at: 2 });
    const { fetch, sent } = createScript(
      json({ errors: [record(1)], pages: { next: "/jobs/x/errors?from=1", prev: null } }),
      json({ errors: [record(2)], pages: { next: null, prev: null } }),
    );
    const errors = await Array.fromAsync(createClient({ fetch }).errors("x", { limit: 1 }));
    assert.deepEqual(errors.map(({ attempt }) => attempt), [1, 2]);
    assert.equal(sent[0]!.call, "GET /jobs/x/errors?limit=1");
  });
});
