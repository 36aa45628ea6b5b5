/** The client in workerd, the runtime of Cloudflare Workers, against a broker on a port. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openSqlite, serve } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import type { Seen } from "./app.ts";
import { type Miniflare, openWorkerd } from "./open-workerd.ts";

describe("./client in workerd", () => {
  let broker: ReturnType<typeof createBroker>;
  let server: Awaited<ReturnType<typeof serve>>;
  let workerd: Miniflare;

  before(async () => {
    broker = createBroker({ store: openSqlite(":memory:") });
    server = await serve(broker.fetch, { port: 0 });
    workerd = await openWorkerd("app", { bindings: { BROKER_URL: server.url } });
  });

  after(async () => {
    await workerd.dispose();
    await broker.close();
    await server.stop();
  });

  for (const format of ["json", "msgpack"]) {
    it(`enqueues, lists, takes and acknowledges in ${format}`, async () => {
      const response = await workerd.dispatchFetch(`http://app.example/${format}`);
      assert.equal(response.status, 200, await response.clone().text());
      const { enqueued, listed, taken, left } = await response.json() as Seen;
      assert.deepEqual(listed, [enqueued]);
      assert.deepEqual(taken, { id: enqueued, payload: { name: "Wörld" }, status: "in_flight" });
      assert.equal(left, 0);
    });
  }
});
