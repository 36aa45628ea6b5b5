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

  // Over plain HTTP, browsers mark a GET only where it goes to this machine.
  it("without a mark cannot take, nor read by a name that may be its own", () =>
    withBroker(async ({ broker, client }) => {
      await client.enqueue({ type: "t", queue: "q", payload: 1 });
      const browsers = [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
      ];
      const others = [
        "curl/8.5.0",
        "Ruby",
        "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-US) PowerShell/7.4.1",
      ];
      const ask = async (url: string, agent: string) => {
        const gone = new AbortController();
        const headers = { "user-agent": agent };
        const answer = await broker.fetch(new Request(url, { headers, signal: gone.signal }));
        gone.abort();
        return answer.status;
      };
      for (const agent of browsers) {
        for (const host of ["evil.example", "evil.example:7890", "127.0.0.1.evil.example"]) {
          assert.equal(await ask(`http://${host}/jobs`, agent), 403, host);
        }
        for (const host of ["broker", "192.168.1.5:7890", "[::1]:7890", "a.localhost"]) {
          assert.equal(await ask(`http://${host}/jobs`, agent), 200, host);
          assert.equal(await ask(`http://${host}/jobs/take?queue=q`, agent), 403, host);
        }
      }
      assert.equal(await client.count({ status: "ready" }), 1);
      for (const agent of others) {
        assert.equal(await ask("http://jobs.example/jobs", agent), 200, agent);
        assert.equal(await ask("http://jobs.example/jobs/take?queue=q", agent), 200, agent);
      }
    }));
});
