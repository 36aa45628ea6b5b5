/**
 * Requests over real sockets, by the transport that a worker has of its own. The time is real here.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, createLeases } from "../../src/client/mod.ts";
import {
  createHttp,
  createHttpWorker,
  defineHttpCallback,
  type HttpFailure,
  type HttpResult,
} from "../../src/offload/mod.ts";

/** A server that answers with what it was asked. */
async function listen(): Promise<{ server: Server; url: string }> {
  const server = createServer(async (request: IncomingMessage, response) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ method: request.method, url: request.url, body }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}/` };
}

describe("requests over sockets", () => {
  it("are answered, or refused by a port that is closed", async () => {
    const { server, url } = await listen();
    const broker = createBroker({ store: openSqlite(":memory:"), logger: false });
    const client = createClient({ fetch: broker.fetch });
    const told = Promise.withResolvers<HttpResult>();
    const failed = Promise.withResolvers<HttpFailure>();
    const noted = defineHttpCallback("noted", {
      onComplete: (result) => told.resolve(result),
      onError: (failure) => failed.resolve(failure),
    });
    const worker = createHttpWorker({
      client,
      leases: createLeases({ fetch: broker.fetch }),
      callbacks: [noted],
      guardAddresses: false,
      logger: false,
    });
    try {
      await worker.start();
      const http = createHttp(client, { callback: noted, baseUrl: url });
      await http.put("echo?a=1", { json: "ä" });
      const result = await told.promise;
      assert.deepEqual(result.json(), { method: "PUT", url: "/echo?a=1", body: '"ä"' });
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await http.get("again", { timeoutMs: 10_000 });
      const { kind, url: asked } = await failed.promise;
      assert.deepEqual([kind, asked], ["connection", `${url}again`]);
    } finally {
      await worker.stop({ timeoutMs: 1000 });
      await broker.stop();
      server.closeAllConnections();
    }
  });
});
