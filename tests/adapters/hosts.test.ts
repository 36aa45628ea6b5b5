/** Under which names a server may be called. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { createHosts, isLocalHost } from "../../adapters/hosts.ts";
import { createBroker } from "../../src/broker/mod.ts";
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

  it("that browsers know and a runtime does not are no names of this machine", async () => {
    const { serve } = await loadRuntime();
    const server = await serve(({ url }) => new Response(new URL(url).pathname), { port: 0 });
    const ask = async (call: string) => {
      const socket = connect(server.port, "127.0.0.1");
      socket.end(call);
      return await text(socket);
    };
    try {
      for (
        const letter of [
          '"',
          "`",
          "{",
          "}",
          "!",
          "$",
          "&",
          "'",
          "(",
          "*",
          "+",
          ",",
          ";",
          "=",
          "_",
          "~",
        ]
      ) {
        const host = `a${letter}b.evil.example`;
        assert.ok(URL.canParse(`http://${host}`));
        const call = `GET /jobs HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
        assert.match(await ask(call), /^HTTP\/1.1 40[03] /, host);
      }
      assert.match(await ask("GET /jobs HTTP/1.0\r\n\r\n"), /^HTTP\/1.[01] 200 [^]*\/jobs/);
    } finally {
      await server.stop();
    }
  });
});

describe("a place to listen", () => {
  it("that only this machine reaches is one of its own addresses", () => {
    for (
      const host of [
        "localhost",
        "LOCALHOST",
        "a.localhost",
        "127.0.0.1",
        "127.0.1.1",
        "127.1",
        "::1",
        "0:0:0:0:0:0:0:1",
        "::ffff:127.0.0.1",
      ]
    ) {
      assert.equal(isLocalHost(host), true, host);
    }
    for (
      const host of [
        "0.0.0.0",
        "0",
        "0x0",
        "::",
        "::0",
        "::ffff:0:0",
        "2001:db8::1",
        "fe80::1%eth0",
        "fe80::1",
        "10.0.0.1",
        "broker",
        "127.evil.example",
        "127.0.0.1.evil.example",
        "localhost.example",
      ]
    ) {
      assert.equal(isLocalHost(host), false, host);
    }
  });

  it("that others reach is refused to a broker that asks nobody who calls", async () => {
    const { serve, openSqlite } = await loadRuntime();
    const broker = createBroker({ store: openSqlite(":memory:") });
    for (const host of ["::", "0", "0.0.0.0"]) {
      await assert.rejects(
        serve(broker, { host, port: 0 }).then((server) => server.stop()),
        /anyone may do everything/,
        host,
      );
    }
    await broker.stop();
  });
});
