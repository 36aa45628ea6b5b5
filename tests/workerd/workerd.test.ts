/** The client in workerd, the runtime of Cloudflare Workers, over each way that leads from a Worker to a broker. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openSqlite, serve } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import type { Seen } from "./app.ts";
import { type Miniflare, openAppBesideBrokers } from "./open-workerd.ts";

describe("./client in workerd", () => {
  let broker: ReturnType<typeof createBroker>;
  let server: Awaited<ReturnType<typeof serve>>;
  let workers: Miniflare;

  before(async () => {
    broker = createBroker({ store: openSqlite(":memory:") });
    server = await serve(broker.fetch, { port: 0 });
    workers = await openAppBesideBrokers({
      bindings: { BROKER_URL: server.url },
      serviceBindings: { BROKER: "broker-app" },
      durableObjects: { JOBS: { className: "Jobs", scriptName: "broker-app", useSQLite: true } },
    });
  });

  after(async () => {
    await workers.dispose();
    await broker.close();
    await server.stop();
  });

  for (const transport of ["fetch", "service", "object"]) {
    for (const format of ["json", "msgpack"]) {
      it(`enqueues, looks, takes and acknowledges by ${transport} in ${format}`, async () => {
        const response = await workers.dispatchFetch(`http://app.example/${transport}/${format}`);
        assert.equal(response.status, 200, await response.clone().text());
        const { enqueued, listed, found, taken, left } = await response.json() as Seen;
        assert.deepEqual(listed, enqueued);
        assert.deepEqual(found, [{ name: "b" }]);
        const payloads = ["Wörld", "a", "b", "lean"].map((name) => ({ name }));
        assert.deepEqual(
          taken,
          enqueued.map((id, at) => ({ id, payload: payloads[at] })),
        );
        assert.equal(left, 0);
      });
    }
  }
});
