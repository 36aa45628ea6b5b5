/** The dashboard as a Worker, over a broker elsewhere. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openSqlite, serve } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { type Miniflare, openWorkerd } from "./open-workerd.ts";

describe("./dashboard in workerd", () => {
  let broker: ReturnType<typeof createBroker>;
  let server: Awaited<ReturnType<typeof serve>>;
  let worker: Miniflare;
  let url: URL;

  before(async () => {
    broker = createBroker({ store: openSqlite(":memory:") });
    server = await serve(broker.fetch, { port: 0 });
    worker = await openWorkerd("dashboard-app", { bindings: { BROKER_URL: server.url } });
    url = await worker.ready;
  });

  after(async () => {
    await worker.dispose();
    await broker.close();
    await server.stop();
  });

  it("serves its page and files, packed once", async () => {
    const page = await (await fetch(new URL("/jobs/", url))).text();
    const [, script] = /src="([^"]+)"/.exec(page)!;
    const [, style] = /href="([^"]+\.css)"/.exec(page)!;
    const [code, css] = await Promise.all([script!, style!].map(async (path) => {
      const headers = { "accept-encoding": "gzip" };
      const packed = await fetch(new URL(path, url), { headers });
      assert.equal(packed.headers.get("content-encoding"), "gzip");
      return await packed.text();
    }));
    assert.ok(code!.includes("x-millrace-dashboard"));
    assert.ok(css!.includes("light-dark("));
  });

  it("tells a page what happens", async () => {
    const client = createClient({ url: server.url });
    const leaving = new AbortController();
    const answer = await fetch(new URL("/jobs/live", url), { signal: leaving.signal });
    assert.equal(answer.headers.get("content-type"), "text/event-stream");
    const { id } = await client.enqueue({ type: "a", queue: "q", payload: 1 });
    let text = "";
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (/"rows":\[\[\d+,1,0,0\]\]/.test(text)) break;
    }
    leaving.abort();
    await client.delete(id);
  });

  it("looks, and changes", async () => {
    const client = createClient({ url: server.url });
    const { id } = await client.enqueue({ type: "a", queue: "q", payload: 1 });
    const listed = await (await fetch(new URL("/jobs/api/jobs", url))).json();
    assert.equal(listed.jobs[0].id, id);
    const removed = await fetch(new URL(`/jobs/api/jobs/${id}`, url), {
      method: "DELETE",
      headers: { "x-millrace-dashboard": "1" },
    });
    assert.equal(removed.status, 204, await removed.text());
    assert.equal(await client.count(), 0);
  });
});
