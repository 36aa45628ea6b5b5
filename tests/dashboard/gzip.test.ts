import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { createDashboard } from "../../src/dashboard/mod.ts";

const origin = "http://localhost";

describe("long answers of a dashboard", () => {
  const gzip = { "accept-encoding": "br, gzip" };
  const bodyOf = async (answer: Response) => new Uint8Array(await answer.arrayBuffer());

  it("are gzipped for those who take it, and the same as for others", async () => {
    for (const length of [2000, 3_000_000]) {
      const wanted = { text: "x".repeat(length) };
      const { fetch } = createDashboard({
        access: () => "read",
        fetch: () => Promise.resolve(Response.json(wanted)),
      });
      const ask = (headers: HeadersInit = {}) =>
        fetch(new Request(`${origin}/api/jobs`, { headers }));
      const plain = await ask();
      assert.equal(plain.headers.get("content-encoding"), null);
      assert.equal(plain.headers.get("vary"), "accept-encoding");
      assert.deepEqual(await plain.json(), wanted);
      const refused = await ask({ "accept-encoding": "gzip;q=0" });
      assert.equal(refused.headers.get("content-encoding"), null);
      assert.deepEqual(await refused.json(), wanted);
      const packed = await ask(gzip);
      assert.equal(packed.headers.get("content-encoding"), "gzip");
      assert.equal(packed.headers.get("vary"), "accept-encoding");
      assert.equal(packed.headers.get("etag"), plain.headers.get("etag"));
      const bytes = await bodyOf(packed);
      assert.ok(bytes.length < length / 20, `${bytes.length} of ${length}`);
      assert.deepEqual(JSON.parse(gunzipSync(bytes).toString()), wanted);
    }
  });

  it("are none if they are short, or if they are a stream", async () => {
    const { fetch } = createDashboard({
      access: () => "read",
      fetch: ({ url }) =>
        Promise.resolve(
          url.includes("/events")
            ? new Response("data: 1\n\n".repeat(1000), {
              headers: { "content-type": "text/event-stream" },
            })
            : Response.json({ n: 1 }),
        ),
    });
    for (const path of ["/api/jobs", "/api/events"]) {
      const answer = await fetch(new Request(origin + path, { headers: gzip }));
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-encoding"), null, path);
      await answer.body?.cancel();
    }
  });
});
