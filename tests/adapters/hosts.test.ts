/** Under which names a server may be called. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHosts } from "../../adapters/hosts.ts";
import { loadRuntime } from "../../adapters/cli/runtime.ts";

describe("the names of a server", () => {
  it("that only this machine can reach are its own, addresses, and those that are allowed", () => {
    const hosts = createHosts("127.0.0.1", ["Jobs.Example"]);
    for (
      const url of [
        "http://127.0.0.1:7890/jobs",
        "http://localhost/",
        "http://LOCALHOST:1/",
        "http://broker:7890/",
        "http://a.localhost/",
        "http://[::1]:7890/",
        "http://192.168.1.4/",
        "http://jobs.example:7890/jobs",
        "/jobs",
      ]
    ) {
      assert.equal(hosts.allows(url), true, url);
      assert.equal(hosts.allows(url), true, `${url}, again`);
    }
    for (
      const url of [
        "http://evil.example/",
        "http://127.0.0.1.evil.example:7890/",
        "http://localhost.example",
      ]
    ) {
      assert.equal(hosts.allows(url), false, url);
    }
  });

  it("that others can reach are any, unless some are allowed", () => {
    assert.equal(createHosts("0.0.0.0", []).allows("http://jobs.example/"), true);
    assert.equal(createHosts("0.0.0.0", ["a.example"]).allows("http://jobs.example/"), false);
    assert.equal(createHosts("127.0.0.1", ["*"]).allows("http://jobs.example/"), true);
  });

  it("are looked at before a call is answered", async () => {
    const { serve } = await loadRuntime();
    const server = await serve(() => new Response("secret"), { port: 0 });
    try {
      const { request } = await import("node:http");
      const status = await new Promise((resolve, reject) => {
        const headers = { host: "evil.example" };
        request(`${server.url}/jobs`, { headers, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        }).on("error", reject).end();
      });
      assert.equal(status, 403);
    } finally {
      await server.stop();
    }
  });
});
