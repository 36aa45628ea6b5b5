/**
 * A broker mounted in the apps of other frameworks, below a path of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { createDashboard } from "../../src/dashboard/mod.ts";
import { msgpack } from "../../src/client/msgpack.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { openExpress } from "./express.ts";
import { openFastify } from "./fastify.ts";
import { isMissing, type OpenApp } from "./framework.ts";
import { openH3 } from "./h3.ts";
import { openHono } from "./hono.ts";
import { openNext } from "./next.ts";

const apps: Readonly<Record<string, OpenApp>> = {
  hono: openHono,
  h3: openH3,
  express: openExpress,
  fastify: openFastify,
  next: openNext,
};

const { openSqlite } = await loadRuntime();

for (const [name, open] of Object.entries(apps)) {
  const skip = name === "next" ? false : isMissing(name);

  describe(`a broker in an app of ${name}`, { skip }, () => {
    const withApp = async (test: (url: string, broker: Broker) => Promise<void>) => {
      const broker = createBroker({ store: openSqlite(":memory:"), basePath: "/millrace" });
      const app = await open(broker);
      try {
        await test(app.url, broker);
      } finally {
        await broker.stop();
        await app.close();
      }
    };
    const limit = { timeout: 20_000 };

    it(
      "leaves the app its pages, and answers below its path alone",
      limit,
      () =>
        withApp(async (url) => {
          assert.equal(await (await fetch(url)).text(), "a page of the app");
          const health = await fetch(`${url}/millrace/health`);
          assert.deepEqual(await health.json(), { status: "ok" });
          const unknown = await fetch(`${url}/millrace/nothing`);
          assert.equal(unknown.status, 404);
          assert.deepEqual(await unknown.json(), { error: "not found" });
          const elsewhere = await fetch(`${url}/health`);
          assert.equal(elsewhere.status, 404);
          await elsewhere.body?.cancel();
        }),
    );

    for (const format of [undefined, msgpack]) {
      const media = format === undefined ? "JSON" : "MessagePack";
      it(
        `clients and workers do their work there, in ${media}`,
        limit,
        () =>
          withApp(async (url) => {
            const client = createClient({ url: `${url}/millrace`, format });
            const measure = defineJob<string>({ type: "measure", queue: "texts" });
            const large = "a".repeat(1024 * 1024);
            await client.enqueue(measure, large);
            await client.enqueue(measure, "short", { priority: 1 });
            const lengths: number[] = [];
            const worker = createWorker({
              client,
              queues: ["texts"],
              concurrency: 1,
              handlers: [handle(measure, (text) => {
                lengths.push(text.length);
                if (lengths.length === 2) void worker.stop();
              })],
            });
            await worker.run();
            assert.deepEqual(lengths.sort((one, other) => one - other), [5, large.length]);
            assert.equal(await client.count(), 0);
          }),
      );
    }

    it(
      "a worker that goes away gives its job back at once",
      limit,
      () =>
        withApp(async (url, broker) => {
          const client = createClient({ url: `${url}/millrace` });
          const { id } = await client.enqueue({ type: "a", queue: "b", payload: 1 });
          for await (const job of await client.take()) {
            assert.equal(job.id, id);
            break;
          }
          // Asked in process, where nothing waits for a network.
          const local = createClient({ fetch: broker.fetch });
          while ((await local.get(id)).status !== "ready") {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }),
    );

    it(
      "a dashboard shows its page there, looks and changes",
      limit,
      async () => {
        const broker = createBroker({ store: openSqlite(":memory:") });
        const dashboard = createDashboard({
          fetch: broker.fetch,
          access: "anyone",
          basePath: "/millrace",
        });
        const app = await open({ ...broker, fetch: dashboard.fetch });
        try {
          const page = await (await fetch(`${app.url}/millrace/`)).text();
          const paths = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
          assert.equal(paths.length, 3);
          for (const path of paths) {
            const asset = await fetch(app.url + path);
            assert.equal(asset.status, 200, path);
            assert.match(await asset.text(), /^[\s\w<:.!/]/, path);
          }
          const pause = (headers: Record<string, string>) =>
            fetch(`${app.url}/millrace/api/queues/a%2Fb`, {
              method: "PATCH",
              headers: { "content-type": "application/json", ...headers },
              body: '{"paused":true}',
            });
          const { status } = await pause({});
          assert.equal(status, 403);
          const paused = await pause({ "x-millrace-dashboard": "1" });
          assert.equal(paused.status, 200, await paused.text());
          const seen = await fetch(`${app.url}/millrace/api/queues/a%2Fb/settings`);
          assert.equal((await seen.json()).paused, true);
          const leaving = new AbortController();
          const events = await fetch(`${app.url}/millrace/api/events`, { signal: leaving.signal });
          assert.equal(events.headers.get("content-type"), "text/event-stream");
          leaving.abort();
        } finally {
          await broker.stop();
          await app.close();
        }
      },
    );

    it(
      "a take stream begins at once, and ends with the broker",
      limit,
      () =>
        withApp(async (url, broker) => {
          const stream = await createClient({ url: `${url}/millrace` }).take();
          const taken: string[] = [];
          const ended = (async () => {
            for await (const job of stream) taken.push(job.id);
          })();
          await broker.stop();
          await ended;
          assert.deepEqual(taken, []);
        }),
    );
  });
}
