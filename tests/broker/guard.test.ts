/** What a web page may ask of a broker: nothing, unless the operator wants it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withBroker } from "../support/broker.ts";

const call = (path: string, init: RequestInit = {}) => new Request(`http://broker${path}`, init);
const job = JSON.stringify({ type: "t", queue: "q", payload: 1 });

describe("a web page", () => {
  const marks: readonly Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "same-origin" },
  ];

  it("is refused, and nothing is done", () =>
    withBroker(async ({ broker, client }) => {
      await client.enqueue({ type: "t", queue: "q", payload: 1 });
      for (const headers of marks) {
        for (
          const request of [
            call("/jobs", { method: "POST", headers, body: job }),
            call("/reset", { method: "POST", headers }),
            call("/jobs", { method: "DELETE", headers }),
            call("/jobs/take", { headers }),
            call("/jobs", { headers }),
          ]
        ) {
          const answer = await broker.fetch(request);
          assert.equal(answer.status, 403, JSON.stringify(headers));
          assert.match((await answer.json()).error, /web pages/);
        }
      }
      assert.equal(await client.count({ status: "ready" }), 1);
    }));

  it("is answered where it is wanted, and an address that somebody types always is", () =>
    withBroker(async ({ broker }) => {
      for (const headers of marks) {
        const answer = await broker.fetch(call("/jobs", { headers }));
        assert.equal(answer.status, 200);
      }
    }, { allowBrowsers: true }).then(() =>
      withBroker(async ({ broker }) => {
        const answer = await broker.fetch(call("/jobs", { headers: { "sec-fetch-site": "none" } }));
        assert.equal(answer.status, 200);
      })
    ));

  it("cannot pass off a body that needs no question as JSON", () =>
    withBroker(async ({ broker, client }) => {
      for (const type of ["text/plain", "text/plain;application/json", "text/application/json"]) {
        const headers = { "content-type": type };
        const answer = await broker.fetch(call("/jobs", { method: "POST", headers, body: job }));
        assert.equal(answer.status, 415, type);
      }
      for (const type of ["application/json; charset=utf-8", "Application/JSON"]) {
        const headers = { "content-type": type };
        const answer = await broker.fetch(call("/jobs", { method: "POST", headers, body: job }));
        assert.equal(answer.status, 201, type);
      }
      assert.equal(await client.count(), 2);
    }));
});
