/**
 * A broker in a server of node:http that somebody else has made.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { toNodeListener } from "../../adapters/node/to-node-listener.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

const { openSqlite } = await loadRuntime();
const limit = { timeout: 20_000 };

async function withServer(
  listener: RequestListener,
  test: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("toNodeListener", () => {
  it("answers for a broker", limit, async () => {
    const broker = createBroker({ store: openSqlite(":memory:") });
    await withServer(toNodeListener(broker), async (url) => {
      const client = createClient({ url });
      const { id } = await client.enqueue({ type: "a", queue: "b", payload: "x" });
      assert.equal((await client.get(id)).payload, "x");
    });
    await broker.stop();
  });

  it("says that a body was read before, instead of waiting for it", limit, async () => {
    const { logger, errors } = createRecordingLogger();
    const answer = toNodeListener(() => new Response("never"), { logger });
    await withServer((request, response) => {
      request.on("end", () => setImmediate(() => answer(request, response))).resume();
    }, async (url) => {
      const response = await fetch(`${url}/jobs`, { method: "POST", body: "{}" });
      assert.equal(response.status, 500);
      assert.deepEqual(await response.json(), {
        error: "the body was read before the broker got the request",
      });
      assert.equal(await (await fetch(url)).text(), "never"); // Without a body, nothing was lost.
    });
    assert.match(errors.join(), /POST \/jobs: its body was read before/);
  });

  it("answers 500 when the handler throws", limit, async () => {
    const answer = toNodeListener(() => Promise.reject(new Error("secret")), { logger: false });
    await withServer(answer, async (url) => {
      const response = await fetch(url);
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "");
    });
  });

  it("takes only a broker, or a function", () => {
    // @ts-expect-error No handler.
    assert.throws(() => toNodeListener("x"), /^TypeError: Cannot serve "x": expected a broker/);
    const options = { logger: false, loger: 1 } as const;
    assert.throws(() => toNodeListener(() => new Response(), options), /did you mean 'logger'/);
  });
});
