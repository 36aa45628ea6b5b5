import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, defineJob, isJobOf, isMillraceError } from "../../src/client/mod.ts";
import { createScript, json, wireJob } from "./script.ts";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "q" });
const stored = wireJob({ type: "mail", payload: { to: "ada" } });
const page = () => json({ jobs: [stored], pages: { self: "/jobs", next: null, prev: null } });

describe("calls by definition", () => {
  it("ask for the jobs of its type, in whatever queue", async () => {
    const { fetch, sent } = createScript(page, page, page, json({ count: 1 }), json({ count: 2 }));
    const client = createClient({ fetch });
    for await (const job of client.list(mail, { status: "dead", limit: 5 })) {
      assert.equal(job.payload.to, "ada");
    }
    assert.equal((await client.page(mail)).jobs.length, 1);
    assert.equal((await client.page(mail, { order: "desc" }, { timeoutMs: 5 })).jobs.length, 1);
    assert.equal(await client.count(mail), 1);
    assert.equal(await client.count(mail, { queue: "other" }), 2);
    assert.deepEqual(sent.map(({ call }) => call), [
      "GET /jobs?limit=5&status=dead&type=mail",
      "GET /jobs?type=mail",
      "GET /jobs?order=desc&type=mail",
      "GET /jobs/count?type=mail",
      "GET /jobs/count?queue=other&type=mail",
    ]);
  });

  it("get a job of that type, and find none of another", async () => {
    const { fetch, sent } = createScript(json(stored), json(wireJob({ type: "other" })));
    const client = createClient({ fetch });
    assert.equal((await client.get(mail, "a", { timeoutMs: 100 })).payload.to, "ada");
    await assert.rejects(client.get(mail, "b"), (error: unknown) => {
      assert.ok(isMillraceError(error, "not_found"));
      assert.equal(isMillraceError(error, "refused"), false);
      assert.match(error.message, /^Job '\w+' is of type 'other', not 'mail'$/);
      return true;
    });
    assert.deepEqual(sent.map(({ call }) => call), ["GET /jobs/a", "GET /jobs/b"]);
  });

  it("tell a job of another type from one of theirs", async () => {
    const { fetch } = createScript(json(stored), json(wireJob({ type: "other" })));
    const client = createClient({ fetch });
    assert.equal(isJobOf(mail, await client.get("a")), true);
    assert.equal(isJobOf(mail, await client.get("b")), false);
  });
});
