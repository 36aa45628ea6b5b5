/**
 * A broker below a path of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import {
  type BrokerOptions,
  createBroker,
  createTokens,
  digestOfToken,
} from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";

const { openSqlite } = await loadRuntime();

function open(options: Partial<BrokerOptions>) {
  const broker = createBroker({ store: openSqlite(":memory:"), ...options });
  const ask = async (path: string, init?: RequestInit) => {
    const response = await broker.fetch(new Request(`http://localhost${path}`, init));
    return `${response.status} ${await response.text()}`;
  };
  return { broker, ask };
}

describe("a broker with a base path", () => {
  it("answers below it, and without it where a router has cut it off", async () => {
    const { broker, ask } = open({ basePath: "/a/b" });
    assert.match(await ask("/a/b/jobs/count?queue=x"), /^200 \{"count":0\}/);
    assert.match(await ask("/jobs/count?queue=x"), /^200 \{"count":0\}/);
    assert.match(await ask("/a/jobs/count"), /^404/);
    assert.match(await ask("/a/b/a/b/jobs/count"), /^404/);
    assert.match(await ask("/a/bjobs/count"), /^404/);
    assert.match(await ask("/a/b/jobs/count", { method: "POST" }), /^405/);
    await broker.stop();
  });

  it("may be called as a path of the protocol is", async () => {
    const { broker, ask } = open({ basePath: "/jobs" });
    assert.match(await ask("/jobs/jobs/count"), /^200/);
    assert.match(await ask("/jobs/count"), /^200/);
    assert.match(await ask("/jobs/health"), /^200/);
    await broker.stop();
  });

  it("is in the URL of clients, and not in that of one in the same process", async () => {
    const { broker } = open({ basePath: "/millrace" });
    const remote = createClient({
      url: "http://localhost/millrace",
      fetch: (request) => broker.fetch(request),
    });
    const { id } = await remote.enqueue({ type: "a", queue: "b", payload: 1 });
    await remote.enqueue({ type: "a", queue: "b", payload: 2 });
    const local = createClient({ fetch: broker.fetch });
    assert.equal((await local.get(id)).payload, 1);
    const seen: unknown[] = [];
    for await (const job of remote.list({ limit: 1 })) seen.push(job.payload); // Two pages.
    assert.deepEqual(seen, [1, 2]);
    await broker.stop();
  });

  it("is no way past the gate", async () => {
    const sha256 = await digestOfToken("secret");
    const tokens = createTokens([{ name: "edge", sha256, scopes: ["enqueue"] }]);
    const { broker, ask } = open({ basePath: "/millrace", auth: tokens.authenticate });
    const headers = { authorization: "Bearer secret" };
    for (const path of ["/millrace/jobs", "/jobs"]) {
      assert.match(await ask(path), /^401/);
      assert.match(await ask(path, { headers }), /^403/);
    }
    await broker.stop();
  });

  it("has to be a path", () => {
    for (const basePath of ["millrace", "/", "/a/", "/a?b", "/a//b"]) {
      assert.throws(() => open({ basePath }), {
        name: "TypeError",
        message:
          `Option 'basePath' is "${basePath}", expected a path such as '/millrace', without a '/' behind it`,
      });
    }
  });
});
