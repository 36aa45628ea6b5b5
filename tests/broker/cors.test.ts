/** Which web pages may call a broker and read its answers. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBroker } from "../../src/broker/mod.ts";
import { openSqlite } from "../../adapters/node/mod.ts";
import { withBroker } from "../support/broker.ts";

const call = (path: string, init: RequestInit = {}) => new Request(`http://broker${path}`, init);
const shop = { origin: "https://shop.example" };

describe("a web page of an allowed origin", () => {
  it("may ask first, then call, and reads the answer", () =>
    withBroker(async ({ broker }) => {
      const asked = await broker.fetch(call("/jobs", {
        method: "OPTIONS",
        headers: {
          ...shop,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type",
        },
      }));
      assert.equal(asked.status, 204);
      assert.equal(asked.headers.get("access-control-allow-origin"), shop.origin);
      assert.match(asked.headers.get("access-control-allow-methods")!, /POST/);
      const allowed = asked.headers.get("access-control-allow-headers");
      assert.equal(allowed, "authorization,content-type");

      const answer = await broker.fetch(call("/jobs", {
        method: "POST",
        headers: { ...shop, "content-type": "application/json" },
        body: JSON.stringify({ type: "t", queue: "q", payload: 1 }),
      }));
      assert.equal(answer.status, 201);
      assert.equal(answer.headers.get("access-control-allow-origin"), shop.origin);
      assert.equal(answer.headers.get("vary"), "origin");
    }, { allowedOrigins: [shop.origin] }));

  it("may, and no other", () =>
    withBroker(async ({ broker }) => {
      const other = { origin: "https://evil.example" };
      const noOrigin = { "sec-fetch-site": "cross-site" };
      for (const headers of [other, noOrigin, { origin: "https://shop.example.evil.example" }]) {
        const answer = await broker.fetch(call("/jobs", { headers: headers as HeadersInit }));
        assert.equal(answer.status, 403);
        assert.equal(answer.headers.get("access-control-allow-origin"), null);
      }
      // What is no web page is answered as ever.
      assert.equal((await broker.fetch(call("/jobs"))).status, 200);
    }, { allowedOrigins: [shop.origin] }));

  it("is any, if the operator wants that", () =>
    withBroker(async ({ broker }) => {
      const answer = await broker.fetch(
        call("/queues", { headers: { origin: "https://a.example" } }),
      );
      assert.equal(answer.headers.get("access-control-allow-origin"), "https://a.example");
    }, { allowedOrigins: ["*"] }));

  it("has to be written as browsers send it", () => {
    for (const origin of ["shop.example", "https://shop.example/", "https://shop.example/path"]) {
      assert.throws(
        () => createBroker({ store: openSqlite(":memory:"), allowedOrigins: [origin] }),
        { name: "TypeError", message: /allowedOrigins/ },
      );
    }
  });
});
